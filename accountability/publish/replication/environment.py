"""The locked environment of a package: the checkout's files, or the installed versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from accountability import __version__
from accountability.records.places import PACKAGE

LOCK: Final = "requirements.lock"
_CHECKOUT: Final = ("pyproject.toml", LOCK, "LICENSE", "CITATION.cff")


def checkout() -> Path | None:
    """Return the folder of the checkout from which the package runs, or ``None`` if it is installed."""
    return PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else None


def environment_files() -> dict[str, bytes]:
    """Return the files that fix the environment.

    Returns
    -------
    dict of str to bytes
        ``pyproject.toml`` and ``requirements.lock`` always; licence and citation if available. For an installed package
        the lock has the installed versions without hashes.
    """
    root = checkout()
    if root is not None and (root / LOCK).is_file():
        return {name: (root / name).read_bytes() for name in _CHECKOUT if (root / name).is_file()}
    lines = sorted({f"{name}=={version}" for name, version in _installed("accountability", set())}, key=str.casefold)
    lock = "\n".join(["# Versions installed when this package was built.", *lines]) + "\n"
    project = f'[project]\nname = "accountability"\nversion = "{__version__}"\nrequires-python = ">=3.11,<3.14"\n'
    return {"pyproject.toml": project.encode(), LOCK: lock.encode(), **_licence()}


def _installed(name: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in distribution(name).requires or ():
        wanted = Requirement(text)
        key = canonicalize_name(wanted.name)
        if key in seen or (wanted.marker is not None and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(key)
        try:
            yield key, distribution(key).version
        except PackageNotFoundError:
            continue
        yield from _installed(key, seen)


def _licence() -> dict[str, bytes]:
    try:
        files = distribution("accountability").files or []
    except PackageNotFoundError:
        return {}
    found = next((file for file in files if file.name == "LICENSE"), None)
    return {} if found is None else {"LICENSE": Path(str(found.locate())).read_bytes()}


def hashed(lock: bytes) -> bool:
    """Return whether a lock has the hash of every file."""
    text = lock.decode("utf-8")
    entries = len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE))
    return entries > 0 and len(re.findall(r"^\S+==.*\\$", text, re.MULTILINE)) == entries
