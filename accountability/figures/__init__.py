"""Figures: the theme, labels and parts that results draw with."""
