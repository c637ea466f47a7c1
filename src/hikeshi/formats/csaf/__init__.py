"""CSAF 2.0: security advisories as JSON."""
