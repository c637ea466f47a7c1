"""What many areas keep alike: the base record, blobs, tasks, approvals, clocks, search."""
