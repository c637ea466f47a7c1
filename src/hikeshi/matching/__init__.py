"""SA2.3: what of what we ship do the sources call affected."""
