"""Run one notebook with papermill on a kernel of the same interpreter."""

from __future__ import annotations

import logging
import math
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty
from typing import Any, Final
from weakref import WeakSet

from accountability.errors import Refusal
from accountability.publish.drawn_once import FIGURES_VARIABLE
from accountability.publish.kept import FOLDER_VARIABLE
from accountability.publish.sweeps.sweep_kernels import kernel_environment
from accountability.records.places import notebooks_dir
from accountability.remembered import REPORT_VARIABLE

#: What is said of a study that the data do not allow, before the reason.
REFUSED: Final = "cannot be answered from these data"


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a notebook stopped.

    Attributes
    ----------
    cell : int or None
        Execution number of the cell; ``None`` if the kernel itself stopped.
    source : str
        The cell's code.
    message : str
        Type and message of the error; of a refusal, its sentence.
    refused : bool
        Whether the data do not allow the estimate: the study then did not fail.
    """

    cell: int | None
    source: str
    message: str
    refused: bool = False

    @property
    def where(self) -> str:
        """Return the place in words."""
        return "the kernel" if self.cell is None else f"cell [{self.cell}]"

    def __str__(self) -> str:
        return f"{REFUSED}: {self.message}" if self.refused else f"stopped at {self.where}: {self.message}"


class StudyFailed(Exception):
    """A notebook stopped with an error; its output so far is kept.

    Attributes
    ----------
    page : Path
        The page that shows where.
    """

    def __init__(self, message: str, page: Path) -> None:
        super().__init__(message)
        self.page = page


#: As long as the name of any socket of a kernel, of which there are five beside the file that names them.
_LONGEST_SOCKET: Final = "kernel-ipc-0"
#: Managers of kernels, so that an interrupt can end those that run.
_MANAGERS: WeakSet[Any] = WeakSet()
_STOPPING = threading.Event()
#: Places for the notebooks that run at a time, in a thread of a pool.
_PLACES: ContextVar[threading.Semaphore | None] = ContextVar("places", default=None)


@contextmanager
def interruptible(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Return a pool for notebooks; on an error or interrupt, their kernels are stopped at once.

    It has threads, because the kernels are processes. Of several, one more is begun than run at a time: its kernel
    starts, and the page of another is written, while the processors are busy.
    """
    places = threading.Semaphore(workers)
    pool = ThreadPoolExecutor(max_workers=workers + (workers > 1), initializer=_PLACES.set, initargs=(places,))
    _STOPPING.clear()
    try:
        yield pool
    except BaseException:
        _STOPPING.set()
        pool.shutdown(wait=False, cancel_futures=True)
        for manager in list(_MANAGERS):
            process = getattr(manager.provisioner, "process", None)
            if process is not None:
                process.kill()
        raise
    finally:
        pool.shutdown(wait=True)


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    keep_in: Path,
    on_cell: Callable[[int, int], None] | None = None,
    *,
    provisioner: Callable[[Any], Any] | None = None,
    scratch_in: Path | None = None,
) -> Failure | None:
    """Execute a notebook with parameters, and save it with its outputs.

    Parameters
    ----------
    notebook : Path
        The notebook; not changed. Its cells run in the caller's working folder.
    output : Path
        Where the executed notebook is written, also when a cell fails.
    parameters : mapping
        Literals injected after the cell tagged ``parameters``. They are not checked here.
    keep_in : Path
        Folder given to :func:`accountability.publish.keep`.
    on_cell : callable, optional
        Called with the number of cells done and their total.
    provisioner : callable, optional
        Function that returns the provisioner of a manager's kernel; without it a new kernel is started.
    scratch_in : Path, optional
        Folder of the kernel's own files while it runs, and of figures that other notebooks run with it need not draw
        again; by default the system's, and each draws its own.

    Returns
    -------
    Failure or None
        Where it stopped, or ``None`` if every cell ran.

    Notes
    -----
    papermill only logs a misspelt parameter, so callers check parameters first. A kernel that dies before its first
    reply is started once more.
    """
    import nbformat
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    # Parameters were checked against the model, where papermill cannot read annotations such as `str | None`;
    # and a failure is told once, by the caller.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    loaded = nbformat.read(notebook, as_version=4)
    environment = kernel_environment()
    # A study of a user's own may change a table in place, which a result that is kept would not know, or how figures
    # are drawn.
    if notebook.resolve().parent == notebooks_dir().resolve():
        environment[REPORT_VARIABLE] = "1"
        if scratch_in is not None:
            environment[FIGURES_VARIABLE] = str(scratch_in / "figures")
    cells = sum(cell.cell_type == "code" for cell in loaded.cells) + 1
    done = 0

    def count(**_: Any) -> None:
        nonlocal done
        done += 1
        if on_cell is not None:
            on_cell(done, cells)

    for attempt in (1, 2):
        with (
            _event_loop(),
            tempfile.TemporaryDirectory(prefix="accountability-", dir=scratch_in) as scratch,
            _place() as wait_for_place,
        ):
            try:
                execute_notebook(
                    str(notebook),
                    str(output),
                    parameters=dict(parameters),
                    engine_name=_saving_once(),
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    log_output=False,
                    kernel_manager_class=_kernel_manager(
                        Path(scratch), keep_in, provisioner, environment, wait_for_place
                    ),
                    on_cell_executed=count,
                    # Every output is in; a kernel asked politely is interrupted first, and sometimes says so.
                    shutdown_kernel="immediate",
                )
            except PapermillExecutionError as error:
                refused = error.ename == Refusal.__name__
                said = str(error.evalue) if refused else f"{error.ename}: {error.evalue}"
                return Failure(error.exec_count, error.source, said, refused)
            except (DeadKernelError, RuntimeError) as error:
                if _STOPPING.is_set():
                    # Ended on purpose: this must not stand as a report.
                    raise
                if done == 0 and attempt == 1:
                    continue
                return Failure(None, "", f"{type(error).__name__}: {error}")
        return None
    raise AssertionError("unreachable: the second attempt returns")


