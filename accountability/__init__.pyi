__version__: str

from . import audit as audit
from . import casefiles as casefiles
from . import delay as delay
from . import multiverse as multiverse
from . import officers as officers
from . import outcomes as outcomes
from . import publish as publish
from .records.in_memory import from_frame as from_frame
from .records.load import fetch as fetch
from .records.load import load as load
from .records.onboard.propose import new_source as new_source
from .records.onboard.taken_in import take_in as take_in
from .study.clocks import durations as durations
from .study.cohort import Cohort as Cohort
from .tables.description import describe as describe
