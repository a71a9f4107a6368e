"""The sharing gate: a report is made again and checked, and is only shared if nothing is found."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from accountability.errors import ParameterError
from accountability.publish.finished import RECORD, any_record, sources_of
from accountability.publish.in_place import clear_left, put_file
from accountability.publish.sharing.count_rules import in_table
from accountability.publish.sharing.folder import files, of_files, of_folder
from accountability.publish.sharing.packing import make_anew
from accountability.publish.sharing.pieces import Link, Piece, Table, Text, Unreadable
from accountability.publish.sharing.shared_before import one_at_a_time, remember, together
from accountability.records.leaving.known import Known, known
from accountability.records.leaving.leak import Leak, masked
from accountability.records.leaving.word_rules import in_text

#: Endings of places that are names themselves: of files, and of keys.
_NAMED: Final = (", file name", ", key")
#: The first day a zip can name: the time of packing is nobody's business and would make each archive another.
_NO_DAY: Final = (1980, 1, 1, 0, 0, 0)
_SEVERAL: Final = 5
_BY_CHANCE: Final = 1e-4
_OF_COUNTS: Final = frozenset({"small cell", "difference", "one case"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings in a report.

    Attributes
    ----------
    folder : Path
        The report.
    leaks : tuple of Leak
        In order of place; empty if the report may be shared.
    looked_at : int
        Number of texts, tables, addresses and images checked.
    notes : tuple of str
        What could not be compared, and why.
    passed : tuple of str
        Files allowed by name, unchanged.
    told_singly : tuple of str
        Place prefixes of reports on single published cases, whose counts are not checked.
    """

    folder: Path
    leaks: tuple[Leak, ...]
    looked_at: int
    notes: tuple[str, ...]
    passed: tuple[str, ...] = ()
    told_singly: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the report may be shared."""
        return not self.leaks

    def __str__(self) -> str:
        lines = [f"{leak.place}\n  {leak.kind}: {leak.excerpt}\n  {leak.fix}" for leak in self.leaks]
        lines += [f"note: {note}" for note in self.notes] + [f"passed as it is: {name}" for name in self.passed]
        said = f"{len(self.leaks)} found" if self.leaks else "nothing found"
        return "\n".join([*lines, f"{said} in {self.looked_at:,} texts, tables and pictures of {self.folder.name}"])


def look_through(report: Path) -> Verdict:
    """Check a report, or a folder of reports, as it would be shared, without writing an archive.

    Parameters
    ----------
    report : Path
        Its folder, or a file beside its ``provenance.json`` or ``index.html``.

    Returns
    -------
    Verdict
        Every leak with its place.

    Raises
    ------
    ParameterError
        If there is no report.

    Notes
    -----
    The report is made anew (:mod:`accountability.publish.sharing.packing`): foreign or changed files are reported, and
    hidden content of files is not copied. The result is checked for identifying values of the source (by value, and by
    pattern), narratives, keys, paths of the machine, counts below ten and numbers that reveal one
    (:mod:`accountability.publish.sharing.disclosure`), formulas, active content, requests and external links.

    Counts of cases from a source of case files (single reported cases) are not refused.
    """
    with made_anew(report) as (verdict, _):
        return verdict


@contextmanager
def made_anew(
    report: Path, passing: Collection[str] = (), beside: Mapping[Path, Sequence[Path]] | None = None
) -> Iterator[tuple[Verdict, Path]]:
    """Make a report anew in a folder that goes with the block, and say what was found in what was made.

    `beside` gives folders of a user's own studies and sources that are to leave with it, and the files of each.
    """
    folder = report_folder(report)
    with tempfile.TemporaryDirectory(prefix="accountability-") as scratch:
        into = Path(scratch) / folder.name
        into.mkdir()
        yield _anew(folder, into, passing, beside or {}), into


def _anew(folder: Path, into: Path, passing: Collection[str], beside: Mapping[Path, Sequence[Path]]) -> Verdict:
    """Make a report anew, and look through what was made."""
    rests_on = dict(_rests_on(folder))
    with_what = known(source for named in rests_on.values() for source in named)
    packed = make_anew(folder, into, passing)
    single = [place for place, (asked, *_) in rests_on.items() if asked in with_what.case_files]
    told_singly = ("",) if len(single) == len(rests_on) else tuple(single)  # the index of case files alone is one too
    leaks = dict.fromkeys(packed.refused)
    looked_at = 0
    others = (of_files(home.parent, some, program=True) for home, some in beside.items())
    own_name = Text("the name of the folder", re.sub(r"[_+=.-]+", " ", folder.name))
    for piece in chain([own_name], of_folder(into), *others):
        looked_at += 1
        found = in_piece(piece, with_what)
        if piece.place.startswith(told_singly):
            # Each case stands there because it was reported, and is told one by one.
            found = (leak for leak in found if leak.kind not in _OF_COUNTS)
        if not isinstance(piece, Unreadable) or piece.place not in packed.passed:
            leaks.update(dict.fromkeys(found))
    leaks.update(dict.fromkeys(together(into, told_singly)))
    return Verdict(folder, tuple(_covered(list(leaks))), looked_at, with_what.notes, packed.passed, told_singly)


def _covered(leaks: list[Leak]) -> list[Leak]:
    """Cover names of files and keys that are leaks themselves wherever they name a place."""
    named = {leak.place.removesuffix(end) for leak in leaks for end in _NAMED if leak.place.endswith(end)}
    covered = []
    for leak in leaks:
        place = leak.place
        for name in sorted(named, key=len):
            if leak.place.startswith(f"{name},"):
                before, comma, last = name.rpartition(", ")
                path = PurePosixPath(last)
                shown = masked(last) if comma else path.with_name(masked(path.stem) + path.suffix).as_posix()
                place = before + comma + shown + leak.place.removeprefix(name)
        covered.append(replace(leak, place=place))
    return covered


def share(report: Path, out: Path | None = None, passing: Collection[str] = ()) -> tuple[Verdict, Path | None]:
    """Pack a report for sharing, made again, unless something in it must not be shared.

    Parameters
    ----------
    report : Path
        As for :func:`look_through`.
    out : Path, optional
        The archive; default the folder's name with ``.zip``, beside the folder.
    passing : collection of str
        Foreign files of the folder to include unchanged; the archive lists them with their hashes in ``passed.json``.

    Returns
    -------
    verdict : Verdict
        The findings.
    archive : Path or None
        A zip archive; ``None`` if something was found. The same report gives the same bytes.

    Raises
    ------
    ParameterError
        If there is no report, or the archive would be inside it.
    """
    folder = report_folder(report)
    target = (folder.parent / f"{folder.name}.zip" if out is None else out).resolve()
    if target.is_relative_to(folder):
        raise ParameterError(f"{target}: the archive would stand inside the report; choose another place with --out")
    with one_at_a_time(), made_anew(folder, passing) as (verdict, into):
        if not verdict.clean:
            return verdict, None
        members = ((f"{folder.name}/{path.relative_to(into).as_posix()}", path) for path in files(into))
        return verdict, write_zip(target, members, lambda: remember(into, verdict.told_singly, target.name))


def write_zip(
    target: Path, members: Iterable[tuple[str, Path | bytes]], ahead: Callable[[], object] = lambda: None
) -> Path:
    """Write a zip archive of names with files or contents, without time or owner, atomically.

    `ahead` is called before the archive appears; if it fails there is no archive.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    clear_left(target.parent)

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in sorted(members, key=lambda member: member[0]):
                item = zipfile.ZipInfo(inside, _NO_DAY)
                item.compress_type = zipfile.ZIP_DEFLATED
                item.external_attr = 0o644 << 16
                archive.writestr(item, content.read_bytes() if isinstance(content, Path) else content)
        ahead()

    return put_file(target, write, target.parent)


