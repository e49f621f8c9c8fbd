"""Malformed DICOM as data: a registry of named malformations, each a function that writes a hostile conversation."""
