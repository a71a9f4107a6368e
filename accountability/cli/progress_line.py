"""Progress of a command: one line on a terminal, rewritten when it changes; elsewhere a plain log."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class Line:
    """Called with ``(what, done, parts)`` of each task; made by :func:`progress_line`.

    It can be called from several threads. With `of` tasks, the percentage is that of all of them.
    """

    def __init__(self, quiet: bool, of: int) -> None:
        self.live = sys.stderr.isatty() and not quiet
        self._quiet, self._of = quiet, of
        self._shares: dict[str, float] = {}
        self._begun = time.monotonic()
        self._width = 0
        self._lock = threading.Lock()

    def __call__(self, what: str, done: int, parts: int) -> None:
        """Take what was done of how many parts."""
        with self._lock:
            before = self._shares.get(what)
            share = self._shares[what] = max(before or 0.0, done / parts if parts else 0.0)
            of = max(self._of, len(self._shares))
            ended = sum(one >= 1 for one in self._shares.values())
            if self.live:
                # All is done only when the command says so: a page is written after the last cell.
                percent = min(99, int(100 * sum(self._shares.values()) / of))
                running = ", ".join(name for name, one in self._shares.items() if one < 1)
                self._write(percent, f"{ended} of {of} done  {running}" if of > 1 else what)
            elif before is None:
                self.say(f"{what}: started")
            elif before < 1 <= share:
                self.say(f"{what}: ended after {self._elapsed}{f', {ended} of {of}' if of > 1 else ''}")

    def say(self, text: str) -> None:
        """Write a separate line above the progress line."""
        if not self._quiet:
            typer.echo(f"\r{text:<{self._width}}" if self.live else text, err=True)

    def end(self) -> None:
        """Say that all is done."""
        if self.live and self._shares:
            self._write(100, ", ".join(self._shares) if len(self._shares) == 1 else f"{len(self._shares)} done")

    def leave(self) -> None:
        """Keep the current line and begin a new one."""
        if self.live and self._width:
            typer.echo(err=True)

    @property
    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        return f"{minutes}:{seconds:02}"

    def _write(self, percent: int, words: str) -> None:
        # Written over without clearing first, which is what flickers; never wider than the terminal.
        text = f"{percent:>3} %  {self._elapsed}  {words}"[: shutil.get_terminal_size().columns - 1]
        typer.echo(f"\r{text:<{self._width}}", err=True, nl=False)
        self._width = len(text)


@contextmanager
def progress_line(quiet: bool = False, of: int = 1) -> Iterator[Line]:
    """Return a callable for the progress of `of` tasks, shown on standard error from the first call on."""
    line = Line(quiet, of)
    try:
        yield line
        line.end()
    finally:
        line.leave()
