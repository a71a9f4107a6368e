"""Word documents and PDF taken apart: text, comments, properties, pictures, and whatever acts by itself."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, cast
from xml.etree import ElementTree

from accountability.publish.extras import lacking
from accountability.publish.sharing.images import of_image
from accountability.publish.sharing.pieces import (
    Active,
    Link,
    Metadata,
    Piece,
    Request,
    Table,
    Text,
    Unreadable,
    lines_of,
    text_of,
)

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdf.generic import DictionaryObject

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PICTURES: Final = (".png", ".jpg", ".jpeg")
_MOST: Final = 200_000_000
#: Properties that say which program wrote a document; every other one was written by or for a person.
_PROGRAMS: Final = frozenset({"/Producer", "/Creator", "/CreationDate", "/ModDate", "/PTEX.Fullbanner", "/Trapped"})
_ACTS: Final = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"})


def of_docx(place: str, raw: bytes) -> Iterator[Piece | Table]:
    """Take a Word document apart.

    The text of each paragraph (comments, footnotes, headers and deleted text included), tables, every property, names
    of authors on comments and changes, alternative texts, addresses, pictures; macros and embedded objects as active.
    """
    try:
        yield from _docx(place, zipfile.ZipFile(io.BytesIO(raw)))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        yield Unreadable(place, f"not a Word document, or damaged: {type(error).__name__}")


def _docx(place: str, archive: zipfile.ZipFile) -> Iterator[Piece | Table]:
    if sum(item.file_size for item in archive.infolist()) > _MOST:
        yield Unreadable(place, "larger unpacked than can be looked through")
        return
    if archive.comment:
        yield Text(f"{place}, comment of the archive", text_of(archive.comment))
    for name in archive.namelist():
        where, content = f"{place}, {name}", archive.read(name)
        lower = name.lower()
        if lower.endswith((".xml", ".rels")):
            yield from _part(where, content)
        elif lower.endswith(_PICTURES):
            yield from of_image(where, content)
        elif lower.endswith((".bin", ".vba", ".docx", ".xlsx", ".html", ".htm", ".mht")):
            yield Active(where, "an embedded object")
        elif not lower.endswith((".odttf", ".ttf", "/")):
            yield Unreadable(where, "a part of an unknown kind")


def _part(where: str, content: bytes) -> Iterator[Piece | Table]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        yield Unreadable(where, "declares entities")
        return
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        yield Unreadable(where, f"damaged: {error}")
        return
    if where.endswith(".rels"):
        for relation in root.iter(_RELATION):
            if relation.get("TargetMode") == "External":
                kind = str(relation.get("Type", "")).rsplit("/", 1)[-1]
                address = Link if kind == "hyperlink" else Request
                yield address(f"{where}, {kind}", str(relation.get("Target")))
        return
    for number, paragraph in enumerate(root.iter(f"{_W}p"), start=1):
        text = "".join(node.text or "" for node in paragraph.iter() if node.tag in (f"{_W}t", f"{_W}delText"))
        if text.strip():
            yield Text(f"{where}, paragraph {number}", text)
        written = "".join(node.text or "" for node in paragraph.iter(f"{_W}instrText"))
        instruction = " ".join([written, *(node.get(f"{_W}instr", "") for node in paragraph.iter(f"{_W}fldSimple"))])
        if re.search(r"\b(?:DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|MACROBUTTON|LINK)\b", instruction):
            yield Active(f"{where}, paragraph {number}", instruction)
        elif instruction.strip():
            yield Text(f"{where}, paragraph {number}, field", instruction)
    for number, table in enumerate(root.iter(f"{_W}tbl"), start=1):
        rows = [
            tuple("".join(node.text or "" for node in cell.iter(f"{_W}t")).strip() for cell in row.iter(f"{_W}tc"))
            for row in table.iter(f"{_W}tr")
        ]
        if len(rows) > 1:
            yield Table(f"{where}, table {number}", rows[0], tuple(rows[1:]))
    for node in root.iter():
        # Properties, data of forms, charts, equations: whatever is written in another vocabulary than Word's own.
        if not node.tag.startswith(_W) and node.text and node.text.strip():
            yield Text(f"{where}, {node.tag.rsplit('}', 1)[-1]}", node.text)
        for name, value in node.attrib.items():
            plain = name.rsplit("}", 1)[-1]
            if plain in ("author", "initials", "descr", "title", "tooltip", "userId") and value.strip():
                yield Text(f"{where}, {plain} of {node.tag.rsplit('}', 1)[-1]}", value)


def of_pdf(place: str, raw: bytes) -> Iterator[Piece | Table]:
    """Take a PDF apart: text of each page, every property, XMP metadata, notes and links, attachments, and actions."""
    if find_spec("pypdf") is None:
        yield Unreadable(place, f"a PDF: {lacking('documents')}")
        return
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            yield Unreadable(place, "a PDF with a password")
            return
        yield from _pdf(place, reader)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        yield Unreadable(place, f"a PDF that cannot be read: {type(error).__name__}")


def _pdf(place: str, reader: PdfReader) -> Iterator[Piece | Table]:
    for name, value in (reader.metadata or {}).items():
        yield Text(f"{place}, property {name.strip('/')}", str(value))
    root = cast("DictionaryObject", reader.trailer["/Root"])
    packet = root.get("/Metadata")
    if packet is not None:
        for text in re.findall(r">([^<>]+)<", text_of(packet.get_object().get_data())):
            if text.strip():
                yield Text(f"{place}, XMP metadata", text)
    for name in reader.attachments:
        yield Unreadable(f"{place}, attachment", f"an attachment: {name}")
    for name in ("/OpenAction", "/AA"):
        action = root.get(name)
        if isinstance(action, dict) and (name == "/AA" or str(action.get("/S")) in _ACTS):
            yield Active(f"{place}, {name.strip('/')}", "an action on opening")
    if "/JavaScript" in cast("DictionaryObject", root.get("/Names", {})):
        yield Active(f"{place}, JavaScript", "a script")
    for number, page in enumerate(reader.pages, start=1):
        where = f"{place}, page {number}"
        yield from lines_of(where, page.extract_text())
        for note in page.get("/Annots") or []:
            yield from _note(where, note.get_object())
        for image in page.images:
            if image.name.lower().endswith(_PICTURES) and b"Exif" in image.data[:200]:
                yield Metadata(f"{where}, picture", "EXIF")


def _note(where: str, note: Any) -> Iterator[Piece | Table]:
    action = note.get("/A")
    action = action.get_object() if action is not None else {}
    if str(action.get("/S")) in _ACTS:
        yield Active(f"{where}, note", str(action.get("/S")))
    if "/URI" in action:
        yield Link(f"{where}, link", str(action["/URI"]))
    for key in ("/Contents", "/T", "/Subj"):
        if note.get(key):
            yield Text(f"{where}, note", str(note[key]))
