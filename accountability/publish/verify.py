"""Run a report again, with its parameters and on its data, and hold every number against the first run's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.errors import AccountabilityError, Refusal
from accountability.publish.compare_reports import TOLERANCE, Comparison, compare
from accountability.publish.execute import interruptible
from accountability.publish.request import Request, request
from accountability.publish.runner import WORKERS, make
from accountability.publish.values import RECORD, home, record
from accountability.records.cache import sha256
from accountability.records.dataset import Dataset
from accountability.results import plural

_NAMED: Final = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Verified(Comparison):
    """A report (``first``) held against the same request run now (``second``).

    Attributes
    ----------
    folder : Path
        The report.
    altered : tuple of str
        Files of the report that are not as they were made.
    """

    folder: Path
    altered: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether every value was found again and no file of the report was altered."""
        return self.table.empty and not self.altered

    def sentence(self) -> str:
        """Say whether the report was found again, and where not."""
        said = super().sentence()
        if not self.altered:
            return said
        more = f" and {len(self.altered) - _NAMED:,} more" if len(self.altered) > _NAMED else ""
        return (
            f"{said} {plural(len(self.altered), 'file')} of the report altered since it was made: "
            f"{', '.join(self.altered[:_NAMED])}{more}."
        )


def reports_in(folder: str | Path) -> list[Path]:
    """Give the report a folder is, or the reports in it.

    Parameters
    ----------
    folder : path
        A report's folder or a file in it, or a folder of reports.

    Returns
    -------
    list of Path
        Folders, in order of name.

    Raises
    ------
    Refusal
        There is none.
    """
    path = home(folder)
    if (path / RECORD).is_file():
        return [path]
    found = sorted(one.parent for one in path.glob(f"*/{RECORD}") if not one.parent.name.startswith("."))
    if not found:
        raise Refusal(f"{folder}: expected a report, or a folder of reports; found no {RECORD}.")
    return found


def verify(
    reports: Sequence[str | Path],
    *,
    tolerance: float = TOLERANCE,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Verified | Refusal]:
    """Run reports again and compare every value.

    Parameters
    ----------
    reports : sequence of path
        Folders of reports, or files in them.
    tolerance : float
        Relative difference up to which two numbers are equal.
    progress : callable, optional
        Called with a study's name, the cells done and the cells there are.

    Returns
    -------
    list of Verified or Refusal
        One a report, in order; a refusal says why it cannot be run again: its data are missing or are not those it was
        made from, its study or a parameter is gone, or its notebook stops.
    """
    # What cannot be run is known before anything runs.
    wanted = [_wanted(folder) for folder in reports]
    with tempfile.TemporaryDirectory(prefix="accountability-verify-") as scratch, interruptible(WORKERS) as pool:

        def again(place: int, folder: str | Path, asked: Request | Refusal) -> Verified | Refusal:
            if isinstance(asked, Refusal):
                return asked
            return _again(folder, asked, Path(scratch) / str(place), tolerance, progress)

        started = [
            pool.submit(again, place, folder, asked)
            for place, (folder, asked) in enumerate(zip(reports, wanted, strict=True))
        ]
        return [one.result() for one in started]


def _again(
    folder: str | Path,
    asked: Request,
    scratch: Path,
    tolerance: float,
    progress: Callable[[str, int, int], None] | None,
) -> Verified | Refusal:
    try:
        page, failure = make(asked, scratch, progress)
        if failure is not None:
            return Refusal(f"{folder}: cannot be run again: its notebook now stops at {failure}")
        found = compare(folder, page, tolerance=tolerance)
    except AccountabilityError as error:
        return Refusal(f"{folder}: cannot be run again: {error}")
    return Verified(
        estimand=f"values of {folder}, and of the same request run now",
        assumptions=found.assumptions,
        method=found.method,
        table=found.table,
        compared=found.compared,
        why=found.why,
        folder=home(folder),
        altered=altered(folder),
    )


def _wanted(folder: str | Path) -> Request | Refusal:
    import accountability

    try:
        made = record(folder)
        asked = request(made["study"], None, made["parameters"])
        data = accountability.load(asked.parameters.source)
    except AccountabilityError as error:
        return Refusal(f"{folder}: cannot be run again: {error}")
    changed = _changed_files(made["data"], data)
    if changed:
        return Refusal(
            f"{folder}: cannot be run again: it was made from data {made['data']['sha256'][:12]}…, and {data.name!r} "
            f"now holds {data.sha256[:12]}…: {changed}. Fetch the release it was made from, or make the report anew: "
            f"{made['command']}"
        )
    return asked


def _changed_files(recorded: dict[str, Any], data: Dataset) -> str:
    if recorded["sha256"] == data.sha256:
        return ""
    before, now = recorded.get("files", {}), data.files
    said = [f"{name} has changed" for name in before if name in now and now[name] != before[name]]
    said += [f"{name} is gone" for name in before if name not in now]
    said += [f"{name} is new" for name in now if name not in before]
    return ", ".join(said) or "no file of it is the same"


def altered(folder: str | Path) -> tuple[str, ...]:
    """Say which files of a report are not as they were made.

    Parameters
    ----------
    folder : path
        The report's folder, or a file in it.

    Returns
    -------
    tuple of str
        Paths inside the report whose hash differs from the recorded one, or which are gone.

    Raises
    ------
    ParameterError
        No finished report.
    """
    inside = home(folder)
    recorded = record(folder).get("files", {})
    return tuple(
        name for name, made in recorded.items() if not (inside / name).is_file() or sha256(inside / name) != made
    )