@cache
def _saving_once() -> str:
    """Register papermill's own engine but for one thing, and give its name.

    papermill writes the whole notebook at the start and end of every cell, which costs as much as starting a kernel.
    Nobody reads it before it is done; then it is written, however it ended.
    """
    from papermill.engines import NBClientEngine, papermill_engines

    class SavingOnce(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
            output, nb_man.output_path = nb_man.output_path, None
            try:
                return super().execute_managed_notebook(nb_man, kernel_name, **options)
            finally:
                nb_man.output_path = output

    papermill_engines.register("saving once", SavingOnce)
    return "saving once"


@contextmanager
def _event_loop() -> Iterator[None]:
    """Close the loop which the kernel's client makes in this thread and leaves open."""
    import asyncio

    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        yield
    finally:
        loop.close()
        asyncio.set_event_loop(None)


@contextmanager
def _place() -> Iterator[Callable[[], None]]:
    """Return what waits until a notebook may run; its place is free again at the end."""
    places, taken = _PLACES.get(), False

    def wait() -> None:
        nonlocal taken
        while places is not None and not taken:
            taken = places.acquire(timeout=0.2)
            if _STOPPING.is_set():
                raise RuntimeError("stopped before it began")

    try:
        yield wait
    finally:
        if places is not None and taken:
            places.release()


def _holds_sockets(folder: Path) -> bool:
    """Return whether sockets can be files of a folder: not on Windows, on some network drives, or under a long path.

    A number of a port is chosen before the kernel takes it, and another program may be quicker; a file here is ours.
    """
    family = getattr(socket, "AF_UNIX", None)
    if family is None:
        return False
    with socket.socket(family) as probe, suppress(OSError):
        probe.bind(str(folder / _LONGEST_SOCKET))
        return True
    return False


def _kernel_manager(
    scratch: Path,
    keep_in: Path,
    provisioner: Callable[[Any], Any] | None,
    environment: Mapping[str, str],
    wait_for_place: Callable[[], None],
) -> type:
    """Make a manager whose kernel is this interpreter, whatever kernels are or are not installed on the machine."""
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.asynchronous.client import AsyncKernelClient
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    # A user's start-up files must not change a study.
    environment = {**environment, FOLDER_VARIABLE: str(keep_in), "IPYTHONDIR": str(scratch / "ipython")}

    class ThisInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(**get_kernel_dict(), env=environment)

    class Client(AsyncKernelClient):
        async def wait_for_ready(self, timeout: float | None = None) -> None:
            """Wait until the kernel answers on both channels.

            As the base does, but for its last step: it listens until nothing has come for a fifth of a second. What a
            kernel publishes of a request ends with its being idle.
            """
            until = time.monotonic() + (math.inf if timeout is None else timeout)
            while not await self._answered(self.kernel_info()):
                if not await self.is_alive():
                    raise RuntimeError("Kernel died before replying to kernel_info")
                if time.monotonic() > until:
                    raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")
            wait_for_place()

        async def _answered(self, asked: str) -> bool:
            reply = state = None
            with suppress(Empty):
                while reply is None or reply["parent_header"].get("msg_id") != asked:
                    reply = await self.shell_channel.get_msg(timeout=1)
                self._handle_kernel_info_reply(reply)
                while state != (asked, "idle"):
                    # What was said before the channel was connected does not come: ask again, soon.
                    told = await self.iopub_channel.get_msg(timeout=0.03)
                    state = (told["parent_header"].get("msg_id"), told["content"].get("execution_state"))
                return True
            return False

    class Manager(AsyncKernelManager):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if provisioner is not None:
                self.provisioner = provisioner(self)
            _MANAGERS.add(self)

        async def _async_wait(self, pollinterval: float = 0.1) -> None:
            # Killed at the end of its notebook, a kernel is gone sooner than in a tenth of a second.
            await super()._async_wait(pollinterval=pollinterval / 20)

        @default("client_factory")
        def _ready_at_once(self) -> type:
            return Client

        @default("kernel_spec_manager")
        def _this_interpreter(self) -> KernelSpecManager:
            return ThisInterpreter()

        @default("connection_file")
        def _private_file(self) -> str:
            return str(scratch / "kernel.json")

        @default("transport")
        def _through_files(self) -> str:
            return "ipc" if _holds_sockets(scratch) else "tcp"

        @default("transport_encryption")
        def _encrypted(self) -> str:
            # A socket that is a file is in a folder which nobody else may enter.
            return "disabled" if self.transport == "ipc" else "required"

    return Manager
