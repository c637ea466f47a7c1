"""What we say in public: advisories, their immutable revisions, the public site (FIRST SA5)."""
