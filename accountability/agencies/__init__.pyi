from .comparability_contract import Comparability as Comparability
from .comparability_contract import comparability as comparability
from .agencies_compared import SideBySide as SideBySide
from .agencies_compared import side_by_side as side_by_side
