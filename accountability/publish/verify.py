"""Run a report again with its parameters and data, and compare every number."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from accountability.errors import AccountabilityError, Refusal
from accountability.publish.compare_reports import TOLERANCE, Comparison, compare
from accountability.publish.execute import interruptible
from accountability.publish.finished import altered, home, record
from accountability.publish.request import Request, request
from accountability.publish.runner import WORKERS, Progress, make, write_index
from accountability.records.dataset import Dataset
from accountability.results import plural

_NAMED: Final = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Verified(Comparison):
    """A report (``first``) compared with the same request run now (``second``).

    Attributes
    ----------
    folder : Path
        The report.
    altered : tuple of str
        Files of the report that were altered.
    """

    folder: Path
    altered: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether every value is equal and no file of the report was altered."""
        return self.table.empty and not self.altered

    def sentence(self) -> str:
        """State whether the report was reproduced, and where not."""
        said = super().sentence()
        if not self.altered:
            return said
        more = f" and {len(self.altered) - _NAMED:,} more" if len(self.altered) > _NAMED else ""
        return (
            f"{said} {plural(len(self.altered), 'file')} of the report altered since it was made: "
            f"{', '.join(self.altered[:_NAMED])}{more}."
        )


def verify(
    reports: Sequence[str | Path],
    out: Path | None = None,
    *,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> list[Verified | Refusal]:
    """Run reports again and compare every value.

    Parameters
    ----------
    reports : sequence of path
        Folders of reports, or files in them.
    out : Path, optional
        Folder for the new reports and their index; without it they are deleted after the comparison.
    tolerance : float
        Relative difference up to which numbers count as equal.
    progress : callable, optional
        Called with a study's name, the cells done and the cells there are.

    Returns
    -------
    list of Verified or Refusal
        One per report, in order; a refusal says why it cannot be run again: its data are missing or changed, its study
        or a parameter no longer exists, or its notebook stops.
    """
    # What cannot be run is known before anything runs. Each source is coded anew from its files, so that no report is
    # found again only because both runs read the same kept tables.
    sources: dict[str, Dataset] = {}
    wanted = [_wanted(folder, sources) for folder in reports]
    with tempfile.TemporaryDirectory(prefix="accountability-verify-") as scratch, interruptible(WORKERS) as pool:

        def again(place: int) -> Verified | Refusal:
            folder, asked = reports[place], wanted[place]
            if isinstance(asked, Refusal):
                return asked
            try:
                page, failure = make(asked, out or Path(scratch) / str(place), progress)
                if failure is not None:
                    return Refusal(f"{folder}: cannot be run again: now {failure}")
                found = compare(folder, page, tolerance=tolerance)
            except AccountabilityError as error:
                return Refusal(f"{folder}: cannot be run again: {error}")
            same = {one.name: getattr(found, one.name) for one in fields(found) if one.init}
            same["estimand"] = f"values of {folder}, and of the same request run now"
            return Verified(**same, folder=home(folder), altered=altered(folder))

        verified = list(pool.map(again, range(len(reports))))
    if out is not None:
        for one in {one.source.source: one for one in wanted if isinstance(one, Request)}.values():
            write_index(one.parameters.source, one.source, out)
    return verified


def _wanted(folder: str | Path, sources: dict[str, Dataset]) -> Request | Refusal:
    import accountability

    try:
        made = record(folder)
        asked = request(made["study"], None, made["parameters"])
        name = asked.parameters.source
        if name not in sources:
            sources[name] = accountability.load(name, anew=True)
        data = sources[name]
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
