"""CISA Known Exploited Vulnerabilities Catalog."""
