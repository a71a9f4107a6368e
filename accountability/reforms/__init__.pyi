from .panel import Panel as Panel
from .panel import panel_from_frame as panel_from_frame
from .reform import Reform as Reform
from .reform import read_reform as read_reform
