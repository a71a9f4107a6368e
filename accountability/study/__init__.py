"""Who is studied and on which clock: cohorts, grouping, clocks and durations."""
