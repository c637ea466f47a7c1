"""Scores: CVSS."""
