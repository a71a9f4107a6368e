from .effect import Effect as Effect
from .effect import EventStudy as EventStudy
from .panel import Panel as Panel
from .panel import panel_from_frame as panel_from_frame
from .randomised import rollout_effect as rollout_effect
from .randomised import rollout_months as rollout_months
from .reform import Reform as Reform
from .reform import read_reform as read_reform
