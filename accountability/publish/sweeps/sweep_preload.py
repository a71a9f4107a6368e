"""What any study may need; only imported by the process that forks the kernels of a report or sweep.

For one notebook alone it would import more than that one uses.
"""

from __future__ import annotations

import pkgutil
from typing import Final

import accountability
from accountability.publish.sweeps.kernel_preload import preload

MODULES: Final = (
    "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PpmImagePlugin", "networkx",
    "numpy.testing", "patsy", "pyarrow.csv", "scipy.cluster", "scipy.optimize", "scipy.special", "scipy.stats",
    "seaborn", "statsmodels.duration.survfunc", "statsmodels.genmod.generalized_linear_model",
    "statsmodels.stats.contingency_tables",
)  # fmt: skip

#: What serves the command line and the classroom, not a study.
_NO_STUDY: Final = ("accountability.cli", "accountability.classroom")

_own = [found.name for found in pkgutil.walk_packages(accountability.__path__, "accountability.")]
preload([*MODULES, *(name for name in _own if not name.endswith("__main__") and not name.startswith(_NO_STUDY))])
