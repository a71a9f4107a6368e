"""A template of a case file: one row per table, with ``DECIDE`` in every cell that a person must fill."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from string import Template
from typing import Final

from accountability.records.cache import sha256
from accountability.records.onboard.begin import begin
from accountability.records.places import packaged

PATTERN: Final = "news_cases"
"""The source of the package whose declaration a new case file takes over, columns and codebook alike."""


def new_case(name: str, into: str | Path | None = None) -> Path:
    """Write a template of a case file.

    Parameters
    ----------
    name : str
        Name of the source: lower-case letters, digits, ``-`` and ``_``.
    into : path, optional
        Folder that holds sources; by default ``data`` in the current folder, where all commands look.

    Returns
    -------
    Path
        The new folder; on an error no folder is left.

    Raises
    ------
    SourceError
        If the name is taken or is not a valid folder name.
    """
    words = {"name": name, "case": name.upper().replace("_", "-")}

    def write(folder: Path) -> None:
        for part in sorted(Path(__file__).with_name("template").iterdir()):
            text = Template(part.read_text(encoding="utf-8")).substitute(words)
            (folder / part.name).write_text(text, encoding="utf-8", newline="\n")
        shutil.copyfile(packaged("data") / PATTERN / "codebook.yaml", folder / "codebook.yaml")
        with (folder / "source.yaml").open("a", encoding="utf-8", newline="\n") as card:
            card.write(files_declared(folder))

    return begin(name, into, "a case file", write)


def files_declared(folder: Path) -> str:
    """Return the declaration of the files as in the package's own case files, with the hashes of the new ones."""
    text = (packaged("data") / PATTERN / "source.yaml").read_text(encoding="utf-8")
    files = re.sub(r"\n    rows: \d+", "", text[text.index("\nfiles:\n") + 1 :])
    for path in ("cases.csv", "allegations.csv", "events.csv"):
        files = re.sub(rf"(path: {path}\n    sha256: )\w+", rf"\g<1>{sha256(folder / path)}", files)
    return files
