"""Forms about oneself, units, people and companies: they check shape, services decide."""
