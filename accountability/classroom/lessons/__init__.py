"""What the teaching notebooks compute: generated agencies, the wrong figure, the right one, and the truth beside both.

Nothing here is about a real person, agency or complaint.
"""
