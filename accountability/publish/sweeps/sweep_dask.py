"""Run a grid on a Dask cluster: each worker makes complete reports and returns them.

The workers need no shared disk. Each forks its kernels from a process that has imported the packages of studies.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError, Refusal
from accountability.publish import runner
from accountability.publish.extras import needs
from accountability.publish.finished import PAGE
from accountability.publish.in_place import making
from accountability.publish.request import request
from accountability.publish.sweeps.sweep_inputs import Cell, Executor, inputs
from accountability.publish.sweeps.sweep_kernels import provisioner

_PATIENCE: Final = "10s"


def on_cluster(scheduler: str | None) -> Executor:
    """Make reports on the workers of a Dask cluster, by the address of its scheduler; see :class:`Executor`."""
    if not scheduler:
        raise ParameterError("executor='dask' needs the scheduler's address, for example tcp://10.0.0.5:8786")
    needs("dask")
    import distributed

    def execute(cells: Sequence[Cell], done: Callable[[Cell, Path | None, str], None]) -> None:
        try:
            client = distributed.Client(scheduler, set_as_default=False, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise ParameterError(f"no Dask scheduler answers at {scheduler}: {error}") from None
        with client:
            running = {
                client.submit(
                    make_there, cell.wanted.study.name, cell.wanted.parameters.literals(), cell.inputs, pure=False
                ): cell
                for cell in cells
            }
            for future in distributed.as_completed(running, loop=client.loop):
                cell = running[future]
                try:
                    packed, failure = future.result()
                    page = unpack(packed, cell)
                except CancelledError:
                    done(cell, None, f"the Dask scheduler at {scheduler} was lost; start it and sweep again")
                except Exception as error:  # one set must not stop the others; it is told as failed
                    done(cell, None, f"{type(error).__name__}: {error}")
                else:
                    done(cell, page, failure)
                future.release()

    return execute


def make_there(study: str, parameters: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[bytes, str]:
    """Make one report on a worker, and return its folder as a ZIP file and where its notebook stopped.

    Refused by a worker with another version of the package, notebook, data or dependencies than the caller's.
    """
    import distributed

    wanted = request(study, None, parameters)
    here = inputs(wanted, runner.notebook_of(wanted.study))
    other = [
        f"{name} (asked for {expected[name]!r}, here {here[name]!r})" for name in here if here[name] != expected[name]
    ]
    if other:
        raise Refusal(f"a worker would make another report, as it differs in {'; '.join(other)}")
    # The worker's own folder: what one set has drawn is there for its next.
    room = Path(distributed.get_worker().local_directory)
    with tempfile.TemporaryDirectory(prefix="accountability-", dir=room) as base:
        page, failure = runner.make(wanted, Path(base), None, start=provisioner, workshop=room)
        return pack(page.parent), str(failure or "")


def pack(folder: Path) -> bytes:
    """Return a folder as a ZIP file in memory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return packed.getvalue()


def unpack(packed: bytes, cell: Cell) -> Path:
    """Put a worker's report in its place atomically, and return its page."""
    runner.refuse_other(cell.folder)
    with (
        making(cell.folder, cell.workshop, cell.wanted.study.name) as folder,
        zipfile.ZipFile(io.BytesIO(packed)) as archive,
    ):
        archive.extractall(folder)
    return cell.folder / PAGE
