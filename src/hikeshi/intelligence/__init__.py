"""What sources say about vulnerabilities: documents, claims, ranges, aliases."""
