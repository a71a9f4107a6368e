"""Fork kernels from a process that has already imported the packages.

The process is Python's own fork server. Such a kernel differs from a new one only in the time of imports, and in
statsmodels' warning filters, which are already set in a report or sweep. Tests compare notebooks, tables and figures.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from multiprocessing import connection, forkserver
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import uuid4

_PRELOAD: Final = "accountability.publish.sweeps.kernel_preload"
_ANY_STUDY: Final = "accountability.publish.sweeps.sweep_preload"
_PACKAGE_PARENT: Final = Path(__file__).resolve().parents[3]
_CONTEXT: Final = multiprocessing.get_context("forkserver")
#: One thread at a time starts a kernel or asks how one is: both change what belongs to the whole process.
_LOCK: Final = threading.RLock()
_USERS: Final[list[object]] = []


@contextlib.contextmanager
def forking(notebooks: int) -> Iterator[Callable[[Any], Any]]:
    """Start the process from which kernels are forked, yield :func:`provisioner`, and stop the process at the end.

    It imports in the background: for one notebook what every kernel needs, for several what any study may need. With
    nested or parallel blocks, the last one stops it; at once where an error ends the block.
    """
    with _starting(notebooks):
        forkserver.ensure_running()
        _USERS.append(object())
    failed = True
    try:
        yield provisioner
        failed = False
    finally:
        with _LOCK:
            _USERS.pop()
            if not _USERS:
                if failed:
                    _kill_server()
                # Waited for, so that its memory is free and its times are known to be ours.
                forkserver._forkserver._stop()  # type: ignore[attr-defined]


def kernel_environment() -> dict[str, str]:
    """Return the environment variables that a kernel needs in addition to the caller's."""
    needed = {
        # Set outright: a caller's MPLBACKEND=agg would make every figure vanish without a word.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    if (_PACKAGE_PARENT / "pyproject.toml").is_file():
        # The kernel must import the package that runs it, from wherever it was called.
        inherited = os.environ.get("PYTHONPATH")
        needed["PYTHONPATH"] = os.pathsep.join([str(_PACKAGE_PARENT), *([inherited] if inherited else [])])
    return needed


def start(arguments: list[str], environment: dict[str, str], folder: str) -> Forked:
    """Fork a kernel.

    Parameters
    ----------
    arguments : list of str
        Command line, the program first.
    environment : dict
        Complete environment.
    folder : str
        Working folder.

    Returns
    -------
    Forked
        The kernel; it ends with this process, also on ``SIGKILL``.
    """
    with _starting():
        forkserver.ensure_running()
        # Told, because it may be gone when the kernel asks who its parent is.
        forking: int = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        process = _CONTEXT.Process(target=_become_kernel, args=(arguments, environment, folder, forking), daemon=True)
        process.start()
        return Forked(process)


def _kill_server() -> None:
    """End the process that forks without waiting for its imports; kernels that still run end with it."""
    server: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    if server is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


@contextlib.contextmanager
def _starting(notebooks: int = 2) -> Iterator[None]:
    """Arrange what a started process takes from this one: a kernel's environment, and nothing of the caller's program.

    A caller's script would be run again in each kernel, and a worker of Dask is told to have no children. What the
    caller starts by itself afterwards is not to import what kernels need, in its own surroundings.
    """
    before_us: list[str] = forkserver._forkserver._preload_modules  # type: ignore[attr-defined]
    own: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    with _LOCK:
        _CONTEXT.set_forkserver_preload([_PRELOAD, *([_ANY_STUDY] if notebooks > 1 else [])])
        before, program, daemon = dict(os.environ), sys.modules["__main__"], own.get("daemon")
        os.environ.update(kernel_environment())
        sys.modules["__main__"], own["daemon"] = ModuleType("__main__"), False
        try:
            yield
        finally:
            _CONTEXT.set_forkserver_preload(before_us)
            sys.modules["__main__"], own["daemon"] = program, daemon
            for name in kernel_environment():
                os.environ.pop(name)
            os.environ.update(before)


def provisioner(manager: Any) -> Any:
    """Return a provisioner that forks the kernel of one kernel manager.

    Parameters
    ----------
    manager : jupyter_client.KernelManager
        The manager.

    Returns
    -------
    jupyter_client.provisioning.LocalProvisioner
        Provisioner for the manager.
    """
    from jupyter_client.provisioning import LocalProvisioner

    class Forking(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
            # cmd is `python -m ipykernel_launcher -f FILE`
            self.cwd = str(options.get("cwd") or Path.cwd())
            forked: Any = start(cmd[cmd.index("ipykernel_launcher") :], dict(options["env"]), self.cwd)
            self.process, self.pid = forked, forked.pid
            return self.connection_info

    return Forking(kernel_id=str(uuid4()), kernel_spec=manager.kernel_spec, parent=manager)


class Forked:
    """A forked kernel, with the interface of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid

    def poll(self) -> int | None:
        """Return its exit status (negative: the signal); ``None`` while it runs."""
        with _LOCK:
            ended: int | None = self._process.exitcode
            return ended

    returncode = property(poll)

    def wait(self) -> int | None:
        """Wait for its end, and return its exit status."""
        connection.wait([self._process.sentinel])
        return self.poll()

    def send_signal(self, wanted: int) -> None:
        """Send a signal to it and its children; does nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError), _LOCK:
            if self.poll() is None:
                try:
                    os.killpg(self.pid, wanted)
                except ProcessLookupError:  # so young that it has no group of its own yet
                    os.kill(self.pid, wanted)

    def terminate(self) -> None:
        """Terminate it."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def _become_kernel(arguments: list[str], environment: dict[str, str], folder: str, forking: int) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        parent = multiprocessing.parent_process()
        assert parent is not None
        threading.Thread(target=_end_with, args=(parent.sentinel, forking), daemon=True).start()
        # What a notebook starts by itself is its own affair.
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment, JPY_PARENT_PID=str(forking))
        if (
            "matplotlib" in sys.modules and "MPLBACKEND" in environment
        ):  # a fork server that the caller began is used too
            sys.modules["matplotlib"].rcParams["backend"] = environment["MPLBACKEND"]
        from accountability.publish.sweeps.kernel_preload import PATH

        added = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        sys.path[:] = list(dict.fromkeys([*added, *PATH]))
        sys.argv = arguments
        import numpy as np
        from ipykernel import kernelapp

        # A study that draws without a seed must not draw what every other one draws; such draws, of pandas too, come
        # from NumPy's global generator, and every fork has the same one.
        np.random.seed(None)  # noqa: NPY002
        kernelapp.launch_new_instance(argv=[*sys.argv[1:], f"--IPKernelApp.parent_handle={forking}"])
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        # Never back into the process it was forked from.
        os._exit(status)


def _end_with(asked: int, forking: int) -> None:
    """End this kernel, and what it started, when who asked for it or what forked it is gone."""
    while not connection.wait([asked], 1.0) and os.getppid() == forking:
        pass
    os.killpg(0, signal.SIGKILL)
