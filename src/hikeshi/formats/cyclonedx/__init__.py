"""CycloneDX: software bills of materials."""
