"""A ledger of claims: the values quoted in a manuscript, compared with the current reports."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import AccountabilityError, ParameterError, Refusal
from accountability.parameters import nearest
from accountability.publish.finished import RECORD, altered, home, record
from accountability.publish.manuscripts import Mark, marks
from accountability.publish.manuscripts import fill as write
from accountability.publish.quoting import is_right, rewritten
from accountability.publish.sidecar import declaration
from accountability.publish.values import locate, values
from accountability.records.cache import sha256
from accountability.results import Result, plural

if TYPE_CHECKING:
    import pandas as pd

#: What may be said of a claim, from good to bad.
STATUSES: Final = {
    "right": "the report holds the quoted value",
    "stale": "it does, and the report is older than its data or codebook, its notebook or the package, or was altered",
    "unfilled": "nothing is quoted yet",
    "changed": "the report holds another value",
    "missing": "no report holds it",
}
NAMES: Final = "claims.yaml"
COLUMNS: Final = ("place", "claim", "quoted", "now", "status", "report", "because")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Ledger(Result):
    """The claims of a manuscript.

    ``table`` has one row per claim, in the order of the text: ``place``, ``claim``, ``quoted``, ``now`` (the current
    value in the quoted form), ``status`` (one of :data:`STATUSES`), ``report`` (its folder) and ``because``.
    """

    @property
    def right(self) -> bool:
        """Whether every claim is right."""
        return bool((self.table["status"] == "right").all())

    def sentence(self) -> str:
        """State the number of claims by status."""
        counts = self.table["status"].value_counts().to_dict()
        said = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if status in counts)
        return f"{plural(len(self.table), 'claim')}: {said}."


@dataclass(frozen=True, slots=True)
class Shelf:
    """The reports that claims can name.

    Attributes
    ----------
    folder : Path
        Folder of reports, or of such folders.
    names : mapping of str to str
        Name to value, each ``REPORT:ADDRESS``.
    """

    folder: Path
    names: Mapping[str, str]
    _read: dict[Path, pd.DataFrame] = field(default_factory=dict, repr=False)
    _old: dict[Path, str] = field(default_factory=dict, repr=False)

    def report(self, named: str) -> Path:
        """Return a report by its path under the shelf, or by its name if unique."""
        direct = self.folder / named
        if (direct / RECORD).is_file():
            return direct
        found = [path for path in self._reports() if path.name == named]
        if len(found) == 1:
            return found[0]
        if found:
            paths = ", ".join(path.relative_to(self.folder).as_posix() for path in found)
            raise ParameterError(f"{len(found)} reports are called {named!r}: say which, {paths}")
        raise ParameterError(f"no report {named!r}. {nearest(named, [path.name for path in self._reports()])}")

    def _reports(self) -> list[Path]:
        found = [path.parent for depth in ("*", "*/*") for path in self.folder.glob(f"{depth}/{RECORD}")]
        return sorted(one for one in found if "/." not in f"/{one.relative_to(self.folder).as_posix()}")

    def find(self, reference: str) -> tuple[Path, dict[str, Any]]:
        """Return the report and the value that a claim names; refused with the nearest name, report or address."""
        if ":" not in reference:
            if reference not in self.names:
                raise ParameterError(f"no value is named {reference!r}. {nearest(reference, self.names)}")
            reference = self.names[reference]
        named, _, address = reference.partition(":")
        folder = self.report(named.strip())
        if folder not in self._read:
            self._read[folder] = values(folder)
        return folder, locate(self._read[folder], address.strip())

    def why_old(self, folder: Path) -> str:
        """Say why a report is out of date, or nothing."""
        if folder not in self._old:
            self._old[folder] = _why_old(folder)
        return self._old[folder]


def shelf(reports: str | Path, names: str | Path | None = None) -> Shelf:
    """Open a folder of reports, or of such folders; a YAML file can name values, each ``REPORT:ADDRESS``."""
    import yaml

    if names is None:
        return Shelf(Path(reports), {})
    try:
        read = yaml.safe_load(Path(names).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ParameterError(f"{names}: cannot be read as names of values ({error})") from error
    wrong = [name for name, said in read.items() if ":" not in str(said)] if isinstance(read, dict) else ["the file"]
    if wrong:
        raise ParameterError(f"{names}: {wrong[0]}: expected NAME: REPORT:ADDRESS on each line")
    return Shelf(Path(reports), {str(name): str(said) for name, said in read.items()})


def _why_old(folder: Path) -> str:
    from accountability import __version__
    from accountability.records.contract import data_hash, read_source
    from accountability.records.places import notebooks_dir, source_folder
    from accountability.studies.registry import STUDIES

    made = record(folder)
    reasons = [f"{name} was altered" for name in altered(folder)[:1]]
    known = STUDIES.get(str(made.get("study")))
    notebook = ((known and known.home) or notebooks_dir()) / str(made.get("notebook"))
    if not notebook.is_file() or sha256(notebook) != made.get("notebook_sha256"):
        reasons.append("its notebook has changed")
    if made.get("environment", {}).get("packages", {}).get("accountability") != __version__:
        reasons.append("it was made by another version of the package")
    try:
        source = source_folder(made["parameters"]["source"])
        declared = read_source(source)
    except AccountabilityError:
        reasons.append("its data are not here")
    else:
        if data_hash(declared.files) != made.get("data", {}).get("sha256"):
            reasons.append("its data have changed")
        elif made["data"].get("declaration", {}) != declaration(source):
            reasons.append("what its source declares has changed")
    return "; ".join(reasons)


def check(manuscript: str | Path, reports: Shelf) -> Ledger:
    """Compare every value quoted in a manuscript with the reports.

    Parameters
    ----------
    manuscript : path
        ``.md``, ``.tex`` or ``.docx``; see :mod:`accountability.publish.manuscripts` for how values are marked.
    reports : Shelf
        From :func:`shelf`.

    Returns
    -------
    Ledger
        The claims, each right, stale, unfilled, changed or missing.

    Raises
    ------
    ParameterError
        If the manuscript cannot be read.
    Refusal
        If it marks no value.

    Notes
    -----
    A quoted number is right if it is the report's value rounded to the quoted digits; see
    :mod:`accountability.publish.quoting`.
    """
    import pandas as pd

    found = marks(Path(manuscript))
    if not found:
        raise Refusal(
            f"{manuscript}: expected marked values, found none. Mark one as {{{{REPORT:TABLE/ROW/COLUMN|178}}}}; "
            "`accountability claims list REPORT` shows the addresses."
        )
    rows = [(mark.place, mark.reference, mark.quoted or "", *_looked_up(mark, reports)) for mark in found]
    return Ledger(
        estimand=f"values quoted in {manuscript}",
        assumptions=("every quoted value is marked",),
        method="as many digits as quoted",
        table=pd.DataFrame(rows, columns=list(COLUMNS)).astype("str"),
    )


def _looked_up(mark: Mark, reports: Shelf) -> tuple[str, str, str, str]:
    try:
        folder, found = reports.find(mark.reference)
    except ParameterError as error:
        return "", "missing", "", str(error)
    now = rewritten(mark.quoted, found["number"], found["text"])
    if mark.quoted is None:
        return now, "unfilled", str(folder), STATUSES["unfilled"]
    if not is_right(mark.quoted, found["number"], found["text"]):
        return now, "changed", str(folder), f"the report holds {found['text'] or 'nothing'}"
    old = reports.why_old(folder)
    return now, "stale" if old else "right", str(folder), old


def fill(manuscript: str | Path, target: str | Path, reports: Shelf) -> int:
    """Write a manuscript with the current values of the reports.

    Parameters
    ----------
    manuscript : path
        ``.md``, ``.tex`` or ``.docx``; it is not changed.
    target : path
        The file to write. Placeholders become plain values; comments and macros keep their marks.
    reports : Shelf
        From :func:`shelf`.

    Returns
    -------
    int
        Number of values written.

    Raises
    ------
    ParameterError
        If a claim names an unknown value (nothing is then written), or the manuscript cannot be read.
    Refusal
        If it marks no value.
    """
    table = check(manuscript, reports).table
    missing = table[table["status"] == "missing"]
    if len(missing):
        first = missing.iloc[0]
        raise ParameterError(
            f"{manuscript}: {len(missing)} of {len(table)} claims cannot be filled, for example {first['claim']} "
            f"({first['place']}): {first['because']}"
        )

    def value(mark: Mark) -> str:
        _, found = reports.find(mark.reference)
        return rewritten(mark.quoted, found["number"], found["text"])

    return write(Path(manuscript), Path(target), value)


def addresses(report: str | Path, containing: str = "") -> pd.DataFrame:
    """List the values of a report that can be quoted: ``claim`` (``REPORT:ADDRESS``) and ``value``.

    Only addresses that contain `holding`, ignoring case; values of figures are listed if it begins with ``figure:``.
    Refused if there is none.
    """
    import pandas as pd

    frame = values(report)
    if not containing.startswith("figure:"):
        frame = frame[frame["kind"] == "table"]
    kept = frame["address"].str.contains(containing, case=False, regex=False)
    if not kept.any():
        near = difflib.get_close_matches(containing, list(frame["address"]), n=1, cutoff=0.3)
        raise Refusal(f"{report}: no address holds {containing!r}. The nearest is {near[0] if near else 'far'}.")
    shown = frame[kept]
    name = home(Path(report).resolve()).name
    return pd.DataFrame({"claim": f"{name}:" + shown["address"], "value": shown["text"]}).reset_index(drop=True)
