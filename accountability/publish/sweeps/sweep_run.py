"""Run a grid: what is already made is left, the rest is made, and one failing set stops no other."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import ParameterError
from accountability.publish import runner
from accountability.publish.execute import Failure, interruptible
from accountability.publish.in_place import held, put_file
from accountability.publish.request import Request
from accountability.publish.sweeps.grid import Grid
from accountability.publish.sweeps.sweep_inputs import inputs, is_made
from accountability.publish.sweeps.sweep_kernels import preload, provisioner
from accountability.results import write_csv

if TYPE_CHECKING:
    import pandas as pd

#: What became of a set.
MADE: Final = "made"
KEPT: Final = "kept"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Cell:
    """One set of a grid and where its report belongs.

    Attributes
    ----------
    number : int
        Its place in the grid, from 1.
    wanted : Request
        What is to be run.
    reports : Path
        Folder to which the report's own folder is added.
    workshop : Path
        Folder for what is not finished.
    inputs : dict
        What the report depends on.
    """

    number: int
    wanted: Request
    reports: Path
    workshop: Path
    inputs: dict[str, Any]

    @property
    def folder(self) -> Path:
        """The report's folder."""
        return self.reports / self.wanted.folder

    @property
    def said(self) -> str:
        """The set in words: what differs from the study's defaults."""
        changed = [f"{name}={value}" for name, value in self.wanted.changed.items()]
        return " ".join([self.wanted.source.source, *changed])


@dataclass(frozen=True, slots=True)
class Step:
    """What is told when a set is done.

    Attributes
    ----------
    done, total : int
        Sets done so far, and sets there are.
    state : str
        ``made``, ``kept`` (it was there, made of the same inputs) or ``failed``.
    said : str
        The set in words.
    page : Path or None
        Its page, also when its notebook failed; ``None`` when nothing could be written.
    message : str
        Why it failed.
    seconds : float
        Since the sweep began.
    """

    done: int
    total: int
    state: str
    said: str
    page: Path | None
    message: str
    seconds: float


Told = Callable[[Step], None]
#: Makes reports and says, as each is done, its page (if there is one) and why it failed (if it did).
Executor = Callable[[Sequence[Cell], Callable[[Cell, Path | None, str], None]], None]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sweep:
    """What a sweep made.

    Attributes
    ----------
    study : str
        Name of the study.
    table : DataFrame
        One row a set: ``set`` (number), ``state`` (``complete`` or ``failed``), a column for each parameter that
        varies, ``headline``, ``page`` (beside the table, or empty), ``stopped`` (where and why).
    csv : Path
        The same as a file.
    indexes : tuple of Path
        The page that lists the reports, one for each source.
    made, kept, failed : int
        Sets made now, left because they were there, and failed.
    """

    study: str
    table: pd.DataFrame
    csv: Path
    indexes: tuple[Path, ...]
    made: int
    kept: int
    failed: int

    def __repr__(self) -> str:
        return f"{self.sentence()}\n{self.table.to_string(index=False, na_rep='')}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence())}</p>\n{self.table.to_html(index=False, na_rep='', border=0)}"

    def sentence(self) -> str:
        """Count what became of the sets."""
        return (
            f"{self.study}: {self.made + self.kept + self.failed} sets, {self.made} made, {self.kept} kept because "
            f"nothing they depend on has changed, {self.failed} failed."
        )


def local(jobs: int) -> Executor:
    """Make reports in parallel on this machine, in kernels forked from one process.

    Parameters
    ----------
    jobs : int
        Reports made at a time.

    Returns
    -------
    callable
        For :func:`sweep`.
    """
    if jobs < 1:
        raise ParameterError(f"jobs={jobs}: expected a number from 1; 2 suits a machine with two processors")

    def execute(cells: Sequence[Cell], done: Callable[[Cell, Path | None, str], None]) -> None:
        preload()
        with interruptible(min(jobs, len(cells))) as pool:
            running: dict[Future[tuple[Path, Failure | None]], Cell] = {
                pool.submit(
                    runner.make, cell.wanted, cell.reports, None, provisioner=provisioner, workshop=cell.workshop
                ): cell
                for cell in cells
            }
            for future in as_completed(running):
                try:
                    page, failure = future.result()
                except Exception as error:  # one set must not stop the others; it is told as failed
                    done(running[future], None, f"{type(error).__name__}: {error}")
                else:
                    done(running[future], page, "" if failure is None else f"stopped at {failure}")

    return execute


def sweep(grid: Grid, out: Path | None, execute: Executor, told: Told | None = None) -> Sweep:
    """Run a grid; see :func:`accountability.publish.sweep`.

    Parameters
    ----------
    grid : Grid
        Checked sets.
    out : Path or None
        Folder of the reports; with several sources, each has a folder in it. Default as for a report.
    execute : callable
        :func:`local` or :func:`accountability.publish.sweeps.sweep_dask.on_cluster`.
    told : callable, optional
        Called as each set is done.

    Returns
    -------
    Sweep
        Also when sets failed.
    """
    begun = time.monotonic()
    top = _top(grid, out)
    folders = _folders(grid, top)
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
            states[cell.number] = FAILED if message else state
            faults[cell.number], pages[cell.number] = message, page
            if told is not None:
                passed = time.monotonic() - begun
                told(Step(len(states), len(cells), states[cell.number], cell.said, page, message, passed))

        there = [cell for cell in cells if is_made(cell.folder, cell.inputs)]
        for cell in there:
            done(cell, cell.folder / runner.PAGE, "", KEPT)
        missing = [cell for cell in cells if cell.number not in states]
        if missing:
            execute(missing, done)
        indexes = tuple(
            runner.write_index(wanted.parameters.source, wanted.source, folders[source], workshops[folders[source]])
            for source, wanted in {one.source.source: one for one in grid.requests}.items()
        )
        table = _table(grid, cells, faults, pages, top)
        csv = put_file(
            top / f"{grid.study}.grid.csv", lambda file: write_csv(table, file), next(iter(workshops.values()))
        )
    count = list(states.values()).count
    return Sweep(grid.study, table, csv, indexes, count(MADE), count(KEPT), count(FAILED))


def _top(grid: Grid, out: Path | None) -> Path:
    if out is not None:
        return out
    several = len({wanted.source.source for wanted in grid.requests}) > 1
    only = runner.default_out(grid.requests[0].source)
    return only.parent if several else only


def _folders(grid: Grid, top: Path) -> dict[str, Path]:
    sources = dict.fromkeys(wanted.source.source for wanted in grid.requests)
    return {source: top if len(sources) == 1 else top / source for source in sources}


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
                "state": "failed" if failed else "complete",
                **{name: literals[name] for name in grid.varied},
                "headline": "" if failed else _headline(cell.folder),
                "page": "" if page is None else page.relative_to(top).as_posix(),
                "stopped": failed,
            }
        )
    return pd.DataFrame(rows)


def _headline(folder: Path) -> str:
    record = json.loads((folder / runner.RECORD).read_text(encoding="utf-8"))
    return str(record["headline"])


def line(step: Step) -> str:
    """Say one step: ``[ 3/24] made    synthetic cutoff=2019-12-31``; of a failure also why, and its page."""
    width = len(str(step.total))
    said = f"[{step.done:>{width}}/{step.total}] {step.state:<6} {step.said} ({step.seconds:.1f} s)"
    if step.message:
        said += f"\n    {step.message}"
        said += f"\n    {step.page.parent}" if step.page is not None else ""
    return said
