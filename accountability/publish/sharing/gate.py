"""The sharing gate: a report is looked through in every channel, and leaves only when nothing is found."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from accountability.errors import ParameterError
from accountability.publish.finished import RECORD, any_record, sources_of
from accountability.publish.in_place import put_file
from accountability.publish.sharing.count_rules import in_table
from accountability.publish.sharing.folder import files, of_files, of_folder
from accountability.publish.sharing.pieces import Active, Link, Metadata, Piece, Request, Script, Table, Text
from accountability.publish.templating import TEMPLATES
from accountability.records.leaving.known import Known, known
from accountability.records.leaving.leak import Leak, masked
from accountability.records.leaving.word_rules import in_text

_NAMED: Final = ", file name"
_SCRIPT: Final = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
#: The first day a zip can name: the time of packing is nobody's business and would make each archive another.
_NO_DAY: Final = (1980, 1, 1, 0, 0, 0)
_OF_COUNTS: Final = frozenset({"small cell", "difference", "one case"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a report.

    Attributes
    ----------
    folder : Path
        The report.
    leaks : tuple of Leak
        In the order of their places; empty when the report may leave.
    looked_at : int
        Texts, tables, addresses and pictures looked at.
    notes : tuple of str
        What could not be compared, and why.
    """

    folder: Path
    leaks: tuple[Leak, ...]
    looked_at: int
    notes: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the report may leave."""
        return not self.leaks

    def __str__(self) -> str:
        lines = [f"{leak.place}\n  {leak.kind}: {leak.excerpt}\n  {leak.fix}" for leak in self.leaks]
        lines += [f"note: {note}" for note in self.notes]
        said = f"{len(self.leaks)} found" if self.leaks else "nothing found"
        return "\n".join([*lines, f"{said} in {self.looked_at:,} texts, tables and pictures of {self.folder.name}"])


def look_through(report: Path, studies: Mapping[Path, Sequence[Path]] | None = None) -> Verdict:
    """Look through a report, or a folder of reports, without writing anything.

    Parameters
    ----------
    report : Path
        Its folder, or a file in it that stands beside ``provenance.json`` or ``index.html``.
    studies : mapping of Path to paths, optional
        Folders of a user's own studies that are to leave with it, and the files of each.

    Returns
    -------
    Verdict
        Every leak with its place.

    Raises
    ------
    ParameterError
        There is no report.

    Notes
    -----
    Looked for: names (against those in the source's own files, and by pattern), shield numbers, addresses, dates of
    birth, contacts, narratives, keys, pseudonyms, paths of the machine, counts below ten and differences that uncover
    one, formulas, active content, requests and links to elsewhere. Looked in: file names, cells and outputs of the
    notebook in every representation and their metadata, injected parameters, tables, figures' text, pictures'
    metadata, the page with its attributes and comments, JSON, Word and PDF with their properties.

    A source of case files (single cases chosen because they were reported) is about those cases, so counts of them
    are not refused.
    """
    folder = report_folder(report)
    rests_on = dict(_rests_on(folder))
    with_what = known(source for named in rests_on.values() for source in named)
    single = [place for place, (asked, *_) in rests_on.items() if asked in with_what.case_files]
    told_singly = ("",) if len(single) == len(rests_on) else tuple(single)  # the index of case files alone is one too
    leaks: dict[Leak, None] = {}
    looked_at = 0
    beside = (of_files(home.parent, some, program=True) for home, some in (studies or {}).items())
    for piece in chain(of_folder(folder), *beside):
        looked_at += 1
        found = _in_piece(piece, with_what)
        if piece.place.startswith(told_singly):
            # Each case stands there because it was reported, and is told one by one.
            found = (leak for leak in found if leak.kind not in _OF_COUNTS)
        leaks.update(dict.fromkeys(found))
    return Verdict(folder, tuple(_covered(list(leaks))), looked_at, with_what.notes)


def _covered(leaks: list[Leak]) -> list[Leak]:
    """Cover file names that are leaks themselves wherever they name a place."""
    names = {leak.place.removesuffix(_NAMED) for leak in leaks if leak.place.endswith(_NAMED)}
    covered = []
    for leak in leaks:
        name = next((name for name in names if leak.place.startswith(f"{name},")), None)
        if name is not None:
            path = PurePosixPath(name)
            shown = path.with_name(masked(path.stem) + path.suffix).as_posix()
            leak = replace(leak, place=shown + leak.place.removeprefix(name))
        covered.append(leak)
    return covered


def share(report: Path, out: Path | None = None) -> tuple[Verdict, Path | None]:
    """Pack a report for others, if nothing in it must not leave.

    Parameters
    ----------
    report : Path
        As for :func:`look_through`.
    out : Path, optional
        The archive; default the folder's name with ``.zip``, beside the folder.

    Returns
    -------
    verdict : Verdict
        What was found.
    archive : Path or None
        A zip archive, ``None`` when something was found. The same report gives the same bytes.

    Raises
    ------
    ParameterError
        There is no report, or the archive would stand inside it.
    """
    folder = report_folder(report)
    target = (folder.parent / f"{folder.name}.zip" if out is None else out).resolve()
    if target.is_relative_to(folder):
        raise ParameterError(f"{target}: the archive would stand inside the report; choose another place with --out")
    verdict = look_through(folder)
    if not verdict.clean:
        return verdict, None
    members = ((f"{folder.name}/{path.relative_to(folder).as_posix()}", path) for path in files(folder))
    return verdict, write_zip(target, members)


def write_zip(target: Path, members: Iterable[tuple[str, Path | bytes]]) -> Path:
    """Write a zip archive of names with files or contents, without time or owner; it appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in sorted(members, key=lambda member: member[0]):
                item = zipfile.ZipInfo(inside, _NO_DAY)
                item.compress_type = zipfile.ZIP_DEFLATED
                item.external_attr = 0o644 << 16
                archive.writestr(item, content.read_bytes() if isinstance(content, Path) else content)

    return put_file(target, write, target.parent)


def report_folder(report: Path) -> Path:
    """Give the folder of a report, or of reports; refused where there is none."""
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


def _in_piece(piece: Piece | Table, known: Known) -> Iterator[Leak]:
    if isinstance(piece, Table):
        yield from in_table(piece)
        return
    place, text = piece.place, piece.text
    if isinstance(piece, Text):
        yield from in_text(piece.place, piece.text, known)
    elif isinstance(piece, Script):
        if _digest(text) not in _our_scripts():
            yield Leak(place, "active content", f"a script of {len(text)} characters")
    elif isinstance(piece, Active):
        yield Leak(place, "active content", masked(text))
    elif isinstance(piece, Link | Request):
        yield from _address(piece, known)
    else:
        yield Leak(place, "hidden metadata" if isinstance(piece, Metadata) else "unreadable", text)


def _address(piece: Link | Request, known: Known) -> Iterator[Leak]:
    yield from in_text(piece.place, piece.text, known)
    try:
        parts = urlsplit(piece.text.strip())
    except ValueError:
        yield Leak(piece.place, "unreadable", masked(piece.text))
        return
    elsewhere = bool(parts.scheme or parts.netloc)
    asks = elsewhere or piece.text.lower().endswith(".js")
    if isinstance(piece, Request) and asks and parts.scheme != "data":
        yield Leak(piece.place, "request", masked(piece.text))
    elif elsewhere and piece.text not in known.own_text:
        yield Leak(piece.place, "link", masked(piece.text))


def _digest(script: str) -> str:
    return hashlib.sha256(script.strip().encode()).hexdigest()


def _our_scripts() -> frozenset[str]:
    """Scripts that the package itself puts on its pages."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.js"))]
    pages = [path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.j2"))]
    texts += [script for page in pages for script in _SCRIPT.findall(page)]
    return frozenset(_digest(text) for text in texts)
