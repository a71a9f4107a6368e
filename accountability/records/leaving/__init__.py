"""What may leave: the rules for texts that point to people, and the coded tables handed over to other programs."""
