"""Hikeshi: the system on which a maker of products runs its PSIRT."""

__version__ = "0.1.0"