def report_folder(report: Path) -> Path:
    """Return the folder of a report, or of reports; refused if there is none."""
    folder = (report if report.is_dir() else report.parent).resolve()
    if not report.exists() or not _records(folder):
        raise ParameterError(
            f"{report}: expected a report (a folder with {RECORD}) or a folder of reports, found none. "
            "`accountability run` and `accountability report` print where they put theirs"
        )
    return folder


def _records(folder: Path) -> list[Path]:
    return sorted([*folder.glob(RECORD), *folder.glob(f"*/{RECORD}")])


def _rests_on(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Beginning of the places of each report, and its sources."""
    for path in _records(folder):
        place = "" if path.parent == folder else f"{path.parent.name}/"
        try:
            yield place, sources_of(any_record(path))
        except (KeyError, TypeError, AttributeError):
            raise ParameterError(
                f"{path}: expected what `accountability run` writes there; run the study again"
            ) from None


def in_piece(piece: Piece | Table, known: Known) -> Iterator[Leak]:
    """Check one piece of a report."""
    if isinstance(piece, Table):
        yield from in_table(piece, known.project_words)
        yield from _birth_days(piece, _as_counted(known.values))
        return
    place, text = piece.place, piece.text
    if isinstance(piece, Text):
        yield from in_text(piece.place, piece.text, known)
    elif isinstance(piece, Link):
        yield from _address(piece, known)
    else:
        yield Leak(place, "unreadable", text)


@cache
def _as_counted(values: frozenset[str]) -> frozenset[int]:
    """The days of birth of a source as a spreadsheet counts them."""
    first = date(1899, 12, 30).toordinal()
    days = (value.removeprefix("day ") for value in values if value.startswith("day "))
    return frozenset(date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}").toordinal() - first for day in days)


def _birth_days(table: Table, days: frozenset[int]) -> Iterator[Leak]:
    """Columns all of whose numbers are days of birth, where so many cannot be by chance."""
    for at, heading in enumerate(table.header if days else ()):
        cells = {row[at] for row in table.rows if at < len(row)}
        numbers = {int(cell[:5]) for cell in cells if re.fullmatch(r"[1-4]\d{4}(?:\.0)?", cell)}
        by_chance = (len(days) / (max(days) - min(days) + 1)) ** len(numbers)
        if len(numbers) == len(cells) >= _SEVERAL and numbers <= days and by_chance < _BY_CHANCE:
            yield Leak(f"{table.place}, column {heading}", "birth date", f"{len(numbers)} days of birth, as numbers")


def _address(piece: Link, known: Known) -> Iterator[Leak]:
    yield from in_text(piece.place, piece.text, known)
    try:
        parts = urlsplit(piece.text.strip())
    except ValueError:
        yield Leak(piece.place, "unreadable", masked(piece.text))
        return
    elsewhere = bool(parts.scheme or parts.netloc)
    if elsewhere and piece.text not in known.own_text:
        yield Leak(piece.place, "link", masked(piece.text))
