r"""Read and fill the marks of quoted values in Markdown, LaTeX and Word manuscripts.

Everywhere ``{{REPORT:ADDRESS|178}}``; in Markdown also a comment behind the number, ``178<!-- REPORT:ADDRESS -->``; in
LaTeX ``\claim{REPORT:ADDRESS}{178}`` (with ``\newcommand{\claim}[2]{#2}``); in Word also a comment on the number whose
text is ``claim: REPORT:ADDRESS``. A name can replace ``REPORT:ADDRESS``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, unescape

from accountability.errors import ParameterError
from accountability.whole_files import whole

KINDS: Final = (".md", ".markdown", ".tex", ".docx")
_LARGEST: Final = 200_000_000
_PARTS: Final = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_COMMENTS: Final = "word/comments.xml"
_QUOTES: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})

_REFERENCE: Final = r"[A-Za-z0-9_+=./-]+:(?![/\s])[^{}|<>\n]+/[^{}|<>\n]+|[A-Za-z][A-Za-z0-9_]*"
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(?P<reference>" + _REFERENCE + r")\s*(?:\|(?P<quoted>[^{}|]*))?\}\}")
_MACRO: Final = re.compile(
    r"\\claim\s*\{(?P<reference>[^{}]*)\}\s*\{(?P<quoted>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_COMMENT: Final = re.compile(
    r"(?P<quoted>(?:[<>][ \u00a0]?)?(?:(?<!\d)[-+\u2212\u2013])?\d(?:[\d.,'\u00a0\u202f\u2009]*\d)?(?:[eE][-+]?\d+)?"
    r"(?:[ \u00a0\u202f]?%)?)?\s?<!--\s*(?:claim:?\s+)?(?P<reference>[A-Za-z0-9_+=./-]+:(?![/\s])[^<>\n]+?/[^<>\n]+?|"
    r"(?<=claim )[A-Za-z]\w*|(?<=claim: )[A-Za-z]\w*)\s*-->"
)
_WORD_COMMENT: Final = re.compile(r"\s*claim:?\s+(?P<reference>\S.*\S)\s*", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"(?P<paragraph><w:p[ >/]|</w:p>)|<w:t(?:\s[^>]*)?>(?P<text>[^<]*)</w:t>|(?P<gap><w:(?:tab|br)(?:\s[^>]*)?/>)|"
    r'<w:commentRange(?P<end>Start|End)\b[^>]*?w:id="(?P<id>[^"]+)"[^>]*/>'
)
_ONE_COMMENT: Final = re.compile(r'<w:comment\s[^>]*?w:id="(?P<id>[^"]+)".*?</w:comment>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a manuscript quotes a report.

    Attributes
    ----------
    place : str
        Line of a text file, or paragraph of a Word file.
    reference : str
        ``REPORT:ADDRESS``, or a name.
    quoted : str or None
        The quoted value; ``None`` if empty.
    start, end : int
        Range that a new value replaces, in the text of the file or paragraph.
    """

    place: str
    reference: str
    quoted: str | None
    start: int
    end: int


def marks(path: Path) -> list[Mark]:
    """Return the marks of a ``.md``, ``.tex`` or ``.docx`` file, in the order of the text."""
    if _kind(path) == ".docx":
        return [mark for _, part in _word(path) for paragraph in part for mark in paragraph.marks]
    return _in_lines(_text(path), _kind(path))


def fill(path: Path, target: Path, value: Callable[[Mark], str]) -> int:
    """Write a new manuscript with the text of `value` for each mark, and return their number; the old file stays.

    Placeholders become the value; with comments and macros only the value is replaced.
    """
    if _kind(target) != _kind(path) or target.resolve() == path.resolve():
        raise ParameterError(f"{target}: expected another file, ending with {path.suffix}")
    if _kind(path) != ".docx":
        text = _text(path)
        found = _in_lines(text, _kind(path))
        for mark in reversed(found):
            text = text[: mark.start] + value(mark) + text[mark.end :]
        with whole(target) as made:
            made.write_text(text, encoding="utf-8", newline="")
        return len(found)
    parts = dict(_word(path))
    count = 0
    with whole(target) as made, zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename in parts:
                paragraphs = parts[item.filename]
                count += sum(len(paragraph.marks) for paragraph in paragraphs)
                content = _filled(content.decode("utf-8"), paragraphs, value).encode("utf-8")
            new.writestr(item, content)
    return count


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ParameterError(f"{path}: expected a manuscript ending with {', '.join(KINDS)}")
    return kind


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: expected a text in UTF-8 ({error})") from error


def _in_lines(text: str, kind: str) -> list[Mark]:
    return _in_text(text, kind, lambda at: f"line {text.count(chr(10), 0, at) + 1}")


