"""Make a report from a checked request: execute, collect, write the page, and then put it in place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError, Refusal, SourceError
from accountability.findings import Finding
from accountability.labels import in_words, label
from accountability.publish import kept, page, provenance, sidecar
from accountability.publish.execute import Failure, StudyFailed, execute, interruptible
from accountability.publish.finished import PAGE, RECORD, digests
from accountability.publish.in_place import clear_left, making, put_file
from accountability.publish.index_page import index_page
from accountability.publish.request import Request, request
from accountability.publish.sweeps.sweep_inputs import inputs
from accountability.publish.sweeps.sweep_kernels import forking
from accountability.records.contract import Source, read_source
from accountability.records.places import notebooks_dir, source_folder
from accountability.results import capitalised
from accountability.studies import registry
from accountability.studies.registry import Study

WORKERS: Final = 2

Progress = Callable[[str, int, int], None]


def default_out(source: Source) -> Path:
    """Return the folder for reports on a source, under the current folder."""
    return Path("reports") / source.source


def run(
    study: str,
    source: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Run one study and write its report.

    Parameters
    ----------
    study : str
        Name of a study.
    source : str, optional
        A source's name or folder; by default the model's.
    parameters : mapping, optional
        Further parameters of the study.
    out : path, optional
        Folder to which the report's own folder is added; default ``reports/<source>``.
    progress : callable, optional
        Called with the study's name, the cells done and the cells there are.

    Returns
    -------
    Path
        The report's HTML page. Beside it: the executed notebook, the tables as CSV, ``provenance.json``.

    Raises
    ------
    AccountabilityError
        If refused before a run (see :func:`accountability.studies.registry.check`), or by what the data turned out to
        hold; the index then lists the reason.
    StudyFailed
        If the notebook stopped with an error; its page and notebook show where.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.run("were_deadlines_met", "synthetic", {"witin_days": 180})
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: were_deadlines_met: no parameter 'witin_days'. ...
    """
    return answer(request(study, source, parameters or {}), out, progress)


def answer(
    wanted: Request, out: str | Path | None, progress: Progress | None = None, notebook: Path | None = None
) -> Path:
    """Make one report, list it on the index, and return its page; see :func:`make`."""
    folder = default_out(wanted.source) if out is None else Path(out)
    with forking(1) as start, interruptible(1) as pool:
        making_one = pool.submit(make, wanted, folder, progress, start=start, notebook=notebook)
        # While the notebook runs.
        refused = not_run(wanted.parameters.source, wanted.source)
        page.make_ready()
        made, failure = making_one.result()
    write_index(wanted.parameters.source, wanted.source, folder, refused=refused)
    if failure is not None:
        said = f"{wanted.study.name} {failure}"
        raise Refusal(said) if failure.refused else StudyFailed(said, made)
    return made


def report(source: str = "synthetic", out: str | Path | None = None, *, progress: Progress | None = None) -> Path:
    """Run every study that a source can answer, and write an index page of their reports.

    Parameters
    ----------
    source : str
        A source's name or folder.
    out : path, optional
        Folder of the reports; default ``reports/<source>``.
    progress : callable, optional
        Called with a study's name, the cells done and the cells there are.

    Returns
    -------
    Path
        ``index.html``. It also lists the studies that the source cannot answer, with reasons.

    Raises
    ------
    AccountabilityError
        For an unknown source, or if no study applies to it.
    StudyFailed
        If at least one notebook stopped with an error; the others are run, and the index is written.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.report("sinthetic")
    Traceback (most recent call last):
        ...
    accountability.errors.SourceError: ...
    """
    declared, able, refused = studies_of(source)
    wanted = [request(name, source, {}) for name in able]
    folder = default_out(declared) if out is None else Path(out)
    with forking(len(wanted)) as start, interruptible(WORKERS) as pool:
        made = list(pool.map(lambda one: make(one, folder, progress, start=start), wanted))
    index = write_index(source, declared, folder, refused=refused)
    failures = [
        f"{one.study.name} {failed}"
        for one, (_, failed) in zip(wanted, made, strict=True)
        if failed and not failed.refused
    ]
    if failures:
        raise StudyFailed("\n".join(failures), index)
    return index


def studies_of(source: str) -> tuple[Source, list[str], dict[str, str]]:
    """Return which studies a source can answer, and why not the others; refused if none."""
    declared = read_source(source_folder(source))
    refused = not_run(source, declared)
    able = [name for name in registry.STUDIES if name not in refused]
    if not able:
        reasons = "\n".join(f"{name}: {reason}" for name, reason in refused.items())
        raise Refusal(f"no study can be run on {declared.source!r}:\n{reasons}")
    return declared, able, refused


