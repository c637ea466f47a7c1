"""What we ship: offerings, models, releases, their SBOMs and the components found in them."""
