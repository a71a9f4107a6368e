"""Define a study: cohorts, grouping, clocks and durations."""
