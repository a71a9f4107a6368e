"""Remove faults from a declaration and list them, so that the rest can be checked."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from accountability.errors import CodebookError
from accountability.records.codebook import Block, Codebook
from accountability.records.column import problem_list
from accountability.records.contract import Source
from accountability.records.inherited import declared as declared_in
from accountability.records.onboard.answer_lines import answer_lines
from accountability.records.onboard.points import Point
from accountability.records.yaml_text import CONFIRM, DECIDE, lines_of, undecided

Place = tuple[str, ...]

_UNKNOWN: Final = "not declared yet"
_CARD: Final[dict[str, Any]] = {
    **dict.fromkeys(("jurisdiction", "agency", "publisher", "obtained", "row_is", "licence", "citation"), _UNKNOWN),
    "unit": "allegation",
    "observed_until": None,
    "internal_complaints": "unknown",
    "sampling": {"rule": "complete", "open_cases": "unknown", "closing_date": True, "window": _UNKNOWN},
}
_NEEDED: Final = ("path", "sha256", "table", "columns")
_LEFT_OUT: Final = {"ignore": _UNKNOWN}
_NO_HASH: Final = "0" * 64
_ROUNDS: Final = 100
_MARK: Final = f"# {CONFIRM}:"


def left_to_decide(path: Path, declared: Mapping[str, Any]) -> list[Point]:
    """Return every ``DECIDE`` of a file, with its line and comment."""
    lines, text = lines_of(path), path.read_text(encoding="utf-8").splitlines()
    points = []
    for place in undecided(declared):
        where = f"{path.name}, line {lines[place]}"
        line, _, comment = text[lines[place] - 1].partition(" # ")
        written = answer_lines(place, line.rstrip(), comment)
        paste = "\n".join([f"# {where}: in its place one of", *written]) if written else ""
        points.append(Point("decide", where, f"{'.'.join(place)}: {comment}".rstrip(": "), paste=paste))
    return points


def undecided_closing(declared: Mapping[str, Any]) -> bool:
    """Return whether a column of closing days has an open decision."""
    return any(
        place[0] == "files" and place[2:3] == ("columns",) and _at(declared, place[:4]).get("stage") == "closed"
        for place in undecided(declared)
        if len(place) > 4
    )


def guesses(path: Path) -> list[Point]:
    """Return the guesses that a person must confirm, and the number of other marked guesses."""
    lines = list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    points = [
        Point(
            "confirm", f"{path.name}, line {n}", f"{line.split(_MARK, 1)[0].strip()}: {line.split(_MARK, 1)[1].strip()}"
        )
        for n, line in lines
        if _MARK in line
    ]
    marked = [n for n, line in lines if "# GUESS:" in line]
    if marked:
        shown = ", ".join(map(str, marked[:12])) + (" …" if len(marked) > 12 else "")
        what = f"lines {shown}; delete the comment of each you agree with"
        points.append(Point("guesses", path.name, what, len(marked), False))
    return points


def repaired(declared: Mapping[str, Any], folder: Path) -> tuple[Source | None, list[Point]]:
    """Return the declaration without its faults.

    Parameters
    ----------
    declared : mapping
        ``source.yaml`` as read.
    folder : Path
        Its folder.

    Returns
    -------
    source : Source or None
        The usable part: faulty columns are not used, a faulty card is completed, faulty files are left out. ``None`` if
        no file is left.
    points : list of Point
        All faults not already marked ``DECIDE``.
    """
    lines, points, told = lines_of(folder / "source.yaml"), [], set()
    draft = copy.deepcopy(dict(declared))
    waiting = undecided(declared)
    for _ in range(_ROUNDS):
        try:
            source = Source.model_validate(draft)
        except ValidationError as error:
            found = problem_list(error, lines)
            for place, text in found:
                # The hash of a file beside the declaration is told when the file is read.
                known = place[2:] == ("sha256",) and "url" not in _at(draft, place[:2])
                known |= any(place[: len(left)] == left or left[: len(place)] == place for left in waiting)
                if not known and text not in told:
                    told.add(text)
                    points.append(Point("declaration", "source.yaml", text))
            before = copy.deepcopy(draft)
            for place, _ in found:
                _leave_out(draft, place)
            if draft == before or not draft.get("files"):
                return None, points
        else:
            if source.source != folder.name:
                where = f"source.yaml, line {lines[('source',)]}" if ("source",) in lines else "source.yaml"
                named = f"source is {source.source!r}, the folder is named {folder.name!r}; make them equal"
                if ("source",) not in waiting and draft.get("source") == declared.get("source"):
                    points.append(Point("declaration", where, named))
                source = source.model_copy(update={"source": folder.name})
            return source, points
    return None, points


def _at(draft: Any, place: Place) -> Any:
    """What stands at a place of mappings; an empty one where there is none."""
    for key in place:
        draft = draft.get(key, {}) if isinstance(draft, dict) else {}
    return draft


def _leave_out(draft: dict[str, Any], place: Place) -> None:
    """Take what stands at a place out of the draft, or put something harmless there."""
    top, rest = place[0] if place else "", place[1:]
    files = draft.get("files")
    if top in ("source", "title"):
        draft[top] = _UNKNOWN
    elif top == "card":
        card = draft.get("card")
        draft["card"] = {**_CARD, **card} if isinstance(card, dict) else dict(_CARD)
        if rest and rest[0] in _CARD:
            draft["card"][rest[0]] = copy.deepcopy(_CARD[rest[0]])
        elif rest:
            draft["card"].pop(rest[0], None)
    elif top == "files" and isinstance(files, dict) and rest and isinstance(files.get(rest[0]), dict):
        file = files[rest[0]]
        columns = file.get("columns")
        if len(rest) >= 3 and rest[1] == "columns" and isinstance(columns, dict) and rest[2] in columns:
            columns[rest[2]] = dict(_LEFT_OUT)
        elif rest[1:] == ("sha256",):
            file["sha256"] = _NO_HASH
        elif len(rest) >= 2 and rest[1] not in _NEEDED and rest[1] in file:
            del file[rest[1]]
        else:
            del files[rest[0]]
    elif top == "files" and isinstance(files, dict) and rest:
        files.pop(rest[0], None)
    else:
        draft.pop(top, None)


def codebooks_named(declared: Any) -> set[str]:
    """Return the codebook blocks that a declaration names."""
    if isinstance(declared, dict):
        own = {declared["codebook"]} if isinstance(declared.get("codebook"), str) else set()
        return own.union(*(codebooks_named(value) for value in declared.values()))
    if isinstance(declared, list):
        return set().union(*(codebooks_named(value) for value in declared))
    return set()


def repaired_codebook(folder: Path, used: set[str]) -> tuple[Codebook, list[Point]]:
    """Return the codebook without its faulty entries.

    Parameters
    ----------
    folder : Path
    used : set of str
        Blocks that some column names; the others are reported.

    Raises
    ------
    SourceError
        If the file is not YAML.
    """
    path = folder / "codebook.yaml"
    declared = declared_in(folder, path.name)
    lines: dict[tuple[str, ...], int] = lines_of(path) if path.is_file() else {(): 1}
    blocks: dict[str, Block] = {}
    points: list[Point] = []
    for name, block in declared.items():
        made, wrong = _block(name, block)
        for place, text in wrong:
            line = next(lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines)
            points.append(Point("declaration", f"codebook.yaml, line {line}", text))
        if made is not None:
            blocks[name] = made
        if name not in used and (name,) in lines:
            line = lines[(name,)]
            points.append(
                Point("declaration", f"codebook.yaml, line {line}", f"no column uses block {name!r}", open=False)
            )
    return Codebook(blocks), points


def _block(name: str, declared: Any) -> tuple[Block | None, list[tuple[Place, str]]]:
    """One block without the entries that are wrong or left to decide."""
    if not isinstance(declared, Mapping):
        return None, [] if declared == DECIDE else [((name,), _said(name, declared) or "")]
    head = {k: v for k, v in declared.items() if k not in ("values", "rules") and not undecided(v)}
    head.setdefault("authority", _UNKNOWN) if declared.get("authority") == DECIDE else None
    wrong = _said(name, head)
    if wrong:
        return None, [((name,), wrong)]
    found: list[tuple[Place, str]] = []
    good: dict[str, Any] = {"values": {}, "rules": []}
    values, rules = declared.get("values"), declared.get("rules")
    for key, empty in (("values", {}), ("rules", [])):
        given = declared.get(key)
        if given is not None and given != DECIDE and not isinstance(given, type(empty)):
            found.append(((name, key), _said(name, {**head, key: given}) or ""))
    for raw, stated in values.items() if isinstance(values, dict) else ():
        if undecided(stated):
            continue
        said = _said(name, {**head, **good, "values": {**good["values"], raw: stated}, "rules": []})
        if said:
            found.append(((name, "values", raw), said))
        else:
            good["values"][raw] = stated
    for at, rule in enumerate(rules if isinstance(rules, list) else ()):
        said = None if undecided(rule) else _said(name, {**head, **good, "rules": [*good["rules"], rule]})
        if said:
            found.append(((name, "rules", str(at)), said))
        elif not undecided(rule):
            good["rules"].append(rule)
    return Block.of(name, {**head, **good}), found


def _said(name: str, declared: Any) -> str | None:
    try:
        Block.of(name, declared)
    except CodebookError as error:
        return str(error)
    return None
