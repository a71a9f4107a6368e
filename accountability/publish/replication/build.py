"""Build a replication package from reports."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final

from accountability.casefiles.casefile_tables import NOT_LOADED
from accountability.errors import ParameterError, Refusal
from accountability.publish.finished import any_record, reports_in, sources_of, unfinished
from accountability.publish.replication.checklist import answered, cell, checklist
from accountability.publish.replication.environment import LOCK, environment_files, hashed
from accountability.publish.replication.exhibits import Exhibit, Report, exhibits, read_report
from accountability.publish.runner import report
from accountability.publish.sharing.gate import made_anew, report_folder, write_zip
from accountability.publish.sharing.shared_before import one_at_a_time, remember
from accountability.publish.templating import templates
from accountability.records.contract import Source, data_hash, read_source
from accountability.records.inherited import line_of_releases
from accountability.records.places import PACKAGE, STUDIES_VARIABLE, notebooks_dir, packaged, source_folder
from accountability.results import inert_cell
from accountability.studies.registry import STUDIES

_TEMPLATES: Final = Path(__file__).parent
_LEFT_OUT: Final = {"__pycache__", "_data", "_notebooks", ".ipynb_checkpoints", ".pytest_cache"}
#: The template's brackets of time, each with its upper end in minutes.
_BRACKETS: Final = (
    ("<10 minutes", 10.0),
    ("10-60 minutes", 60.0),
    ("1-2 hours", 120.0),
    ("2-8 hours", 480.0),
    ("8-24 hours", 1440.0),
    ("1-3 days", 4320.0),
    ("3-14 days", 20160.0),
    ("> 14 days", math.inf),
)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Data:
    """A source as the README tells of it."""

    name: str
    folder: Path
    source: Source
    ours: bool
    travels: bool
    title: str
    card: Any
    files: list[Any]
    sha256: str

    def described(self) -> list[Path]:
        """What says how the source is read: declarations, notes, scripts."""
        scripts = {self.folder / step.script for file in self.files for step in file.prepare}
        return [path for path in _below(self.folder) if path.suffix in {".yaml", ".md"} or path in scripts]


def package(
    out: Path, source: str | None = None, reports: Path | None = None, *, progress: Progress | None = None
) -> Path:
    """Build a replication package.

    Parameters
    ----------
    out : Path
        The archive to write, ending in ``.zip``; its name becomes the folder inside.
    source : str, optional
        Run and package every study that a source can answer; default ``synthetic``.
    reports : Path, optional
        Package these reports (a report's folder, or a folder of reports) instead.
    progress : callable, optional
        Called with a study's name, the number of cells done and their total.

    Returns
    -------
    Path
        The archive. It holds the library's source, the notebooks, the locked environment, the reports, the data or (if
        they may not be shared) where to get them with the hash of every file, ``README.md`` in the data editors'
        template, ``EXHIBITS.csv``, ``CHECKLIST.md``, ``MANIFEST.csv`` and a ``Makefile`` of two commands.

    Raises
    ------
    ParameterError
        If both a source and reports are given, the name does not end in ``.zip``, or there is no report.
    Refusal
        If a report has something that must not be shared (`accountability share` lists it), stopped before its end, or
        is not of a study (a multiverse).

    Notes
    -----
    Raw files are included if they come with this library, are synthetic, or have no address and no column declared to
    identify people (``drop``).
    """
    if source is not None and reports is not None:
        raise ParameterError("give a source, to run its studies, or reports that were made before, not both")
    if out.suffix != ".zip":
        raise ParameterError(f"{out}: expected a name that ends in .zip")
    if reports is not None:
        return _packed(out, reports, peak_mb=None)
    with tempfile.TemporaryDirectory(prefix="accountability-package-") as scratch:
        folder = report(source or "synthetic", Path(scratch) / "reports", progress=progress).parent
        return _packed(out, folder, peak_mb=_peak_of_children())


def _peak_of_children() -> float | None:
    """Largest memory of a kernel that has ended, in megabytes; where the system does not say, nothing."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _packed(out: Path, folder: Path, *, peak_mb: float | None) -> Path:
    root = report_folder(folder)
    folders = reports_in(root)
    homes = _homes(folders)
    records = [any_record(one) for one in folders]
    if failed := [one for one in records if one["failure"]]:
        raise Refusal(f"{failed[0]['study']}: {unfinished(failed[0])}; package whole reports")
    sources = [_data(name) for name in dict.fromkeys(name for one in records for name in sources_of(one))]
    own = {home: _below(home) for home in homes if home != notebooks_dir()}
    beside = own | {data.folder: data.described() for data in sources if not data.ours}
    # As by `share`: what travels of the reports is made anew, proven with what left before, and remembered.
    with one_at_a_time(), made_anew(root, beside=beside) as (verdict, anew):
        if not verdict.clean:
            first = verdict.leaks[0]
            raise Refusal(
                f"{folder}: {len(verdict.leaks)} things in these reports{' and what goes with them' if beside else ''} "
                f"must not be shared, first {first.kind} at {first.place}. `accountability share {folder}` lists those "
                "of the reports"
            )
        places = [anew if one == root else anew / one.name for one in folders]
        held = [read_report(one, home) for one, home in zip(places, homes, strict=True)]
        files = dict(_contents(sources))
        top = "reports" if root not in folders else f"reports/{root.name}"
        files |= {f"{top}/{path.relative_to(anew).as_posix()}": path for path in _below(anew)}
        files |= {
            f"studies/{path.relative_to(home.parent).as_posix()}": path for home, some in own.items() for path in some
        }
        files |= _written(out.stem, held, sources, files, peak_mb)
        files["MANIFEST.csv"] = _manifest(files)
        named = ((f"{out.stem}/{name}", content) for name, content in files.items())
        return write_zip(out.resolve(), named, lambda: remember(anew, verdict.told_singly, out.name))


