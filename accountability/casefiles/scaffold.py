"""A case file to begin from: every table with one row, every cell that only a person can fill marked ``DECIDE``."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from accountability.errors import SourceError
from accountability.records.cache import sha256
from accountability.records.onboard.begin import begin
from accountability.records.places import packaged
from accountability.records.yaml_text import lines_of, read_yaml

_HASH: Final = re.compile(r"(\bsha256[\"']?:\s*)[^\s,}#]*")

PATTERN: Final = "news_cases"
"""The source of the package whose declaration a new case file takes over, columns and codebook alike."""

ROWS: Final = {
    "cases.csv": (
        "case_id,agency,matter,place_in_reports,reports,awaiting,note",
        "{case},DECIDE,DECIDE,subject of one report,r000,,",
    ),
    "reports.csv": (
        "report,outlet,published,title_paraphrased,rests_on,how_to_find,paragraphs,text_sha256",
        "r000,DECIDE,DECIDE,DECIDE,DECIDE,DECIDE,DECIDE,",
    ),
    "facts.csv": (
        "fact_id,claim,case_id,report,paragraph,asserted_by,status,subject,category,what,date,note",
        "F001,DECIDE,{case},r000,DECIDE,DECIDE,DECIDE,DECIDE,DECIDE,DECIDE,DECIDE,",
    ),
    "events.csv": (
        "event_id,case_id,officer_id,stage,date,status,asserted_by,report,paragraph,what,reading,note",
        "E01,{case},,DECIDE,DECIDE,DECIDE,DECIDE,r000,DECIDE,DECIDE,,",
    ),
    "allegations.csv": (
        "allegation_id,case_id,officer_id,officer_rank,category,what,finding,recommended,imposed,final,status,"
        "asserted_by,report,paragraph,reading,note",
        "A01,{case},{case}/officer-1,officer,DECIDE,DECIDE,,,,unknown,DECIDE,DECIDE,r000,DECIDE,,",
    ),
}

_CARD: Final = """\
source: {name}
title: DECIDE   # one line: what the case file is about, without a name
generated: false
card:
  jurisdiction: DECIDE   # city, county or state
  agency: DECIDE
  publisher: News outlets or papers, listed in reports.csv
  obtained: DECIDE   # who coded it, when, from which copies
  row_is: One accusation, or one disciplined charge, against one officer, under one reading of the reports
  unit: allegation
  observed_until: null
  sampling:
    rule: case_files
    open_cases: included
    closing_date: false
    selected_on: [being reported]
    window: DECIDE   # how these cases were found, and why these
  internal_complaints: unknown
  licence: DECIDE   # of your coding; quote no sentence of a report
  citation: The reports in reports.csv, by report and paragraph, as cited in every row
  traps:
    - Rows of different readings exclude each other; choose one reading of each conflict before counting.
    - An allegation is not a finding, and a decision under appeal is not final; read status and final beside finding.
"""

_CONFLICTS: Final = """\
# Where the reports disagree (kind: disagreement), or one of them can be read in two ways (kind: ambiguity).
# A row of events.csv or allegations.csv that belongs to one reading only says so in its column `reading`, as
# conflict=reading; several are joined by ; and a blank cell belongs to every reading. An entry looks like this:
#
# conflicts:
#   when_disciplined:
#     case_ids: [{case}]
#     kind: disagreement
#     question: When was the penalty imposed?
#     default: september        # the reading taken where no other is chosen
#     because: It is the narrower statement.
#     readings:
#       september: {{says: In September., facts: [F002], changes: The delay is shorter.}}
#       late: {{says: Late in the year., facts: [F005], changes: The delay is longer.}}
#     elsewhere: ""             # what other reports say; coded in no table
#
# A reading may also change what the case waits for: `awaits: [penalty_approved]`.
conflicts: {{}}

# What no report says, and what cannot be answered without it:
#   - {{case_id: {case}, what: When the complaint was received, blocks: The start of any delay.}}
not_stated: []

# Capitalised words that name no person (places, units), so that the check does not ask about them: [Harbour, Internal]
not_names: []
"""

_README: Final = """\
# {name}: a case file

Begun by `accountability new-case {name}`. Replace every DECIDE; `accountability check {name}` lists what is left, and
`accountability run case_file --source {name}` shows it.

