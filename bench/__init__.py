"""What is timed, and how. ``make bench`` prints each figure beside a baseline of the same run."""
