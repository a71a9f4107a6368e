"""Read YAML declarations: text keys, no repeated key, and no open decision."""

from __future__ import annotations

import pickle
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lazy_loader

from accountability.errors import SourceError

if TYPE_CHECKING:
    import yaml
else:
    yaml = lazy_loader.load("yaml")

CONFIRM = "CONFIRM"  # marks a guess that a person has to confirm before anything is loaded with it
DECIDE = "DECIDE"  # stands in a proposed declaration for what only a person can know
DEEPEST = 50
MOST_VALUES = 1_000_000


@cache
def _text_keys() -> Any:
    """YAML whose mapping keys stay text (``NO``, ``007``) and may not repeat."""

    class TextKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    TextKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
    return TextKeys


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        key = key_node.value
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
        try:
            result[key] = loader.construct_object(value_node, deep=True)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            # PyYAML lets Python's own errors through, for instance for 2020-02-30
            problem = f"the value of {key!r} cannot be read: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, value_node.start_mark) from None
    return result


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping: keys are text, a repeated key is an error.

    Raises
    ------
    SourceError
        For invalid YAML; names the file and the line.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}, line {line}: cannot be read as UTF-8 text: {error}") from None
    try:
        found = pickle.loads(_read(text, path))
    except SourceError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise SourceError(f"{path}: a value cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{where}: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(found, dict):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise SourceError(f"{path}, line 1: expected a YAML mapping (lines such as `key: value`), found {what}")
    return found


@lru_cache(256)
def _read(text: str, path: Path) -> bytes:
    """Read a text, and keep what it says: every study asks the same declarations again whether it can be answered."""
    _refuse_excess(text, path)
    return pickle.dumps(yaml.load(text, Loader=_text_keys()))


def _refuse_excess(text: str, path: Path) -> None:
    """Stop at text that is nested so deeply, or whose aliases stand for so much, that building it would break down."""
    sizes: dict[str, int] = {}
    inside: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=_text_keys()):
        where = f"{path}, line {event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append((event.anchor, 0))
            if len(inside) > DEEPEST:
                raise SourceError(f"{where}: nested more than {DEEPEST - 1} deep; no declaration is")
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise SourceError(f"{where}: the alias *{event.anchor} stands before or inside what it names")
            anchor, size = None, sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = inside.pop()
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size + 1
        above, held = inside[-1]
        inside[-1] = (above, held + size + 1)
        if inside[-1][1] > MOST_VALUES:
            raise SourceError(f"{where}: with its aliases written out it holds more than {MOST_VALUES:,} values")


def undecided(declared: Any, place: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the places where a declaration says ``DECIDE``, in order."""
    if isinstance(declared, dict):
        return [p for k, v in declared.items() for p in undecided(v, (*place, k))]
    if isinstance(declared, list):
        return [p for i, v in enumerate(declared) for p in undecided(v, (*place, str(i)))]
    return [place] if declared == DECIDE else []


def refuse_undecided(declared: dict[str, Any], path: Path) -> None:
    """Refuse a declaration with an open decision.

    Raises
    ------
    SourceError
        If there are any; counts and lists the places.
    """
    left = undecided(declared)
    if left:
        shown = ", ".join(".".join(place) for place in left[:8]) + (
            f" and {len(left) - 8} more" if len(left) > 8 else ""
        )
        raise SourceError(
            f"{path}: {len(left)} value(s) are still {DECIDE}: {shown}. `accountability check {path.parent.name}` "
            "lists them with what to choose from"
        )


def lines_of(path: Path) -> dict[tuple[str, ...], int]:
    """Return the line of each key and item of a YAML file; list items are counted from 0.

    Call it on a file that :func:`read_yaml` has read.
    """
    found: dict[tuple[str, ...], int] = {(): 1}

    def walk(node: yaml.Node, place: tuple[str, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                found[*place, key.value] = key.start_mark.line + 1
                walk(value, (*place, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for at, item in enumerate(node.value):
                found[*place, str(at)] = item.start_mark.line + 1
                walk(item, (*place, str(at)))

    whole = yaml.compose(path.read_text(encoding="utf-8"), Loader=_text_keys())
    if whole is not None:
        walk(whole, ())
    return found