| file | one row is |
|---|---|
| `reports.csv` | one report: outlet, day of publication, on whom it rests, how to find it, number of paragraphs |
| `facts.csv` | one fact in one paragraph of one report, in your own words; `claim` joins a fact told in many places |
| `cases.csv` | one case; `awaiting` lists the stages still to come, by blanks |
| `events.csv` | one step, dated as firmly as the report and no firmer, or not dated |
| `allegations.csv` | one accusation, or one disciplined charge, against one officer; the penalty stands on the charge |
| `conflicts.yaml` | one conflict with its readings; what no report says |
| `second_coding.csv` | optional: `fact_id,status,category` by a second coder, who has not seen the first |

- **Paragraph**: the n-th line of the text that is not blank, from 1.
- **Status**, by the verb of the sentence: `reported`, `alleged`, `found`, `recommended`, `decided`, `appealed`.
- **Who asserts**: a role (`report`, `headline`, `investigators`, `attorney`), or `unstated`.
- **Dates**: `2012`, `2012-09`, `late 2012`, `2012-09/..` (not before), `../2010` (not after), or blank. Add no day.
- **No names.** People are roles: `{case}/officer-1`, `{case}/supervising-sergeant`.
- **Finding and penalty** take the words of `codebook.yaml`; add what your reports say there.
- After an edit the check gives the new hashes for `source.yaml`.

The rules in full, and a finished case file, are in `data/news_cases` of the package.
"""


def new_case(name: str, into: str | Path | None = None) -> Path:
    """Write a case file to begin from.

    Parameters
    ----------
    name : str
        Name of the source: lower-case letters, digits, ``-`` and ``_``.
    into : path, optional
        Folder that holds sources. Default: ``data`` in the current folder, where every command looks.

    Returns
    -------
    Path
        The new folder. It is complete, or not there at all.

    Raises
    ------
    SourceError
        The name is taken or cannot be a folder's.
    """
    case = name.upper().replace("_", "-")

    def write(folder: Path) -> None:
        texts = {file: "".join(f"{line.format(case=case)}\n" for line in lines) for file, lines in ROWS.items()}
        texts["conflicts.yaml"] = _CONFLICTS.format(case=case)
        texts["README.md"] = _README.format(name=name, case=case)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        shutil.copyfile(packaged("data") / PATTERN / "codebook.yaml", folder / "codebook.yaml")
        (folder / "source.yaml").write_text(_declaration(name, folder), encoding="utf-8", newline="\n")

    return begin(name, into, "a case file", write)


def stale(folder: Path) -> dict[str, tuple[str, str]]:
    """Files of a source that are no longer those declared: path to the hash declared and the hash found.

    None while ``source.yaml`` cannot be read; the check of the source says why.
    """
    found: dict[str, tuple[str, str]] = {}
    try:
        files = read_yaml(folder / "source.yaml").get("files")
    except SourceError:
        return found
    for file in files.values() if isinstance(files, dict) else ():
        if isinstance(file, dict) and isinstance(file.get("path"), str) and (folder / file["path"]).is_file():
            now = sha256(folder / file["path"])
            if file.get("sha256") != now:
                found[file["path"]] = (str(file.get("sha256")), now)
    return found


@contextmanager
def as_if_declared(folder: Path) -> Iterator[Path]:
    """Give a small source whose hashes are those found, for a check of all the rest of it: a copy where they differ."""
    changed = stale(folder)
    if not changed:
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        shutil.copytree(folder, copy)
        path = copy / "source.yaml"
        at, lines = lines_of(path), path.read_text(encoding="utf-8").splitlines()
        for key, file in read_yaml(path)["files"].items():
            line = at.get(("files", key, "sha256"))
            if line and file.get("path") in changed:
                lines[line - 1] = _HASH.sub(rf"\g<1>{changed[file['path']][1]}", lines[line - 1])
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield copy


def _declaration(name: str, folder: Path) -> str:
    """The card to fill, and the files as the package's own case files declare them, with the hashes of the new ones."""
    text = (packaged("data") / PATTERN / "source.yaml").read_text(encoding="utf-8")
    files = re.sub(r"\n    rows: \d+", "", text[text.index("\nfiles:\n") :])
    for path in ("cases.csv", "allegations.csv", "events.csv"):
        files = re.sub(rf"(path: {path}\n    sha256: )\w+", rf"\g<1>{sha256(folder / path)}", files)
    return _CARD.format(name=name) + files.lstrip("\n")
