"""An environment of their own for the packages that the benchmarks time beside this one.

lifelines cannot share ours (it wants an older pandas). A package that does not install is left out, and named with the
reason.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PACKAGES: Final = ("lifelines", "scikit-survival", "surpyval", "statsmodels", "comprisk")


def installer() -> list[str]:
    """The uv that the lock installed beside this interpreter, else another one, else the module."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    return [found] if found else [sys.executable, "-m", "uv"]


def environment(folder: Path, packages: tuple[str, ...] = PACKAGES) -> Path:
    """Make the environment with uv and give its interpreter."""
    home = folder / "peers"
    python = home / "bin" / "python"
    uv = installer()
    subprocess.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, home], check=True)
    for package in packages:
        done = subprocess.run(
            [*uv, "pip", "install", "-q", "--python", python, package], capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"{package} did not install and is not timed: {reason[:100]}")
    return python


def versions(python: Path, packages: tuple[str, ...] = PACKAGES) -> str:
    """Versions of the packages an environment holds, in one line."""
    code = (
        "from importlib.metadata import version, PackageNotFoundError\n"
        f"for name in {(*packages, 'numpy', 'pandas', 'scipy')!r}:\n"
        "    try: print(name, version(name), end='; ')\n"
        "    except PackageNotFoundError: print(name, 'absent', end='; ')\n"
    )
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.rstrip("; ")


def machine() -> str:
    """The processor, and how many of them."""
    import os
    import platform

    found = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return f"{found[0] if found else platform.processor()}, {os.cpu_count()} processors, {platform.platform()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []
