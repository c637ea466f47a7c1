"""Bytes of public standards to core values, and back."""
