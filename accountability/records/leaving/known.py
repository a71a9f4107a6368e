"""What must not be shared (names and narratives of the source's files, the key, this machine), and what may be.

The raw files are read during the check and not kept. A word of the project itself (in its code, notebooks, the source's
declaration or codebook) is allowed alone, even if it is a surname; a first name next to its surname never is.
"""

from __future__ import annotations

import base64
import getpass
import json
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from accountability.errors import AccountabilityError, FetchError
from accountability.records import pseudonyms, readers
from accountability.records.assemble import file_format
from accountability.records.column import Column
from accountability.records.contract import File, Source, file_paths, read_source
from accountability.records.dropped_cells import dropped
from accountability.records.leaving.writings import plain
from accountability.records.places import PACKAGE, notebooks_dir, source_folder, study_homes

if TYPE_CHECKING:
    import pandas as pd

WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
#: A run of this many words of a narrative is not met by chance.
RUN: Final = 7
_SHORTEST: Final = 4
_LEVELS: Final = 400
TOKEN: Final = re.compile(r"[^\W_](?:[\w.:/#()+'’@-]*[^\W_])?")
#: Eight letters of base64 of which an end is no letter, so that they are no whole token.
_EDGED: Final = re.compile(r"(?<![\w+/=-])(?:[-_+/][\w+/-]{7}|[\w+/-]{7}[-_+/])(?![\w+/=-])")
_DECIMAL: Final = re.compile(r"\d*\.\d+(?:e-?\d+)?")
_DASHES: Final = re.compile(r"[/:_()@]+")
_DAY: Final = re.compile(
    r"(?<![\d.])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)|(?:19|20)\d{6}"
    r"|\d{1,2}(?:st|nd|rd|th)?\.?(?: of)? [A-Z][a-z]{2,8}\.?,? \d{4}"
    r"|[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})(?![\d.])"
)
_SHORTEST_VALUE: Final = 5
_LONGEST_VALUE: Final = 60
_DIGITS: Final = 7
#: Seconds or milliseconds since 1970, as another program writes a day.
_EPOCH: Final = re.compile(r"(?<![\w.])(-?\d{7,12})(?:\.0+)?(?![\w.])")
PLACE: Final = 3


@dataclass(frozen=True, slots=True)
class Known:
    """The texts with which a report is compared.

    Attributes
    ----------
    pairs : frozenset of (str, str)
        Two parts of one person's name, in the form of :func:`plain`.
    surnames : frozenset of str
        Every part of a name, including words of the project.
    names : frozenset of str
        Single parts of names that are not words of the project, also backwards, and names written as one word.
    runs : frozenset of int
        Hashes of every seven words in a row of the source's narratives.
    project_words : frozenset of str
        Words in the project and the declarations.
    own_words : frozenset of str
        These, and the words of the terms that the sources publish.
    own_text : str
        The declarations and notebooks, for looking up addresses.
    values : frozenset of str
        Every other identifying value of the source's files (numbers of cases and people and their pseudonyms, dates of
        birth, contacts), letters and digits only; ``day`` and ``short`` before days and before numbers of few digits.
    places : frozenset of int
        Hashes of the first words of the source's addresses.
    secrets : tuple of str
        The key in all its written forms.
    machine : frozenset of str
        This user's folder, name and machine.
    case_files : frozenset of str
        Sources of single reported cases.
    notes : tuple of str
        What could not be compared, and why.
    """

    pairs: frozenset[tuple[str, str]]
    surnames: frozenset[str]
    names: frozenset[str]
    runs: frozenset[int]
    values: frozenset[str]
    places: frozenset[int]
    project_words: frozenset[str]
    own_words: frozenset[str]
    own_text: str
    secrets: tuple[str, ...]
    machine: frozenset[str]
    case_files: frozenset[str]
    notes: tuple[str, ...]