def not_run(source: str, declared: Source) -> dict[str, str]:
    """Return the studies that a source cannot answer, with reasons."""
    reasons = {name: registry.why_not(study, source, declared) for name, study in registry.STUDIES.items()}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def make(
    wanted: Request,
    out: Path,
    progress: Progress | None,
    *,
    start: Callable[[Any], Any] | None = None,
    workshop: Path | None = None,
    notebook: Path | None = None,
) -> tuple[Path, Failure | None]:
    """Make one report in its own folder, completely or not at all.

    Parameters
    ----------
    wanted : Request
        What to run.
    out : Path
        Folder to which the report's folder is added.
    progress : callable or None
        Called for every cell.
    start : callable, optional
        As the provisioner of :func:`execute`; without it a new kernel is started.
    workshop : Path, optional
        Folder on the same disk for unfinished files; default ``out``.
    notebook : Path, optional
        Notebook to run; default the study's.

    Returns
    -------
    page : Path
        The report's page, also if the notebook failed.
    failure : Failure or None
        Where it stopped.
    """
    notebook = notebook_of(wanted.study) if notebook is None else notebook
    final = out / wanted.folder
    refuse_other(final)
    out.mkdir(parents=True, exist_ok=True)
    unfinished = (workshop or out).resolve()
    scratch = None if workshop is None else unfinished
    if workshop is None:
        clear_left(out)
    with making(final, unfinished, wanted.study.name) as folder:
        failure = _fill(folder, wanted, notebook, progress, start, scratch)
    return final / PAGE, failure


def refuse_other(folder: Path) -> None:
    """Refuse to replace anything but a report."""
    if folder.exists() and not (folder / RECORD).is_file():
        raise ParameterError(f"{folder}: holds something that is not a report; choose another folder with --out")


def notebook_of(study: Study) -> Path:
    """Return a study's notebook; refused if it is missing from the installation."""
    notebook = (study.home or notebooks_dir()) / study.notebook
    if not notebook.is_file():
        raise SourceError(f"{notebook}: the notebook of {study.name} is missing; install the package again")
    return notebook


def _fill(
    folder: Path,
    wanted: Request,
    notebook: Path,
    progress: Progress | None,
    start: Callable[[Any], Any] | None,
    scratch: Path | None,
) -> Failure | None:
    executed = folder / wanted.study.notebook
    literals = wanted.parameters.literals()
    # Stated before it runs: what is changed meanwhile must not pass for what ran.
    made_of = inputs(wanted, notebook)
    begun = time.monotonic()

    def on_cell(done: int, cells: int) -> None:
        if progress is not None:
            progress(wanted.study.name, done, cells)

    if progress is not None:
        progress(wanted.study.name, 0, 1)
    failure = execute(notebook, executed, literals, folder, on_cell, provisioner=start, scratch_in=scratch)
    tables = kept.kept_in(folder)
    found = _finding(folder, wanted, tables, failure)
    record = {
        "study": wanted.study.name,
        "question": wanted.study.question,
        "notebook": wanted.study.notebook,
        "notebook_sha256": made_of["notebook"],
        "parameters": literals,
        "inputs": made_of,
        "changed": [f"{name} = {value}" for name, value in wanted.changed.items()],
        "command": wanted.command,
        "data": _data(folder, wanted.source) | _release(wanted),
        "tables": tables,
        "labels": wanted.source.labels,
        "finding": found,
        "headline": found["answer"] if failure is None or failure.refused else "",
        "seconds": round(time.monotonic() - begun, 1),
        "environment": provenance.environment(),
        "failure": failure and asdict(failure) | {"where": failure.where},
    }
    rows = page.parameter_rows(wanted.study.parameters, literals)
    document = _finish_notebook(executed, record, rows)
    (folder / PAGE).write_text(page.report_page(document, record, rows, folder), encoding="utf-8")
    for name in (kept.MANIFEST, kept.FOUND, provenance.FILE):
        (folder / name).unlink(missing_ok=True)
    sidecar.accompany(folder, record)
    record["files"] = digests(folder)
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return failure


