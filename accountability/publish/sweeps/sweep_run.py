"""Run a grid: skip existing reports, make the others, and continue after failures."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from accountability.errors import ParameterError
from accountability.publish import runner
from accountability.publish.execute import REFUSED, Failure, interruptible
from accountability.publish.finished import PAGE, any_record, record
from accountability.publish.in_place import held, put_file
from accountability.publish.index_page import index_page
from accountability.publish.sweeps.grid import Grid, read_grid
from accountability.publish.sweeps.sweep_dask import on_cluster
from accountability.publish.sweeps.sweep_inputs import Cell, Executor, inputs, is_made
from accountability.publish.sweeps.sweep_kernels import forking
from accountability.results import write_csv
from accountability.studies.registry import get

if TYPE_CHECKING:
    import pandas as pd

#: What became of a set.
MADE: Final = "made"
KEPT: Final = "kept"
FAILED: Final = "failed"
NOT_ALLOWED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """Progress after each set.

    Attributes
    ----------
    done, total : int
        Sets done so far, and in total.
    state : str
        ``made``, ``kept`` (it existed with the same inputs), ``failed``, or ``refused`` (the data do not allow it).
    said : str
        The set in words.
    page : Path or None
        Its page, also if its notebook failed; ``None`` if nothing could be written.
    message : str
        Why it failed, or is refused.
    seconds : float
        Seconds since the sweep began.
    """

    done: int
    total: int
    state: str
    said: str
    page: Path | None
    message: str
    seconds: float


Told = Callable[[Step], None]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sweep:
    """The results of a sweep.

    Attributes
    ----------
    study : str
        Name of the study.
    table : DataFrame
        One row per set: ``set`` (number), ``state`` (``complete``, ``refused`` or ``failed``), one column per varied
        parameter, ``headline``, ``page`` (relative to the table, or empty), ``stopped`` (where and why).
    csv : Path
        The same as a file.
    indexes : tuple of Path
        Index pages of the reports, one per source; with several, also one that compares them.
    made, kept, failed, refused : int
        Numbers of sets made, skipped as existing, failed, and that the data do not allow.
    """

    study: str
    table: pd.DataFrame
    csv: Path
    indexes: tuple[Path, ...]
    made: int
    kept: int
    failed: int
    refused: int = 0

    def __repr__(self) -> str:
        return f"{self.sentence()}\n{self.table.to_string(index=False, na_rep='')}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence())}</p>\n{self.table.to_html(index=False, na_rep='', border=0)}"

    def sentence(self) -> str:
        """State the numbers of sets made, kept and failed."""
        return (
            f"{self.study}: {len(self.table)} sets, {self.made} made, {self.kept} kept because nothing they depend on "
            f"has changed, {self.failed} failed{f', {self.refused} refused by the data' if self.refused else ''}."
        )


def local(jobs: int) -> Executor:
    """Make reports in parallel on this machine, in kernels forked from one process; for :func:`run_grid`."""
    if jobs < 1:
        raise ParameterError(f"jobs={jobs}: expected a number from 1; 2 suits a machine with two processors")

    def execute(cells: Sequence[Cell], done: Callable[[Cell, Path | None, str], None]) -> None:
        with forking(len(cells)) as start, interruptible(min(jobs, len(cells))) as pool:
            running: dict[Future[tuple[Path, Failure | None]], Cell] = {
                pool.submit(runner.make, cell.wanted, cell.reports, None, start=start, workshop=cell.workshop): cell
                for cell in cells
            }
            for future in as_completed(running):
                try:
                    page, failure = future.result()
                except Exception as error:  # one set must not stop the others; it is told as failed
                    done(running[future], None, f"{type(error).__name__}: {error}")
                else:
                    done(running[future], page, str(failure or ""))

    return execute


def sweep(
    study: str,
    grid: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    source: str | None = None,
    jobs: int = 2,
    executor: Literal["local", "dask"] = "local",
    scheduler: str | None = None,
    progress: Told | None = None,
) -> Sweep:
    """Run one study with every parameter set of a grid.

    A set with a report from the same notebook, library, data and parameters is not run again. So to continue a stopped
    sweep, run it again.

    Parameters
    ----------
    study : str
        Name of a study.
    grid : path or mapping
        A YAML file or mapping: ``product``, ``sets``, ``always``; see
        :func:`accountability.publish.sweeps.grid.read_grid`.
    out : path, optional
        Folder to which the reports' own folders are added; default ``reports/<source>``. A grid over several sources
        has one subfolder per source.
    source : str, optional
        A source's name or folder, for every set.
    jobs : int
        Number of reports made in parallel on this machine.
    executor : {"local", "dask"}
        Where reports are made. On a Dask cluster (optional extra ``dask``) the workers need this package, in the same
        version, and the data.
    scheduler : str, optional
        Address of the cluster's scheduler, such as ``tcp://10.0.0.5:8786``.
    progress : callable, optional
        Called after each set.

    Returns
    -------
    Sweep
        Its ``table`` has one row per set, including failed ones, and is written as CSV; an index page lists the
        reports.

    Raises
    ------
    AccountabilityError
        If refused before a run; lists every fault of the grid and its sets.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.sweep("how_long_cases_stay_open", {"product": {"within_days": [180, -1]}})
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: grid: 1 of 2 sets cannot be run, so none was:
    - set 2: how_long_cases_stay_open: within_days=-1: Input should be greater than or equal to 1
    """
    read = read_grid(study, grid, source)
    if executor == "local":
        if scheduler is not None:
            raise ParameterError("a scheduler is given, so say executor='dask'")
        execute = local(jobs)
    elif executor == "dask":
        execute = on_cluster(scheduler)
    else:
        raise ParameterError(f"executor={executor!r}: expected 'local' or 'dask'")
    return run_grid(read, None if out is None else Path(out), execute, progress)


def run_grid(grid: Grid, out: Path | None, execute: Executor, told: Told | None = None) -> Sweep:
    """Make the missing reports of a grid with an executor, :func:`local` or that of a cluster; see :func:`sweep`."""
    begun = time.monotonic()
    top, folders = _folders(grid, out)
    states: dict[int, str] = {}
    faults: dict[int, str] = {}
    pages: dict[int, Path | None] = {}
    with ExitStack() as stack:
        workshops = {folder: stack.enter_context(held(folder)) for folder in sorted(set(folders.values()))}
        cells = [
            Cell(
                number,
                wanted,
                folders[wanted.source.source],
                workshops[folders[wanted.source.source]],
                inputs(wanted, runner.notebook_of(wanted.study)),
            )
            for number, wanted in enumerate(grid.requests, start=1)
        ]
        _no_shared_folder(cells)

        def done(cell: Cell, page: Path | None, message: str, state: str = MADE) -> None:
            states[cell.number] = state_of(message) if message else state
            faults[cell.number], pages[cell.number] = message, page
            if told is not None:
                passed = time.monotonic() - begun
                told(Step(len(states), len(cells), states[cell.number], cell.said, page, message, passed))

        there = [cell for cell in cells if is_made(cell.folder, cell.inputs)]
        for cell in there:
            done(cell, cell.folder / PAGE, "", KEPT)
        missing = [cell for cell in cells if cell.number not in states]
        if missing:
            execute(missing, done)
        indexes = tuple(
            runner.write_index(wanted.parameters.source, wanted.source, folders[source], workshops[folders[source]])
            for source, wanted in {one.source.source: one for one in grid.requests}.items()
        )
        table = _table(grid, cells, faults, pages, top)
        workshop = next(iter(workshops.values()))
        csv = put_file(top / f"{grid.study}.grid.csv", lambda file: write_csv(table, file), workshop)
        if len(indexes) > 1:
            indexes += (_side_by_side(grid, cells, pages, top, workshop),)
    count = list(states.values()).count
    return Sweep(grid.study, table, csv, indexes, count(MADE), count(KEPT), count(FAILED), count(NOT_ALLOWED))


def _side_by_side(
    grid: Grid, cells: Sequence[Cell], pages: Mapping[int, Path | None], top: Path, workshop: Path
) -> Path:
    """Write the page that sets the reports on several sources beside each other."""
    reports = [
        any_record(cell.folder) | {"folder": cell.folder.relative_to(top).as_posix()}
        for cell in cells
        if pages[cell.number] is not None
    ]
    generated = any(report["data"]["generated"] for report in reports)
    text = index_page(get(grid.study).question, {"generated": generated, "facts": []}, reports, {}, top)
    return put_file(top / f"{grid.study}.grid.html", lambda file: file.write_text(text, encoding="utf-8"), workshop)


def _folders(grid: Grid, out: Path | None) -> tuple[Path, dict[str, Path]]:
    """The folder of the table, and that of each source's reports: the same, or with several sources one in it each."""
    sources = {wanted.source.source: wanted.source for wanted in grid.requests}
    own = runner.default_out(grid.requests[0].source)
    top = out or (own if len(sources) == 1 else own.parent)
    return top, {source: top if len(sources) == 1 else top / source for source in sources}


