"""Foundations: companies, units, accounts, roles, walls and their keys."""
