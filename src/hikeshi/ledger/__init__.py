"""What happened and what is still to happen: audit events, outbox, jobs."""
