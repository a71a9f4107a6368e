from .described import Described as Described
from .description import describe as describe
from .first_table import table_one as table_one
from .holders import Holders as Holders
from .print_form import Printed as Printed
from .side_by_side import models_side_by_side as models_side_by_side
