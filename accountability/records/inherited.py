"""Inherited declarations: ``like: NAME`` takes everything else from another release of the same agency.

Mappings are merged by key, and ``null`` removes a key. Lists, texts and declarations of columns are replaced.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from accountability.errors import SourceError
from accountability.records.cache import sha256
from accountability.records.places import source_folder, source_names
from accountability.records.yaml_text import read_yaml

#: Below these keys a value is one answer, which is never mixed with another's.
_WHOLE: Final = ("columns", "values", "format", "repeats")
#: What declarations that were read are like, by their hash: asked again at every load.
LIKES: Final[dict[str, Any]] = {}


def line_of_releases(folder: Path) -> list[Path]:
    """Return the folders of a source and of those it is like, nearest first.

    Raises
    ------
    SourceError
        If a release is like an unknown one, or like itself through others.
    """
    found = [folder]
    while (path := found[-1] / "source.yaml").is_file() and (like := _like(path)) is not None:
        if not isinstance(like, str):
            raise SourceError(f"{path}: `like` takes the name of a source, found a {type(like).__name__}")
        beside = found[-1].parent / like
        base = beside if (beside / "source.yaml").is_file() else source_folder(like)
        if base.resolve() in [one.resolve() for one in found]:
            raise SourceError(f"{path}: like {like!r} leads back to itself; the first release declared stands alone")
        found.append(base)
    return found


def _like(path: Path) -> Any:
    digest = sha256(path)
    if digest not in LIKES:
        LIKES[digest] = read_yaml(path).get("like")
    return LIKES[digest]


def releases_like(name: str | Path) -> list[str]:
    """Return the names of all sources linked by ``like:`` with a source, ordered by the last day they cover."""
    first = line_of_releases(source_folder(name))[-1].name
    found = []
    for other in source_names():
        folder = source_folder(other)
        try:
            line = line_of_releases(folder)
        except SourceError:  # another source that cannot be read is no release of this one; `list` names it
            continue
        until = str(last_day(folder))
        # One that is like another and ends on no day of its own is the same release, with a file more.
        if line[-1].name == first and (until or len(line) == 1):
            found.append((until, other))
    return [other for _, other in sorted(found)]


def last_day(folder: Path) -> object:
    """Return the last day that a release says it covers, as it is written in its own declaration."""
    card: Any = read_yaml(folder / "source.yaml").get("card") or {}
    return card.get("observed_until", "") if isinstance(card, dict) else ""


def declared(folder: Path, name: str = "source.yaml") -> dict[str, Any]:
    """Return a declaration file of a source, merged with that of the release it is like."""
    made: dict[str, Any] = {}
    for place in reversed(line_of_releases(folder)):
        if (path := place / name).is_file():
            made = merged(made, read_yaml(path))
    return made


def merged(base: dict[str, Any], own: dict[str, Any], *, whole: bool = False) -> dict[str, Any]:
    """Return one declaration merged over another.

    Examples
    --------
    >>> merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"c": None, "e": 3}, "d": [2]})
    {'a': {'b': 1, 'e': 3}, 'd': [2]}
    """
    made = dict(base)
    for key, value in own.items():
        if value is None and key in base:
            del made[key]
        elif isinstance(value, dict) and isinstance(base.get(key), dict) and not whole:
            made[key] = merged(base[key], value, whole=key in _WHOLE)
        else:
            made[key] = value
    return made
