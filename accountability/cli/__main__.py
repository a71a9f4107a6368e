"""``python -m accountability.cli``."""

from accountability.cli import main

main()
