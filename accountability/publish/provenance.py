"""The provenance of a report's numbers.

The notebook shows what the numbers depend on (data, parameters, cut-off, exclusions), which is the same on every
machine. The runner writes what made this copy (time, commit, versions) beside the notebook, so that a stored notebook
can be compared with a new one.
"""

from __future__ import annotations

import html
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability import __version__
from accountability.publish.kept import folder

if TYPE_CHECKING:
    import pandas as pd

    from accountability.records.dataset import Dataset

GENERATED: Final = "Generated data: no real person or agency"
FILE: Final = "data.json"

#: Packages that numbers or figures pass through.
PACKAGES: Final = (
    "accountability", "pandas", "numpy", "scipy", "statsmodels", "patsy", "networkx", "krippendorff", "matplotlib",
    "seaborn", "pyarrow", "pydantic", "papermill", "nbclient", "ipykernel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provenance:
    """The data, parameters and exclusions of one notebook.

    Attributes
    ----------
    facts : tuple of (str, str)
        Source, unit of a row, cut-off, data hash and the hash of each file.
    parameters : tuple of (str, str)
        Each parameter with its value.
    exclusions : tuple of tuple of str
        The steps of the cohort's flow; the first row is the headings. Empty without a flow.
    """

    facts: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    exclusions: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self.facts + self.parameters)
        lines = [f"{name:<{width}}  {value}" for name, value in self.facts]
        lines += ["", "parameters", *(f"{name:<{width}}  {value}" for name, value in self.parameters)]
        if self.exclusions:
            lines += ["", "exclusions", *(" | ".join(row) for row in self.exclusions)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show the same as plain HTML tables."""
        parts = [_pairs("Data", self.facts), _pairs("Parameters", self.parameters)]
        if self.exclusions:
            head, *rows = self.exclusions
            cells = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
            body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            parts.append(
                f"<table><caption>Exclusions</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
            )
        return "\n".join(parts)


def _pairs(caption: str, rows: tuple[tuple[str, str], ...]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>' for name, value in rows
    )
    return f"<table><caption>{caption}</caption><tbody>{body}</tbody></table>"


def show(
    dataset: Dataset,
    parameters: Mapping[str, object],
    *,
    cutoff: date | str | None = None,
    exclusions: pd.DataFrame | None = None,
) -> Provenance:
    """Return the data, parameters, cut-off and exclusions of the notebook's numbers.

    The last cell of a study calls it. It does not depend on the machine, the day or package versions.

    Parameters
    ----------
    dataset : Dataset
        The loaded source.
    parameters : mapping
        The notebook's parameters, name to value.
    cutoff : date or ISO text, optional
        Last day; default the source's ``observed_until``.
    exclusions : DataFrame, optional
        ``cohort.flow()``.

    Returns
    -------
    Provenance
        Shown as tables.
    """
    card = dataset.card
    last = cutoff if cutoff is not None else card.observed_until
    facts = [
        ("source", f"{dataset.title} ({dataset.name})"),
        *([("generated", GENERATED)] if dataset.generated else []),
        ("one row is", card.row_is),
        ("sampling rule", card.sampling.rule),
        ("cut-off", str(last) if last is not None else "not stated by the source"),
        ("data sha256", dataset.sha256),
        *((f"sha256 of {path}", sha256) for path, sha256 in sorted(dataset.files.items())),
    ]
    flow: list[tuple[str, ...]] = []
    if exclusions is not None:
        flow = [tuple(map(str, exclusions.columns))]
        flow += [tuple(map(_cell, row)) for row in exclusions.itertuples(index=False)]
    made = Provenance(
        facts=tuple(facts),
        parameters=tuple((name, str(value)) for name, value in parameters.items()),
        exclusions=tuple(flow),
    )
    target = folder()
    if target is not None:
        record = data_facts(dataset, last, flow)
        (target / FILE).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
    return made


def data_facts(dataset: Dataset, last: date | str | None, exclusions: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the data behind the numbers, for JSON."""
    return {
        "source": dataset.name,
        "title": dataset.title,
        "generated": dataset.generated,
        "sha256": dataset.sha256,
        "files": dict(sorted(dataset.files.items())),
        "cutoff": None if last is None else str(last),
        "exclusions": exclusions,
    }


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return "" if value is None or value != value else str(value)
    return f"{value:,}"


def environment() -> dict[str, Any]:
    """Return what made this copy of a report: time (UTC), commit, Python, platform, versions of packages."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
    }


@cache
def _version(package: str) -> str:
    if package == "accountability":
        return __version__
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def commit() -> str:
    """Return which code ran: the checkout's commit and whether it was changed since, or the installed version."""
    root = Path(__file__).resolve().parents[2]
    installed = f"installed package {_version('accountability')}"
    # An environment inside somebody else's repository must not pass for ours.
    if not (root / ".git").exists():
        return installed
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return installed
    changed = _git(root, "status", "--porcelain", "--", "accountability", "data", "notebooks")
    return f"{head} with uncommitted changes" if changed else head


def _git(root: Path, *arguments: str) -> str | None:
    # Variables of a surrounding git hook would point at another repository.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, env=clean, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
