"""The process from which a sweep's kernels are forked: it has imported what a study imports, and done nothing else.

Started as ``python -m accountability.publish.sweeps.sweep_preload FD``, where FD is one end of a socket pair. Each
message on it carries one end of a further socket pair and asks for a kernel: its arguments, environment and folder. On
that second socket the process answers with the kernel's number, obeys signals to send it, and at last says how it
ended. When the first socket closes, because whoever started this has ended or was killed, every kernel is killed.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import traceback
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NoReturn

#: What studies import, beyond this package. Not the inline figures of IPython: they attach themselves to a kernel
#: when they are imported inside one, and would never show a figure if they had been imported before.
MODULES: Final = (
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completer",
    "IPython.display",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.dates",
    "matplotlib.pyplot",
    "numpy.testing",
    "pandera.pandas",
    "patsy",
    "pyarrow.csv",
    "pyarrow.feather",
    "scipy.cluster",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "seaborn",
    "statsmodels.api",
    "statsmodels.formula.api",
)
BYTES: Final = 1 << 20


def preload() -> None:
    """Import everything a study may need."""
    _import_as_in_a_kernel("pandas")
    import accountability

    own = [found.name for found in pkgutil.walk_packages(accountability.__path__, "accountability.")]
    for name in [*MODULES, *(name for name in own if not name.endswith("__main__"))]:
        # One that is not installed fails in the study that needs it, by name.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _import_as_in_a_kernel(name: str) -> None:
    """Import a package that asks, as it is imported, whether it is in a kernel: pandas shows wide tables otherwise."""
    asked: Any = builtins
    asked.get_ipython = lambda: SimpleNamespace(kernel=None)
    try:
        importlib.import_module(name)
    finally:
        del asked.get_ipython


def serve(asked: socket.socket) -> None:
    """Fork kernels until the socket closes.

    Parameters
    ----------
    asked : socket
        Where requests come in.
    """
    ears = selectors.DefaultSelector()
    ended, wake = socket.socketpair()
    for end in (ended, wake):
        end.setblocking(False)
    # The handler is empty: what matters is that a kernel's end wakes the selector.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    ears.register(asked, selectors.EVENT_READ)
    ears.register(ended, selectors.EVENT_READ)
    kernels: dict[int, socket.socket] = {}
    try:
        while True:
            for key, _ in ears.select():
                if key.fileobj is asked:
                    request, line = _request(asked)
                    if line is None:
                        return
                    number = _fork(request, [asked, ended, wake, line, *kernels.values()])
                    kernels[number] = line
                    ears.register(line, selectors.EVENT_READ, number)
                    _say(line, {"pid": number})
                elif key.fileobj is ended:
                    ended.recv(BYTES)
                    _bury(kernels, ears)
                elif key.data in kernels:
                    _obey(kernels, ears, key.data)
    finally:
        for number in kernels:
            _kill(number, signal.SIGKILL)


def _request(asked: socket.socket) -> tuple[dict[str, Any], socket.socket | None]:
    """The next request with its line; no line when there will be none."""
    said, handles, _, _ = socket.recv_fds(asked, BYTES, 1)
    while said and not said.endswith(b"\n"):
        more = asked.recv(BYTES)
        said = said + more if more else b""
    lines = [socket.socket(fileno=handle) for handle in handles]
    return (json.loads(said), lines[0]) if said and lines else ({}, None)


def _bury(kernels: dict[int, socket.socket], ears: selectors.BaseSelector) -> None:
    """Say of every kernel that has ended how it ended."""
    for number in list(kernels):
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            line = kernels.pop(number)
            if line.fileno() >= 0:
                ears.unregister(line)
                _say(line, {"code": os.waitstatus_to_exitcode(status)})
                line.close()


def _obey(kernels: dict[int, socket.socket], ears: selectors.BaseSelector, number: int) -> None:
    """Send a kernel the signal asked for; one whose line was hung up is ended."""
    line = kernels[number]
    try:
        message = line.recv(BYTES)
    except ConnectionError:
        message = b""
    if not message:
        ears.unregister(line)
        line.close()
        _kill(number, signal.SIGKILL)
    for wanted in message.split():
        _kill(number, int(wanted))


def _kill(number: int, wanted: int) -> None:
    # Only numbers of children not yet waited for are in the table, so this reaches no stranger.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(number, wanted)


def _say(line: socket.socket, fact: dict[str, int]) -> None:
    # Nobody listens any more when the kernel was ended on purpose.
    with contextlib.suppress(ConnectionError):
        line.sendall(json.dumps(fact).encode() + b"\n")


def _fork(request: dict[str, Any], not_its_own: list[socket.socket]) -> int:
    with warnings.catch_warnings():
        # From 3.12 on Python says that a fork beside threads may hang; those of numerical libraries are made for it.
        warnings.filterwarnings("ignore", "This process .* multi-threaded, use of fork", DeprecationWarning)
        number = os.fork()
    if number == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in not_its_own:
            end.close()
        _become_kernel(request)
    # Set on both sides, so that neither is too early for a signal to the group; a kernel may have ended by now.
    with contextlib.suppress(ProcessLookupError):
        os.setpgid(number, number)
    return number


def _become_kernel(request: dict[str, Any]) -> NoReturn:
    status = 1
    try:
        os.setpgid(0, 0)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"], JPY_PARENT_PID=str(os.getppid()))
        for added in reversed(os.environ.get("PYTHONPATH", "").split(os.pathsep)):
            if added and added not in sys.path:
                sys.path.insert(0, added)
        sys.argv = request["arguments"]
        import numpy as np
        from ipykernel import kernelapp

        # A study that draws without a seed must not draw what every other one draws; such draws, of pandas too, come
        # from NumPy's global generator, and every fork has the same one.
        np.random.seed(None)  # noqa: NPY002
        kernelapp.launch_new_instance(argv=[*sys.argv[1:], f"--IPKernelApp.parent_handle={os.getppid()}"])
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
        # Never back into the loop of the process it was forked from.
        os._exit(status)


def main() -> None:
    """Import, say so, and serve."""
    # As a kernel does at its start: what lies in the current folder must not pass for a library.
    if sys.path and (sys.path[0] == "" or Path(sys.path[0]) == Path.cwd()):
        del sys.path[0]
    asked = socket.socket(fileno=int(sys.argv[1]))
    preload()
    # What is there now is never collected, so that the kernels go on sharing its memory.
    gc.collect()
    gc.freeze()
    # Whoever asked may have been killed meanwhile.
    with contextlib.suppress(ConnectionError):
        asked.sendall(b"ready\n")
    serve(asked)


if __name__ == "__main__":
    main()
