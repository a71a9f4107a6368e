from .declared import Declared as Declared
from .declared import read as read
from .multiverse_result import Multiverse as Multiverse
from .specifications import QUESTIONS as QUESTIONS
from .specifications import specification_curve as specification_curve
