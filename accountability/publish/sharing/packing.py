"""Make a report again for sharing: pages from templates, tables from cells, images from pixels.

Nothing in a report's folder is copied. Every file is rewritten from its content by the code that first wrote it, and
must be equal; foreign and changed files are reported.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability.errors import AccountabilityError
from accountability.multiverse.declared import Declared
from accountability.publish import documents, multiverse_report, page, runner, sidecar
from accountability.publish.extras import lacking
from accountability.publish.finished import PAGE, RECORD, any_record, digests
from accountability.publish.kept import NARROW, NARROW_PNG
from accountability.publish.sharing.anew import NotOurs, notebook, picture, said, svg
from accountability.records.cache import sha256
from accountability.records.contract import read_source
from accountability.records.leaving.leak import Leak, masked
from accountability.records.onboard.hints import words
from accountability.records.places import source_folder
from accountability.studies import registry

INDEX: Final = "index.html"
#: In an archive: the files that were let through as they are, because somebody said so.
PASSED: Final = "passed.json"
_RECORD: Final = words(
    "study question notebook notebook_sha256 parameters inputs changed command data tables labels finding headline "
    "seconds environment failure files"
)
_ENTRY: Final = words("kind name file caption sentence rows data axes kinds")
_FOLDERS: Final = ("tables", "figures")
_DOCUMENTS: Final = ("docx", "pdf")
_REMADE: Final = (AccountabilityError, KeyError, TypeError, ValueError, AttributeError, OSError)


@dataclass(frozen=True, slots=True)
class Packed:
    """The result of making a folder again: files refused, and files allowed by name."""

    refused: tuple[Leak, ...]
    passed: tuple[str, ...]


def make_anew(folder: Path, into: Path, passing: Collection[str] = ()) -> Packed:
    """Rewrite a report, or a folder of reports, into an empty folder.

    Parameters
    ----------
    folder : Path
        The report, or the folder of reports.
    into : Path
        An empty folder.
    passing : collection of str
        Names of foreign files inside the folder to include unchanged. The archive lists them with their hashes in
        ``passed.json``.

    Returns
    -------
    Packed
        ``refused`` names every foreign or changed file.
    """
    refused: list[Leak] = []
    written = {INDEX} if (folder / INDEX).is_file() and not (folder / RECORD).is_file() else set()
    homes = [folder] if (folder / RECORD).is_file() else sorted(path.parent for path in folder.glob(f"*/{RECORD}"))
    for home in homes:
        place = "" if home == folder else f"{home.name}/"
        made = _Report(home, into / place, place)
        written |= {f"{place}{name}" for name in made.written()}
        refused += made.refused
    if INDEX in written:
        refused += _index(into, homes)
    passed, ours = [], [home.name for home in homes]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            refused.append(_not_ours(masked_path(name, ours), "a link to another file"))
            continue
        if name in written or path.is_dir():
            continue
        if name in passing and path.is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into / name)
            passed.append(name)
        else:
            refused.append(_not_ours(masked_path(name, ours), "a file that no report has"))
    if passed:
        listed = {name: sha256(into / name) for name in passed}
        (into / PASSED).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return Packed(tuple(refused), tuple(passed))


def masked_path(name: str, ours: Collection[str] = ()) -> str:
    """Mask the name of a foreign file, except its suffix and the folders that are ours."""
    path = Path(name)
    folders = [part if part in _FOLDERS or part in ours else masked(part) for part in path.parts[:-1]]
    return Path(*folders, masked(path.stem).replace("/", "") + path.suffix).as_posix()


def _not_ours(place: str, why: str) -> Leak:
    return Leak(place, "not ours", why)


def _index(into: Path, homes: list[Path]) -> Iterator[Leak]:
    """Make the index anew; which studies it says cannot be answered depends on those that are installed."""
    try:
        name = any_record(homes[0])["parameters"]["source"]
        declared = read_source(source_folder(name))
        text = runner.index_text(declared, into, runner.not_run(name, declared))
        (into / INDEX).write_text(text, encoding="utf-8")
    except (*_REMADE, IndexError) as error:
        yield _not_ours(INDEX, f"cannot be made anew ({type(error).__name__})")


class _Report:
    """One report, written anew file by file."""

    def __init__(self, home: Path, into: Path, place: str) -> None:
        self.home, self.into, self.place = home, into, place
        self.refused: list[Leak] = []
        self.names: list[str] = [RECORD]
        into.mkdir(parents=True, exist_ok=True)

    def refuse(self, name: str, why: str) -> None:
        self.refused.append(_not_ours(f"{self.place}{name}", why))

    def written(self) -> list[str]:
        record = any_record(self.home)
        if (self.home / RECORD).read_text(encoding="utf-8", errors="replace") != _json(record):
            self.refuse(RECORD, "not as a run writes it")
        for key in sorted(set(record) - _RECORD):
            self.refuse(f"{RECORD}, {masked(str(key))}", "a key that no report has")
        record = said({key: value for key, value in record.items() if key in _RECORD})
        for name, make in self.parts(record).items():
            self.part(name, make, record.get("files", {}))
        try:
            self.whole(record)
        except _REMADE as error:
            self.refuse(PAGE, f"cannot be made anew ({type(error).__name__})")
        self.exported()
        return self.names

    def parts(self, record: dict[str, Any]) -> dict[str, Callable[[bytes], bytes]]:
        """Return the files that the record names, each with the function that rewrites it."""
        makes: dict[str, Callable[[bytes], bytes]] = {str(record.get("notebook")): notebook}
        entries = record["tables"] if isinstance(record["tables"], list) else []
        for entry in entries:
            name = str(entry.get("name"))
            kind, inside = ("table", "tables") if entry.get("kind") == "table" else ("figure", "figures")
            file = f"{inside}/{name}.{'csv' if kind == 'table' else 'svg'}"
            if set(entry) - _ENTRY or entry.get("file") != file or not name.isidentifier():
                self.refuse(RECORD, f"an entry for {masked(name)} that no run writes")
                continue
            if kind == "table":
                makes[file] = _table
                continue
            drawn = Path(file)
            makes |= {file: svg, drawn.with_suffix(".png").as_posix(): picture}
            makes[drawn.with_suffix(NARROW).as_posix()] = svg
            makes[drawn.with_suffix(".csv").as_posix()] = _table
            if (self.home / drawn.with_suffix(NARROW_PNG)).is_file():
                makes[drawn.with_suffix(NARROW_PNG).as_posix()] = picture
        return makes

    def part(self, name: str, make: Callable[[bytes], bytes], hashes: Mapping[str, str]) -> None:
        path = self.home / name
        self.names.append(name)
        if not path.is_file() or path.is_symlink() or not path.resolve().is_relative_to(self.home.resolve()):
            self.refuse(name, "the record lists it, and it is not there as a file of its own")
            return
        if sha256(path) != hashes.get(name):
            self.refuse(name, "changed since the report was made")
        try:
            content = make(path.read_bytes())
        except NotOurs as error:
            self.refuse(name, str(error))
        except _REMADE as error:
            self.refuse(name, f"cannot be made anew ({type(error).__name__})")
        else:
            (self.into / name).parent.mkdir(parents=True, exist_ok=True)
            (self.into / name).write_bytes(content)

    def whole(self, record: dict[str, Any]) -> None:
        """Make the page, the tables' metadata and the record from the rewritten files."""
        import nbformat

        several = record["study"] == multiverse_report.NAME
        model = Declared if several else registry.get(record["study"]).parameters
        rows = page.parameter_rows(model, record["parameters"])

        def paged(folder: Path) -> str:
            return page.report_page(nbformat.read(folder / record["notebook"], as_version=4), record, rows, folder)

        if (self.home / PAGE).read_bytes() != paged(self.home).encode():
            self.refuse(PAGE, "not the page that is made of this report; run it again")
        self.names.append(PAGE)
        (self.into / PAGE).write_text(paged(self.into), encoding="utf-8")
        sidecar.accompany(self.into, record)
        for beside in sorted(self.into.glob(f"*/*{sidecar.SUFFIX}")):
            name = beside.relative_to(self.into).as_posix()
            self.names.append(name)
            if not (self.home / name).is_file() or (self.home / name).read_bytes() != beside.read_bytes():
                self.refuse(name, "not what is written beside this table")
        record = record | {"files": digests(self.into)}
        (self.into / RECORD).write_text(_json(record), encoding="utf-8")

    def exported(self) -> None:
        """Make Word and PDF exports of the report again, which must be equal."""
        for kind in _DOCUMENTS:
            name = f"{self.home.name}.{kind}"
            if not (self.home / name).is_file():
                continue
            self.names.append(name)
            try:
                with tempfile.TemporaryDirectory(prefix="accountability-") as scratch:
                    (made,) = documents.export(self.home, kind, scratch)
                    if made.read_bytes() != (self.home / name).read_bytes():
                        self.refuse(name, "not the document that is made of this report; export it again")
                (made,) = documents.export(self.into, kind, self.into)
                made.replace(self.into / name)
            except AccountabilityError:
                self.refuse(name, f"cannot be made anew: {lacking('documents')}")
            except _REMADE as error:
                self.refuse(name, f"cannot be made anew ({type(error).__name__})")


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _table(raw: bytes) -> bytes:
    """Write a table's cells again; it has to come out as it was."""
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8"), newline="")))
    except (csv.Error, UnicodeDecodeError):
        raise NotOurs("not a table as we write them") from None
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(said(rows))
    if out.getvalue().encode() != raw or len({len(row) for row in rows}) > 1:
        raise NotOurs("not a table as we write them")
    return raw
