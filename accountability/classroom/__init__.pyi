from .editions import build as build
from .grading import Scores as Scores
from .grading import grade as grade
