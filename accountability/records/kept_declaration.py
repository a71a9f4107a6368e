"""Keep a checked declaration beside the coded tables, so that it is neither read as YAML nor checked again.

What is kept stands for the very bytes that were checked, under the code that checked them; for anything else, and
wherever the file is damaged, the declaration is read. Only plain values are kept: reading them runs nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pydantic

from accountability import __version__
from accountability.records import cache, inherited
from accountability.records.cache import OFF_VARIABLE, own_code
from accountability.records.column import Strict


def kept(folder: Path, name: str = "source.yaml") -> Any:
    """Return what a checked declaration of a source says; ``None`` if none is kept of what its files say now."""
    if os.environ.get(OFF_VARIABLE):
        return None
    try:
        digest, text = _place(folder, name).read_text(encoding="utf-8").split("\n", 1)
        if digest != hashlib.sha256(text.encode()).hexdigest():
            return None
        found = json.loads(text)
        if found["code"] != _code():
            return None
        inherited.LIKES.update(found["likes"])
        return _checked(found["said"]) if _hashes(folder, name) == found["of"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(folder: Path, said: Any, name: str = "source.yaml") -> None:
    """Keep a checked declaration; a full or read-only disk, or a value that is not plain, is no reason to stop."""
    if os.environ.get(OFF_VARIABLE):
        return
    try:
        likes = {digest: inherited.LIKES[digest] for digest in _hashes(folder, "source.yaml")}
        text = json.dumps({"code": _code(), "likes": likes, "of": _hashes(folder, name), "said": _plain(said)})
        place = _place(folder, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(f".{os.getpid()}")
        part.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", encoding="utf-8")
        os.replace(part, place)
    except (OSError, TypeError):
        return


def _place(folder: Path, name: str) -> Path:
    return cache.cache_dir() / "declared" / f"{folder.name}.{name.removesuffix('.yaml')}.json"


def _code() -> list[str]:
    return [__version__, own_code(), pydantic.VERSION, sys.version]


def _hashes(folder: Path, name: str) -> list[str]:
    """Hashes of a declaration file and of those it is like; empty for a release without one."""
    files = [place / name for place in inherited.line_of_releases(folder)]
    return [cache.sha256(file) if file.is_file() else "" for file in files]


def _plain(value: Any) -> Any:
    if isinstance(value, Strict):
        fields = {name: _plain(held) for name, held in value.__dict__.items()}
        return {"part": [type(value).__module__, type(value).__name__, sorted(value.model_fields_set), fields]}
    if isinstance(value, dict):
        return {"map": [[_plain(key), _plain(held)] for key, held in value.items()]}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    if isinstance(value, tuple):
        return {"tuple": [_plain(held) for held in value]}
    if type(value) is dt.date:
        return {"day": value.isoformat()}
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _checked(value: Any) -> Any:
    if isinstance(value, list):
        return [_checked(held) for held in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "map":
        return {_checked(key): _checked(one) for key, one in held}
    if kind == "tuple":
        return tuple(_checked(one) for one in held)
    if kind == "day":
        return dt.date.fromisoformat(held)
    module, name, known, fields = held
    part = getattr(sys.modules[module], name)
    return part.model_construct(set(known), **{field: _checked(one) for field, one in fields.items()})