def _homes(folders: Sequence[Path]) -> list[Path]:
    """The folder of each report's notebook: only a study's report can be made again, and only with its notebook."""
    studies = [STUDIES.get(any_record(one)["study"]) for one in folders]
    homes = [(study and study.home) or notebooks_dir() for study in studies]
    others = [
        one for one, home in zip(folders, homes, strict=True) if not (home / any_record(one)["notebook"]).is_file()
    ]
    if others:
        raise Refusal(
            f"{len(others)} of {len(folders)} reports are of no study that a package carries, first "
            f"{others[0].name}; name the folder of your own studies in {STUDIES_VARIABLE}, or keep the report in "
            f"another folder (--out) and package the studies"
        )
    return homes


def _data(name: str) -> _Data:
    folder = source_folder(name)
    source = read_source(folder)
    ours = folder.resolve().is_relative_to(packaged("data").resolve())
    identifying = any(
        column.drop or column.pseudonym for file in source.files.values() for column in file.columns.values()
    )
    travels = not source.fetched and (source.generated or ours or not identifying)
    files, sha256 = list(source.files.values()), data_hash(source.files)
    return _Data(source.source, folder, source, ours, travels, source.title, source.card, files, sha256)


def _contents(sources: Sequence[_Data]) -> Iterable[tuple[str, Path | bytes]]:
    for path in _below(PACKAGE):
        yield f"accountability/{path.relative_to(PACKAGE).as_posix()}", path
    for path in sorted(notebooks_dir().glob("*.ipynb")):
        yield f"notebooks/{path.name}", path
    for data in sources:
        raw = {*(path for file in data.files for path in (file.path, *file.beside)), *NOT_LOADED}
        described = set(data.described())
        for path in _below(data.folder):
            inside = path.relative_to(data.folder).as_posix()
            if path in described or (data.travels and (inside in raw or data.source.generated)):
                yield f"data/{data.name}/{inside}", path
        for base in line_of_releases(data.folder)[1:]:  # what it is like says the rest of its declaration
            for path in sorted(base.glob("*.yaml")):
                yield f"data/{base.name}/{path.name}", path
    yield from environment_files().items()


def _below(folder: Path) -> list[Path]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sorted(path for path in paths if not _LEFT_OUT & set(path.relative_to(folder).parts))


def _written(
    title: str, held: list[Report], sources: list[_Data], files: Mapping[str, Path | bytes], peak_mb: float | None
) -> dict[str, bytes]:
    listed = exhibits(held)
    lock = _bytes(files[LOCK])
    hashes = hashed(lock)
    minutes = sum(float(one.record["seconds"]) for one in held) / 60
    size = sum(len(content) if isinstance(content, bytes) else content.stat().st_size for content in files.values())
    values = {
        "title": title,
        "sources": sources,
        "names": ", ".join(data.title for data in sources),
        "all_generated": all(data.source.generated for data in sources),
        "reports": held,
        "exhibits": listed,
        "tables": sum(one.exhibit.startswith("Table") for one in listed),
        "figures": sum(one.exhibit.startswith("Figure") for one in listed),
        "minutes": "a minute" if minutes < 1 else f"{math.ceil(minutes)} minutes",
        "brackets": _brackets(minutes),
        "environment": held[0].record["environment"],
        "hashes": hashes,
        "locked": _locked(lock),
        "storage": f"{math.ceil(size / 2**20)} MB",
        "processors": os.cpu_count() or 1,
        "memory": (
            "Memory was not measured when these reports were made."
            if peak_mb is None
            else f"The largest process of the run took {peak_mb:,.0f} MB of memory; two run at a time."
        ),
        "licence": "MIT, see `LICENSE`." if "LICENSE" in files else "MIT.",
        "own": any(name.startswith("studies/") for name in files),
        "manual": any(not data.travels and not data.source.fetched for data in sources),
    }
    fetched = [data.name for data in sources if data.source.fetched]
    return {
        "README.md": _render("README.md.j2", **values).encode(),
        "Makefile": _render(
            "Makefile.j2", fetched=fetched, own=values["own"], hashes="--require-hashes " if hashes else ""
        ).encode(),
        "CHECKLIST.md": _render("CHECKLIST.md.j2", **checklist(held, [data.source for data in sources])).encode(),
        "EXHIBITS.csv": _csv([field.name for field in fields(Exhibit)], map(astuple, listed)),
    }


def _brackets(minutes: float) -> list[tuple[str, bool]]:
    hit = next(words for words, end in _BRACKETS if minutes < end)
    return [(words, words == hit) for words, _ in _BRACKETS]


def _bytes(content: Path | bytes) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content


def _locked(lock: bytes) -> int:
    return sum("==" in line and not line.startswith((" ", "#")) for line in lock.decode("utf-8").splitlines())


def _manifest(files: Mapping[str, Path | bytes]) -> bytes:
    contents = {name: _bytes(held) for name, held in sorted(files.items())}
    rows = [[name, str(len(held)), hashlib.sha256(held).hexdigest()] for name, held in contents.items()]
    return _csv(["file", "bytes", "sha256"], rows)


def _csv(heading: list[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(heading)
    table.writerows([[inert_cell(value) for value in row] for row in rows])
    return text.getvalue().encode()


def _render(template: str, **values: Any) -> str:
    opened = templates(_TEMPLATES)
    opened.filters["cell"], opened.tests["answered"] = cell, answered
    return opened.get_template(template).render(**values)
