"""Computations of the lessons: synthetic agencies, the wrong figure, the right one, and the true value.

Nothing here is about a real person, agency or complaint.
"""
