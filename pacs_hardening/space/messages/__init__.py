"""All the ways in which somebody can send an HL7 v2 message."""