def _finding(folder: Path, wanted: Request, tables: list[dict[str, Any]], failure: Failure | None) -> dict[str, Any]:
    """Read what the notebook presented; of one that presented nothing, what its first result says."""
    stated = folder / kept.FOUND
    if stated.is_file() and failure is None:
        return json.loads(stated.read_text(encoding="utf-8"))
    said = next((table["sentence"] for table in tables if table.get("sentence")), "This notebook states no answer.")
    answer = capitalised(in_words(said))
    if failure is not None:
        answer = f"This {failure}" if failure.refused else "There is no answer yet: the notebook stopped."
    changed = [f"{label(name)}: {page.said(value)}" for name, value in wanted.changed.items()]
    return Finding(
        study=wanted.study.name,
        question=wanted.study.question,
        setting=" · ".join([wanted.source.title, *changed]),
        answer=answer,
        generated=wanted.source.generated,
    ).as_json()


def _data(folder: Path, source: Source) -> dict[str, Any]:
    stated = folder / provenance.FILE
    if stated.is_file():
        return json.loads(stated.read_text(encoding="utf-8"))
    # The notebook stopped before it could say; the declaration still names the source.
    last = source.card.observed_until
    return {
        "source": source.source,
        "title": source.title,
        "generated": source.generated,
        "sha256": "",
        "files": {},
        "cutoff": None if last is None else last.isoformat(),
        "exclusions": [],
    }


def _release(wanted: Request) -> dict[str, Any]:
    """Say which release it is, and by which reading of it: how it was obtained, hashes of its declarations."""
    return {
        "vintage": wanted.source.card.obtained,
        "declaration": sidecar.declaration(source_folder(wanted.parameters.source)),
    }


def _finish_notebook(executed: Path, record: Mapping[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    """Show the parameters as a table, hide their code, and leave no path of this machine in the metadata."""
    import nbformat

    document = nbformat.read(executed, as_version=4)
    for position, cell in enumerate(document.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            table = nbformat.v4.new_markdown_cell(page.parameter_markdown(rows), metadata={"tags": [page.TABLE_TAG]})
            # Drawn at random otherwise, and the same request would give another file.
            table["id"] = "parameter-table"
            cell["id"] = "injected-parameters"
            document.cells.insert(position + 1, table)
            break
    if (record["failure"] or {}).get("refused"):  # a reason, and no fault of the code
        document.cells = [c for c in document.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
        for output in (one for cell in document.cells for one in cell.get("outputs", [])):
            if output["output_type"] == "error":
                output["traceback"] = [record["failure"]["message"]]
    for cell in document.cells:
        if {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            cell.metadata["jupyter"] = {"source_hidden": True}
    document.metadata.get("papermill", {}).update(input_path=executed.name, output_path=executed.name)
    document.metadata["accountability"] = {
        key: record[key] for key in ("study", "parameters", "command", "data", "environment")
    }
    nbformat.write(document, executed)
    return document


def write_index(
    source: str,
    declared: Source,
    out: Path,
    workshop: Path | None = None,
    *,
    refused: Mapping[str, str] | None = None,
) -> Path:
    """Write the page that lists every report in a folder, ``index.html``.

    `workshop` as for :func:`make`; `refused` as :func:`not_run` returns it, where that is known.
    """
    text = index_text(declared, out, not_run(source, declared) if refused is None else refused)
    return put_file(out / "index.html", lambda file: file.write_text(text, encoding="utf-8"), workshop or out)


def index_text(declared: Source, out: Path, refused: Mapping[str, str]) -> str:
    """Return the page that lists every report in a folder, and which studies the source cannot answer."""
    # What is no study of the list, such as a multiverse, comes last.
    order = {name: place for place, name in enumerate(registry.STUDIES)}
    reports = []
    for path in out.glob(f"*/{RECORD}"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if not path.parent.name.startswith(".") and record["data"]["source"] == declared.source:
            reports.append({**record, "folder": path.parent.name})
    missing = {registry.get(name).question: reason for name, reason in refused.items()}
    for one in [record for record in reports if (record["failure"] or {}).get("refused")]:
        reports.remove(one)
        asked = f" ({', '.join(one['changed'])})" if one["changed"] else ""
        missing[one["question"] + asked] = one["failure"]["message"]
    reports.sort(key=lambda record: (order.get(record["study"], len(order)), len(record["changed"]), record["folder"]))
    card = declared.card
    period = f"{card.period.start} to {card.period.end}" if card.period else "not stated"
    facts = [
        ("agency", f"{card.agency}, {card.jurisdiction}"),
        ("complaints received", period),
        ("observed until", str(card.observed_until or "not stated")),
        ("which complaints", card.sampling.window),
        ("one row is", card.row_is),
        ("data sha256", ", ".join(sorted({record["data"]["sha256"] for record in reports} - {""})) or "not reached"),
        ("licence", card.licence),
        ("citation", card.citation),
    ]
    about = {"generated": declared.generated, "facts": facts}
    return index_page(declared.title, about, reports, missing, out)