def known(sources: Iterable[str]) -> Known:
    """Read the texts that a report on these sources must not contain.

    A source that is not available is named in ``notes``; the patterns of names still apply.
    """
    pairs: set[tuple[str, str]] = set()
    runs: set[int] = set()
    values: set[str] = set()
    places: set[int] = set()
    levels: set[str] = set()
    texts: list[str] = []
    notes: list[str] = []
    single: set[str] = set()
    bodies: set[tuple[str, str]] = set()
    for name in sorted(set(sources)):
        try:
            folder = source_folder(name)
            source = read_source(folder)
        except AccountabilityError:
            notes.append(f"{name}: the source is not here, so its names and narratives were not compared")
            continue
        told_singly = source.card.sampling.rule == "case_files"
        single |= {name} if told_singly else set()
        bodies |= _bodies(source)
        texts += [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
        try:
            for file, table, removed in _raw(source, folder):
                pairs |= _pairs(removed)
                runs |= _runs(removed)
                # A single case stands under a name that we gave it, and its report says which case it is.
                told = [one for one in removed if not (told_singly and one[0] in ("id", "hidden"))]
                values |= _values(told) | _pseudonyms(source, told)
                places |= _addresses(removed)
                levels |= _levels(file, table)
        except FetchError:
            notes.append(f"{name}: its files are not fetched, so its names and narratives were not compared")
    pairs -= bodies
    own_text = "\n".join([_project_text(), *texts])
    written = _project_words() | {plain(word) for text in texts for word in set(WORD.findall(text))}
    own = written | levels
    parts = {part for pair in pairs for part in pair if len(part) >= _SHORTEST}
    return Known(
        pairs=frozenset(pairs),
        surnames=frozenset(parts),
        names=frozenset((parts | {part[::-1] for part in parts} | _as_one_word(pairs)) - own),
        runs=frozenset(runs),
        values=frozenset(value for value in values if value not in own),
        places=frozenset(places),
        project_words=written,
        own_words=own,
        own_text=own_text,
        secrets=_secrets(),
        machine=_machine(),
        case_files=frozenset(single),
        notes=tuple(notes),
    )


def _bodies(source: Source) -> set[tuple[str, str]]:
    """Neighbouring words in the names of the agency and its publisher, which stand in columns of names as well."""
    found = set()
    for text in (source.title, source.card.jurisdiction, source.card.agency, source.card.publisher):
        parts = [plain(word) for word in WORD.findall(text)]
        for step in (1, 2):
            found |= {pair for one in zip(parts, parts[step:], strict=False) for pair in (one, one[::-1])}
    return found


def runs_of(text: str, length: int = RUN, word: re.Pattern[str] = WORD) -> Iterator[int]:
    """Hash every seven words in a row."""
    words = [plain(found) for found in word.findall(text)]
    for at in range(len(words) - length + 1):
        yield hash(tuple(words[at : at + length]))


def told_values(text: str) -> Iterator[str]:
    """Return possible identifying values in a text: its tokens, and dates of birth in declared formats."""
    for token in TOKEN.findall(text):
        if _DECIMAL.fullmatch(token):
            continue
        value = plain(token)
        if len(value) >= _SHORTEST_VALUE:
            yield value
        for part in _DASHES.split(token):
            yield plain(part)
        if part := _of_a_pseudonym(token):
            yield part
    yield from filter(None, map(_of_a_pseudonym, _EDGED.findall(text)))
    for count in _EPOCH.findall(text):
        seconds = int(count) // 1000 if len(count.lstrip("-")) > 10 else int(count)
        if seconds % 3600 == 0:
            yield (datetime(1970, 1, 1) + timedelta(seconds=seconds)).strftime("day %Y%m%d")
    for day in _DAY.finditer(text):
        yield from _day(day[0])


def _of_a_pseudonym(token: str) -> str:
    """The pseudonym that a token is without its beginning: as twelve hexadecimal digits, a number, or base64."""
    if len(token) == 12:
        return f"p{token.lower()}"
    if token.isdigit() and 11 <= len(token) <= 15:
        return f"p{int(token):012x}"
    if len(token) != 8:
        return ""
    try:
        return f"p{base64.urlsafe_b64decode(token.replace('+', '-').replace('/', '_')).hex()}"
    except ValueError:
        return ""


def _day(text: str) -> Iterator[str]:
    """The day of a date as eight digits; both days where month and day may be the other way round."""
    import dateutil.parser

    for first in (False, True):
        try:
            read = dateutil.parser.parse(text, dayfirst=first)
            # Of two digits of a year, the century before may be meant.
            yield from (f"day {year}{read:%m%d}" for year in {read.year, read.year - 100 * (read.year > 2000)})
        except (ValueError, OverflowError):
            return


def _raw(source: Source, folder: Path) -> Iterator[tuple[File, pd.DataFrame, list[tuple[str, pd.DataFrame]]]]:
    """Each file with what is published of it, and what is removed: names and narratives, by columns and by cells."""
    wanted = {}
    for key, file in source.files.items():
        cells = [(name, one) for name, column in file.columns.items() for one in column.drop_cells]
        needed = {other for _, one in cells for other in one.when} | {name for name, _ in cells}
        needed |= {name for name, column in file.columns.items() if _kind(column) or _shown(column)}
        wanted[key] = [name for name in file.columns if name in needed]
    paths = file_paths(source, folder)
    for key, file in source.files.items():
        if wanted[key]:
            table = readers.read(paths[key], file_format(file, source.names[key]), columns=wanted[key]).frame
            whole: dict[str, list[str]] = {}
            for name in table.columns:
                if kind := _kind(file.columns[name]):
                    whole.setdefault(kind, []).append(name)
            removed = [(kind, table[columns]) for kind, columns in whole.items()]
            numbered = table.assign(source_row=range(1, len(table) + 1))
            for name, column in file.columns.items():
                for cell in column.drop_cells:
                    gone = dropped(cell, numbered[name], numbered, f"{source.names[key]}, column {name!r}")
                    removed.append((cell.kind, numbered.loc[gone, [name]]))
                    table = table.assign(**{name: table[name].mask(gone)})
            yield file, table, removed


def _kind(column: Column) -> str | None:
    """What kind of identifying value a column holds; ids are hidden behind pseudonyms, and identify as well."""
    return column.drop or ("hidden" if column.pseudonym else "id" if column.to in ("case_id", "officer_id") else None)


def _as_one_word(pairs: set[tuple[str, str]]) -> set[str]:
    """Names without a gap, as users of a computer are named: both parts, or an initial and the other."""
    return {one + other for one, other in pairs} | {
        one[0] + other for one, other in pairs if len(other) >= _SHORTEST + 1
    }


def _pseudonyms(source: Source, removed: Sequence[tuple[str, pd.DataFrame]]) -> set[str]:
    """The pseudonyms of the ids, where there is a key that others were made with."""
    if source.generated or not pseudonyms.key_file().is_file():
        return set()
    made = pseudonyms.Pseudonyms(source.source, pseudonyms.key())
    ids = (table[name].dropna().str.strip() for kind, table in removed if kind == "hidden" for name in table.columns)
    return {plain(hidden) for several in ids for hidden in made(several).unique()}


def _cells(removed: Sequence[tuple[str, pd.DataFrame]], *kinds: str) -> Iterator[str]:
    for kind, table in removed:
        if kind in kinds:
            for name in table.columns:
                yield from map(str, table[name].dropna().unique())


def _values(removed: Sequence[tuple[str, pd.DataFrame]]) -> set[str]:
    """Ids, shields, contacts and whatever else is one value, and days of birth.

    Digits alone are compared when there are seven or more: fewer are counts and days too often, and are found by the
    words beside them or as a column of them.
    """
    others = {kind for kind, _ in removed} - {"name", "free_text", "birth_date", "address"}
    told = {plain(cell) for cell in _cells(removed, *others) if len(cell) <= _LONGEST_VALUE}
    short = {f"short {value}" for value in told if value.isdigit() and 3 <= len(value) < _DIGITS}
    told = {value for value in told if len(value) >= (_DIGITS if value.isdigit() else _SHORTEST_VALUE)}
    told = {value for value in told if any(sign.isdigit() for sign in value)} | short
    for cell in _cells(removed, "birth_date"):
        told |= {day for found in [_DAY.search(cell)] if found for day in _day(found[0])}
    return told


def _addresses(removed: Sequence[tuple[str, pd.DataFrame]]) -> set[int]:
    found = set()
    for cell in _cells(removed, "address"):
        if cell[:1].isdigit():
            found |= set(list(runs_of(cell, PLACE, TOKEN))[:1])
    return found


def _shown(column: Column) -> bool:
    """Whether a column's texts are published as they are."""
    return column.to not in (None, "case_id", "officer_id") and not column.pseudonym and column.type == "text"


def _pairs(removed: Sequence[tuple[str, pd.DataFrame]]) -> set[tuple[str, str]]:
    found = set()
    rows = (row for kind, table in removed if kind == "name" for row in table.drop_duplicates().itertuples(index=False))
    for row in rows:
        parts = [plain(word) for cell in row if isinstance(cell, str) for word in WORD.findall(cell)]
        long = list(dict.fromkeys(part for part in parts if len(part) > 1))
        found |= {(one, other) for one in long for other in long if one != other}
        if len(long) == 1:
            found.add((long[0], long[0]))
    return found


def _runs(removed: Sequence[tuple[str, pd.DataFrame]]) -> set[int]:
    texts = (table[name].dropna().unique() for kind, table in removed if kind == "free_text" for name in table.columns)
    return {run for several in texts for text in several for run in runs_of(text)}


def _levels(file: File, table: pd.DataFrame) -> set[str]:
    found = set()
    for name in table.columns:
        if _shown(file.columns[name]):
            values = table[name].dropna().unique()
            if len(values) <= _LEVELS:
                found |= {plain(word) for value in values for word in WORD.findall(value)}
    return found


@cache
def _project_text() -> str:
    written = [path for ending in ("py", "j2", "yaml") for path in sorted(PACKAGE.rglob(f"*.{ending}"))]
    paths = [path for path in written if "_data" not in path.parts] + sorted(notebooks_dir().glob("*.ipynb"))
    paths += [path for home in study_homes() for path in (home / f"{home.name}.py", home / f"{home.name}.ipynb")]
    return "\n".join(_source_of(path) for path in paths)


@cache
def _project_words() -> frozenset[str]:
    return frozenset(plain(word) for word in set(WORD.findall(_project_text())))


def _source_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    # Only what was written by hand: a name in a stored output would make itself an own word.
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def _secrets() -> tuple[str, ...]:
    path = pseudonyms.key_file()
    if not path.is_file():
        return ()
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return (text,) if len(text) >= 16 else ()
    others = {base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b32encode(raw), base64.b85encode(raw)}
    spaced = {raw.hex(mark) for mark in ": -,"}
    numbers = {str(int(text, 16)), ", ".join(map(str, raw)), ",".join(map(str, raw)), " ".join(map(str, raw))}
    forms = {text.lower()[:32], text.lower()[32:], *(one.decode().rstrip("=") for one in others), *spaced, *numbers}
    return tuple(sorted(forms | {form.upper() for form in (text[:32], text[32:], *spaced)}))


def _machine() -> frozenset[str]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    return frozenset(word for word in (str(Path.home()), user, platform.node()) if len(word) >= _SHORTEST)
