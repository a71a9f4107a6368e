"""Reports: a study run as a notebook, its page, its tables, and where every number came from.

Inside a notebook: :func:`keep` hands a table to the report, :func:`figure` shows a figure with a text for those who
cannot see it, :mod:`accountability.report.provenance` states which data were used. Outside: :func:`run` and
:func:`report`. What executes notebooks is imported only when one is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from accountability.report import provenance
from accountability.report.kept import figure, keep

__all__ = ["figure", "keep", "provenance", "report", "run"]


def run(
    study: str,
    source: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Run one study and write its report.

    Parameters
    ----------
    study : str
        Name of a study.
    source : str, optional
        A source's name or folder; without it, the model's default.
    parameters : mapping, optional
        Further parameters of the study's model.
    out : path, optional
        Folder to which the report's own folder is added; default ``reports/<source>``.
    progress : callable, optional
        Called with the study's name, the cells done and the cells there are.

    Returns
    -------
    Path
        The report's HTML page. Beside it: the executed notebook, the tables as CSV, ``provenance.json``.

    Raises
    ------
    AccountabilityError
        Refused before anything ran; see :func:`accountability.studies.check`.
    StudyFailed
        The notebook stopped with an error; its page and notebook are kept and show where.
    """
    from accountability.report import runner

    return runner.run(study, source, parameters or {}, None if out is None else Path(out), progress)


def report(
    source: str = "synthetic",
    out: str | Path | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Run every study a source can answer and write an index page over their reports.

    Parameters
    ----------
    source : str
        A source's name or folder.
    out : path, optional
        Folder of the reports; default ``reports/<source>``.
    progress : callable, optional
        Called with a study's name, the cells done and the cells there are.

    Returns
    -------
    Path
        ``index.html``. Studies which the source cannot answer are named on it, with the reason.

    Raises
    ------
    AccountabilityError
        No such source, or no study applies to it.
    StudyFailed
        At least one notebook stopped with an error; the others were run, and the index is written.
    """
    from accountability.report import runner

    return runner.report(source, None if out is None else Path(out), progress)
