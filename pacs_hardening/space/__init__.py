"""All the ways in which a peer can ask: what varies, what of it is tried, and the smallest cause of what was served."""
