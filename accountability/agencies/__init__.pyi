from .agencies_compared import SideBySide as SideBySide
from .agencies_compared import side_by_side as side_by_side
from .agency_counts import AgencyCounts as AgencyCounts
from .agency_counts import PooledShares as PooledShares
from .agency_counts import load_counts as load_counts
from .agency_counts import pooled_shares as pooled_shares
from .comparability_contract import Comparability as Comparability
from .comparability_contract import comparability as comparability
