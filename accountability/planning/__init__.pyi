from .case_numbers import Plan as Plan
from .case_numbers import how_many as how_many
