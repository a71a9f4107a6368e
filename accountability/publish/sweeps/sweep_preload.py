"""What any study may need; only imported by the process that forks the kernels of a report or sweep.

For one notebook alone it would import more than that one uses.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from accountability.errors import AccountabilityError
from accountability.publish.sweeps.kernel_preload import preload
from accountability.records.inherited import releases_like
from accountability.records.places import PACKAGE

MODULES: Final = (
    "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PpmImagePlugin", "networkx",
    "accountability.publish.pictures", "accountability.publish.provenance", "numpy.testing",
    "pandas.core.reshape.reshape", "pandas.io.formats.csvs", "pandas.io.formats.html", "pandas.io.formats.string",
    "patsy", "pyarrow.csv", "scipy.cluster", "scipy.optimize", "scipy.special", "scipy.stats",
    "seaborn", "statsmodels.duration.survfunc", "statsmodels.genmod.generalized_linear_model",
    "statsmodels.stats.contingency_tables",
)  # fmt: skip

#: What no notebook of a study uses; where one does, it is imported there.
_NO_STUDY: Final = tuple(
    f"accountability.{name}"
    for name in (
        "cli", "classroom", "multiverse", "planning", "publish", "records.leaving", "records.onboard", "synthetic",
        "tables",
    )
)  # fmt: skip

#: By their files: to walk a package is to import it.
_OWN: Final = [
    ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
]
preload([*MODULES, *(name for name in _OWN if not name.endswith("__main__") and not name.startswith(_NO_STUDY))])
# Which sources are releases of another stands in all declarations; a file that is the same is not read again. One that
# cannot be read is told by the study that needs it.
with suppress(AccountabilityError, OSError):
    releases_like("synthetic")
