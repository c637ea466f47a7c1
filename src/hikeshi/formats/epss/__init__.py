"""FIRST Exploit Prediction Scoring System."""
