"""Cases and product statuses: what is decided about a vulnerability (FIRST SA3)."""
