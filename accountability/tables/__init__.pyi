from .described import Described as Described
from .description import describe as describe
from .holders import Holders as Holders