def _no_shared_folder(cells: Sequence[Cell]) -> None:
    taken: dict[Path, Cell] = {}
    for cell in cells:
        other = taken.setdefault(cell.folder, cell)
        if other is not cell:
            raise ParameterError(
                f"sets {other.number} and {cell.number} would share the folder {cell.folder}: "
                f"{other.wanted.parameters.source!r} and {cell.wanted.parameters.source!r} declare the same source"
            )


def _table(
    grid: Grid, cells: Sequence[Cell], faults: dict[int, str], pages: dict[int, Path | None], top: Path
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for cell in cells:
        literals = cell.wanted.parameters.literals()
        failed, page = faults[cell.number], pages[cell.number]
        rows.append(
            {
                "set": cell.number,
                "state": state_of(failed) if failed else "complete",
                **{name: literals[name] for name in grid.varied},
                "headline": "" if failed else record(cell.folder)["headline"],
                "page": "" if page is None else page.relative_to(top).as_posix(),
                "stopped": failed,
            }
        )
    return pd.DataFrame(rows)


def state_of(message: str) -> str:
    """Return what became of a set that is not complete, from its message."""
    return NOT_ALLOWED if message.startswith(REFUSED) else FAILED


def line(step: Step) -> str:
    """Return one step in words: ``[ 3/24] made    synthetic cutoff=2019-12-31``; for a failure also why and where."""
    width = len(str(step.total))
    said = f"[{step.done:>{width}}/{step.total}] {step.state:<6} {step.said} ({step.seconds:.1f} s)"
    if step.message:
        said += f"\n    {step.message}"
        said += f"\n    {step.page.parent}" if step.page is not None else ""
    return said
