"""Figures: the theme, labels and the parts that every result draws itself from."""
