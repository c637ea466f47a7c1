"""Pages about oneself, units, people and companies."""
