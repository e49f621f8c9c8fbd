"""Probe: a set of objects goes to the research side; what comes back through each of its endpoints, as bytes."""
