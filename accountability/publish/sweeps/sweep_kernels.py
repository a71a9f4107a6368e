"""Kernels forked from a process that has imported everything, in place of kernels that each import it again.

A kernel started this way differs from a fresh one in the time its imports take, and in that statsmodels, being imported
already, has said how its own warnings are shown. The tests compare what notebooks, tables and figures hold.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from accountability.errors import SourceError
from accountability.publish.execute import kernel_environment

if TYPE_CHECKING:
    from types import TracebackType

_PROGRAM: Final = "accountability.publish.sweeps.sweep_preload"
_PATIENCE: Final = 120.0


class Preloaded:
    """A process that has imported what studies import and forks kernels on demand; used as a context.

    Whatever ends the process that holds this, ``SIGKILL`` included, ends the kernels too.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._ready = False
        # One request at a time; the answers have a line each.
        self._asking = threading.Lock()

    def __enter__(self) -> Preloaded:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | kernel_environment(),
                start_new_session=True,
            )
        self._line = ours
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.wait()

    @property
    def ended(self) -> bool:
        """Whether the process is gone, so that it forks no more."""
        return self._process is not None and self._process.poll() is not None

    def kernel(self, arguments: list[str], environment: dict[str, str], folder: str) -> Forked:
        """Fork a kernel.

        Parameters
        ----------
        arguments : list of str
            Its command line, the program first.
        environment : dict
            All of its environment.
        folder : str
            Where it runs.

        Returns
        -------
        Forked
            The kernel.

        Raises
        ------
        SourceError
            The process that should fork it has ended.
        """
        with self._asking:
            self._await_ready()
            assert self._line is not None
            ours, theirs = socket.socketpair()
            request = json.dumps({"arguments": arguments, "environment": environment, "folder": folder})
            try:
                with theirs:
                    socket.send_fds(self._line, [request.encode() + b"\n"], [theirs.fileno()])
                return Forked(ours)
            except OSError:
                ours.close()
                raise SourceError("the process that forks the kernels has ended; its message stands above") from None

    def _await_ready(self) -> None:
        if self._ready:
            return
        assert self._line is not None
        self._line.settimeout(_PATIENCE)
        if self._line.recv(16) != b"ready\n":
            raise SourceError("the process that forks the kernels ended while it imported; its message stands above")
        self._line.settimeout(None)
        self._ready = True

    def provisioner(self, manager: Any) -> Any:
        """Make what starts the kernel of one kernel manager.

        Parameters
        ----------
        manager : jupyter_client.KernelManager
            The manager.

        Returns
        -------
        jupyter_client.provisioning.LocalProvisioner
            Starts the kernel by forking it.
        """
        from jupyter_client.provisioning import LocalProvisioner

        preloaded = self

        class Forking(LocalProvisioner):
            async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
                # cmd is `python -m ipykernel_launcher -f FILE`
                launcher = cmd.index("ipykernel_launcher")
                folder = str(options.get("cwd") or Path.cwd())
                forked: Any = preloaded.kernel(cmd[launcher:], dict(options["env"]), folder)
                self.process, self.pid = forked, forked.pid
                self.cwd = folder
                return self.connection_info

        return Forking(kernel_id=str(uuid4()), kernel_spec=manager.kernel_spec, parent=manager)


class Forked:
    """A forked kernel, spoken to as to a :class:`subprocess.Popen`.

    Attributes
    ----------
    pid : int
        Number of the process.
    returncode : int or None
        How it ended; below zero the signal that ended it, ``None`` while it runs.
    """

    stdin = stdout = stderr = None

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._said = b""
        self.returncode: int | None = None
        self.pid = self._hear(block=True)["pid"]
        if not self.pid:
            raise BrokenPipeError

    def _hear(self, block: bool) -> dict[str, int]:
        """The next fact said about the kernel; nothing when there is none yet."""
        while b"\n" not in self._said:
            try:
                came = self._line.recv(4096, 0 if block else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return {}
            except ConnectionError:
                came = b""
            if not came:
                # The process that forked it has ended, and with it the kernel.
                return {"pid": 0, "code": -int(signal.SIGKILL)}
            self._said += came
        line, self._said = self._said.split(b"\n", 1)
        heard: dict[str, int] = json.loads(line)
        return heard

    def poll(self) -> int | None:
        """How it ended, or ``None``."""
        if self.returncode is None:
            self._ended(self._hear(block=False))
        return self.returncode

    def wait(self) -> int:
        """Wait for its end and say how it ended."""
        while self.returncode is None:
            self._ended(self._hear(block=True))
        return self.returncode

    def _ended(self, heard: dict[str, int]) -> None:
        if "code" in heard:
            self.returncode = heard["code"]
            self._line.close()

    def send_signal(self, wanted: int) -> None:
        """Send it a signal; one that has ended is let be."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self._line.sendall(f"{int(wanted)} ".encode())

    def terminate(self) -> None:
        """End it."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
