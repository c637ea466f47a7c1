"""OSV: vulnerability records in the Open Source Vulnerability format."""