def _in_text(text: str, kind: str, place: Callable[[int], str]) -> list[Mark]:
    found = []
    for match in _PLACEHOLDER.finditer(text):
        # Two braces about one word are common in LaTeX and in templates; with a value they are a claim.
        if ":" in match["reference"] or match["quoted"] is not None:
            found.append(_mark(match, place, *match.span()))
    if kind == ".tex":
        found += [_mark(match, place, *match.span("quoted")) for match in _MACRO.finditer(text)]
    elif kind in (".md", ".markdown"):
        for match in _COMMENT.finditer(text):
            start, end = match.span("quoted") if match["quoted"] is not None else (match.start(), match.start())
            found.append(_mark(match, place, start, end))
    return sorted(found, key=lambda mark: mark.start)


def _mark(match: re.Match[str], place: Callable[[int], str], start: int, end: int) -> Mark:
    quoted = match["quoted"]
    said = None if quoted is None or not quoted.strip() else quoted.strip()
    return Mark(place(match.start()), " ".join(match["reference"].translate(_QUOTES).split()), said, start, end)


# ---- Word ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of a paragraph's text: where it is in the part's XML, and where its text begins in the paragraph."""

    start: int
    end: int
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class _Paragraph:
    runs: tuple[_Run, ...]
    marks: tuple[Mark, ...]


def _word(path: Path) -> Iterator[tuple[str, list[_Paragraph]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {item.filename: item.file_size for item in archive.infolist()}
            if _PARTS[0] not in sizes or max(sizes.values()) > _LARGEST:
                raise ParameterError(f"{path}: expected a Word document with {_PARTS[0]}, none part over 200 MB")
            read = {name: archive.read(name).decode("utf-8") for name in (*_PARTS, _COMMENTS) if name in sizes}
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: cannot be read as a Word document ({error})") from error
    claims = _commented(read.pop(_COMMENTS, ""))
    for name, xml in read.items():
        yield name, list(_paragraphs(xml, Path(name).stem, claims))


def _commented(xml: str) -> dict[str, str]:
    """Number of a comment to what it claims."""
    claims = {}
    for comment in _ONE_COMMENT.finditer(xml):
        text = "".join(unescape(token["text"] or "") for token in _TOKEN.finditer(comment[0]))
        if said := _WORD_COMMENT.fullmatch(text):
            claims[comment["id"]] = said["reference"]
    return claims


def _paragraphs(xml: str, part: str, claims: dict[str, str]) -> Iterator[_Paragraph]:
    runs: list[_Run] = []
    ranges: list[tuple[str, int, int]] = []
    begun: dict[str, int] = {}
    length = number = 0
    for token in _TOKEN.finditer(xml):
        if token["paragraph"]:
            if runs:
                yield _paragraph(runs, ranges, claims, f"paragraph {number} of the {part}")
            number += token["paragraph"] != "</w:p>"
            runs, ranges, begun, length = [], [], {}, 0
        elif token["id"] is not None:
            if token["end"] == "Start":
                begun[token["id"]] = length
            elif token["id"] in begun:
                ranges.append((token["id"], begun.pop(token["id"]), length))
        else:
            text = unescape(token["text"], {"&quot;": '"', "&apos;": "'"}) if token["text"] is not None else " "
            runs.append(_Run(token.start(), token.end(), length, text))
            length += len(text)


def _paragraph(runs: list[_Run], ranges: list[tuple[str, int, int]], claims: dict[str, str], place: str) -> _Paragraph:
    text = "".join(run.text for run in runs)
    found = _in_text(text, ".docx", lambda _: place)
    for comment, start, end in ranges:
        if comment in claims:
            said = text[start:end].strip() or None
            found.append(Mark(place, " ".join(claims[comment].translate(_QUOTES).split()), said, start, end))
    return _Paragraph(tuple(runs), tuple(sorted(found, key=lambda mark: mark.start)))


def _filled(xml: str, paragraphs: list[_Paragraph], value: Callable[[Mark], str]) -> str:
    for paragraph in reversed(paragraphs):
        texts = [run.text for run in paragraph.runs]
        for mark in reversed(paragraph.marks):
            new = value(mark)
            # The first run that holds a part of the old value takes the new one; from the others it is cut.
            for place, run in enumerate(paragraph.runs):
                first, last = max(mark.start - run.at, 0), min(mark.end - run.at, len(run.text))
                if first < last:
                    texts[place] = texts[place][:first] + new + texts[place][last:]
                    new = ""
        for run, text in reversed(list(zip(paragraph.runs, texts, strict=True))):
            if text != run.text:
                xml = f'{xml[: run.start]}<w:t xml:space="preserve">{escape(text)}</w:t>{xml[run.end :]}'
    return xml
