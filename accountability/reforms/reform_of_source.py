"""Find the reform of a study: a named one, or the one declared beside the source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from accountability.errors import ParameterError
from accountability.records.places import beside
from accountability.reforms.reform import Reform, read_reform

if TYPE_CHECKING:
    from accountability.records.contract import Source

FILE = "reform.yaml"


def reform_of(source: str | Path, named: str | Path | None = None) -> Reform:
    """Read a named reform, or the one declared beside a source.

    Parameters
    ----------
    source : str or path
        Name of a source, or its folder.
    named : path, optional
        Another file.

    Returns
    -------
    Reform

    Raises
    ------
    ParameterError
        If there is no such file.
    SourceError
        If the declaration is invalid.

    Examples
    --------
    >>> from accountability import reforms
    >>> reforms.reform_of("synthetic").name
    'review_board'
    """
    path = Path(named) if named else beside(source, FILE)
    if path is None:
        raise ParameterError(
            f"{source}: expected {FILE} beside its source.yaml, found none. Write one (reform, what, from, affects, "
            "source), and name it: reform=PATH"
        )
    return read_reform(path)


def why_no_reform(source: Source, parameters: Any) -> str | None:
    """Say why a source has no reform to study (none declared, or its date is not covered), or nothing."""
    if parameters.reform is None and beside(parameters.source, FILE) is None:
        return f"it declares no reform: write {FILE} beside its source.yaml, or name one: reform=PATH"
    reform = reform_of(parameters.source, parameters.reform)
    period = source.card.period
    start, end = (getattr(period, name, None) for name in ("start", "end"))
    if start is None or end is None:
        return "its card states no days of receipt covered, so no months before and after a reform are known"
    if not start < reform.start <= end:
        return f"the reform {reform.name} began on {reform.start}, outside the days it covers ({start} to {end})"
    return None
