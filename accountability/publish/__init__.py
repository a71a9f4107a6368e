"""Reports: a study run as a notebook, its page, its tables, and where every number came from.

Inside a notebook: :func:`keep` hands a table to the report, :func:`figure` shows a figure with a text for those who
cannot see it, :mod:`accountability.publish.provenance` states which data were used. Outside: :func:`run` and
:func:`report`. What executes notebooks is imported only when one is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from accountability.publish import provenance
from accountability.publish.kept import figure, keep

if TYPE_CHECKING:
    from accountability.publish.study_form import Form
    from accountability.publish.sweeps.sweep_run import Step, Sweep

__all__ = ["figure", "form", "keep", "multiverse", "provenance", "report", "run", "sweep"]


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
        Refused before anything ran; see :func:`accountability.studies.registry.check`.
    StudyFailed
        The notebook stopped with an error; its page and notebook are kept and show where.
    """
    from accountability.publish import runner

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
    from accountability.publish import runner

    return runner.report(source, None if out is None else Path(out), progress)


def sweep(
    study: str,
    grid: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    source: str | None = None,
    jobs: int = 2,
    executor: Literal["local", "dask"] = "local",
    scheduler: str | None = None,
    progress: Callable[[Step], None] | None = None,
) -> Sweep:
    """Run one study with every parameter set of a grid.

    A set whose report is there, made of the same notebook, library, data and parameters, is not run again; so a sweep
    that was stopped, by whatever means, is taken up where it was by asking for it again.

    Parameters
    ----------
    study : str
        Name of a study.
    grid : path or mapping
        A YAML file, or what one would hold: ``product``, ``sets``, ``always``; see
        :func:`accountability.publish.sweeps.grid.read_grid`.
    out : path, optional
        Folder to which the reports' own folders are added; default ``reports/<source>``. A grid over several sources
        has a folder for each in it.
    source : str, optional
        A source's name or folder for every set.
    jobs : int
        Reports made at a time on this machine.
    executor : {"local", "dask"}
        Where reports are made. On a Dask cluster (optional extra ``dask``) the workers need this package, in the same
        version, and the data.
    scheduler : str, optional
        Address of the cluster's scheduler, such as ``tcp://10.0.0.5:8786``.
    progress : callable, optional
        Called as each set is done.

    Returns
    -------
    Sweep
        Its ``table`` has a row for each set, also for those that failed; the same is written as CSV, and an index page
        lists the reports.

    Raises
    ------
    AccountabilityError
        Refused before anything ran: every fault of the grid and of its sets is listed.
    """
    from accountability.errors import ParameterError
    from accountability.publish.sweeps import sweep_dask, sweep_run
    from accountability.publish.sweeps.grid import read_grid

    read = read_grid(study, grid, source)
    if executor == "local":
        if scheduler is not None:
            raise ParameterError("a scheduler is given, so say executor='dask'")
        execute = sweep_run.local(jobs)
    elif executor == "dask":
        execute = sweep_dask.on_cluster(scheduler)
    else:
        raise ParameterError(f"executor={executor!r}: expected 'local' or 'dask'")
    return sweep_run.sweep(read, None if out is None else Path(out), execute, progress)


def form(study: str, *, out: str | Path | None = None, **parameters: Any) -> Form:
    """Show a study's parameters as a form in JupyterLab, which runs it in place.

    Parameters
    ----------
    study : str
        Name of a study.
    out : path, optional
        Folder of the reports; default ``reports/<source>`` under the current folder.
    **parameters
        Values the form starts with, such as ``source="synthetic"``; the others start at their defaults.

    Returns
    -------
    Form
        Shows itself as the last line of a cell: a widget for each parameter, the command line that does the same, and
        after a run the headline, figures and tables.

    Raises
    ------
    AccountabilityError
        No such study, or values it does not take.
    """
    from accountability.publish.study_form import Form

    return Form(study, parameters, out)


def multiverse(declared: str | Path | Mapping[str, Any], out: str | Path | None = None) -> Path:
    """Compute one difference under every combination of declared choices and write its report.

    Parameters
    ----------
    declared : path or mapping
        A YAML file or what one would hold; see :func:`accountability.multiverse.read`.
    out : path, optional
        Folder to which the report's own folder is added; default ``reports/<source>``.

    Returns
    -------
    Path
        The report's HTML page.

    Raises
    ------
    AccountabilityError
        Refused before anything ran.
    StudyFailed
        It could not be computed; the page says where it stopped.
    """
    from accountability.publish import multiverse_report

    return multiverse_report.multiverse(declared, None if out is None else Path(out))
