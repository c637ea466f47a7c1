"""Shared templates, components, htmx helpers and slots."""
