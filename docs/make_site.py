"""Build the documentation site from the pages of this folder, the notebooks and the code: `make docs`.

The reference is made from what the package declares: every public name, every study's parameters, the vocabulary, the
table of laws and the card of every source. Nothing is run: notebooks show the outputs they carry.
"""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import accountability
from accountability import vocabulary
from accountability.delay import limits
from accountability.records.contract import declared_source
from accountability.records.places import source_folder
from accountability.studies import registry

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
BUILD: Final = ROOT / "build" / "docs"

#: Front doors, in the order of the sidebar, with what each is for.
DOORS: Final = {
    "accountability": "Load, declare, describe.",
    "accountability.delay": "How long cases take: curves, comparisons, models, limits of law, caseload.",
    "accountability.outcomes": "What follows a complaint: findings, penalties, gaps between groups.",
    "accountability.officers": "Who draws complaints, against chance; squads, peers, movers.",
    "accountability.audit": "What a release holds and lacks, before anything is estimated.",
    "accountability.releases": "Releases of one agency as a time axis.",
    "accountability.reforms": "Did it change: reforms, panels, designs, what follows discipline.",
    "accountability.investigators": "Does it matter who investigates: spread, shuffles, the leniency instrument.",
    "accountability.agencies": "Agencies side by side: what can be compared, at one mix; counts by year.",
    "accountability.sensitivity": "How what is not known would have to be for a finding to turn.",
    "accountability.planning": "How many cases a question needs.",
    "accountability.casefiles": "Single cases coded fact by fact.",
    "accountability.multiverse": "One question under every defensible choice.",
    "accountability.tables": "Describe anything; table one; models side by side.",
    "accountability.synthetic": "A generated agency with a planted truth.",
    "accountability.findings": "What a study found, typed.",
    "accountability.publish": "Run, sweep, report, explore.",
    "accountability.classroom": "Lessons and grading.",
}
#: Lists of terms a reader meets, with what they are of.
TERMS: Final = {
    "SAMPLING_RULES": "How records came to be in a release",
    "UNITS": "What one row counts",
    "CLOSING_STATES": "What is known of the end of a case",
    "STAGES": "Steps of a case",
    "FINDINGS": "Findings",
    "CLOSING_REASONS": "Reasons of a closing without a finding",
    "PENALTIES": "Penalties",
    "IDENTIFYING": "Kinds of columns that identify people",
}


def sources() -> list[str]:
    """Every source whose declaration the package carries."""
    return sorted(path.parent.name for path in (ROOT / "data").glob("*/source.yaml"))


def public_names(door: str) -> list[str]:
    """The public names of a front door."""
    module = importlib.import_module(door)
    return sorted(dir(module) if door == "accountability" else module.__all__)


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in line) + " |" for line in lines)


def door_page(door: str) -> str:
    """The reference of one front door: its functions, then what they return."""
    module = importlib.import_module(door)
    functions, results, rest = [], [], []
    for name in public_names(door):
        held = getattr(module, name)
        if inspect.isfunction(held) or (callable(held) and not inspect.isclass(held)):
            functions.append(f".. autofunction:: {door}.{name}")
        elif inspect.isclass(held):
            results.append(f".. autoclass:: {door}.{name}\n   :members:")
        elif inspect.ismodule(held):
            rest.append(f"- `{held.__name__}`: {(inspect.getdoc(held) or '').splitlines()[0]}")
        else:
            rest.append(f"- `{name}`: {held!r}"[:300])
    parts = [f"# {door}", DOORS[door]]
    for title, blocks in (("Functions", functions), ("Results", results)):
        if blocks:
            parts += [f"## {title}", "```{eval-rst}\n" + "\n\n".join(blocks) + "\n```"]
    return "\n\n".join([*parts, *(["## Modules and lists", "\n".join(rest)] if rest else [])]) + "\n"


def studies_page() -> str:
    """Every study with its question and its parameters."""
    parts = ["# Studies", "Each is a notebook with parameters: `accountability run NAME --source SOURCE -p KEY=VALUE`."]
    for name in registry.STUDIES:
        study = registry.get(name)
        rows = [
            (f"`{key}`", f"`{field.default}`", field.description or "")
            for key, field in study.parameters.model_fields.items()
        ]
        parts += [f"## {name}", study.question]
        if study.needs_columns:
            parts.append("Needs " + "; ".join(f"`{c}` ({what})" for c, what in study.needs_columns.items()) + ".")
        if study.needs_people:
            parts.append(f"Needs a table of {study.needs_people}.")
        if study.refused_rules:
            parts.append(
                "Refused under " + "; ".join(f"`{rule}`: {why}" for rule, why in study.refused_rules.items()) + "."
            )
        parts.append(table(("parameter", "default", "what it is"), rows))
        if (ROOT / "notebooks" / f"{name}.ipynb").is_file():
            parts.append(f"[The notebook, as run on the generated agency](../notebooks/{name}.ipynb)")
    return "\n\n".join(parts) + "\n"


def vocabulary_page() -> str:
    """Every closed list of terms."""
    parts = [
        "# Vocabulary",
        "Terms are closed lists: a word of an agency is coded to one of them, by a cited codebook.",
    ]
    for name, title in TERMS.items():
        terms = getattr(vocabulary, name)
        parts += [f"## {title}", table(("term", "what it means"), ((f"`{t}`", what) for t, what in terms.items()))]
    return "\n\n".join(parts) + "\n"


def laws_page() -> str:
    """The table of time limits."""
    rows = [(row.name, row.jurisdiction, f"{row.value} {row.unit}", row.limits, row.starts,
             f"{row.citation}{f', to {row.effective_to}' if row.effective_to else ''}. {row.note}".strip())
            for row in limits.table().itertuples(index=False)]  # fmt: skip
    said = (
        "Time limits on police discipline, of laws and of union contracts. They are read in secondary copies; they are "
        "information, not legal advice."
    )
    head = ("name", "where", "limit", "what has to be done", "starts", "citation")
    return "\n\n".join(["# Limits of law", said, table(head, rows)]) + "\n"


def source_page(name: str) -> str:
    """The card of a source, its traps, and what its README says."""
    source = declared_source(source_folder(name))
    card = source.card
    rows = [(key.replace("_", " "), value) for key, value in card.model_dump().items()
            if isinstance(value, str) or key == "observed_until"]  # fmt: skip
    rows += [
        (f"sampling: {key.replace('_', ' ')}", value) for key, value in card.sampling.model_dump().items() if value
    ]
    parts = [f"# {name}", source.title, "## Card", table(("the card's line", "what it says"), rows)]
    if card.traps:
        parts += ["## Traps", "\n".join(f"- {trap}" for trap in card.traps)]
    return "\n\n".join(parts) + "\n"


def reference_index() -> str:
    """The page that leads to the whole reference."""
    groups = {
        "What is declared": ["studies", "../declaration", "vocabulary", "laws"],
        "Code": list(DOORS),
        "Sources": [f"source_{name}" for name in sources()],
    }
    parts = ["# Reference", "Made from the code and the declarations."]
    for title, pages in groups.items():
        parts += [f"## {title}", "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(pages) + "\n```"]
    return "\n\n".join(parts) + "\n"


def assemble(into: Path) -> None:
    """Put pages, notebooks and the made reference in one folder."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for page in [*HERE.rglob("*.md"), *HERE.rglob("*.ipynb"), HERE / "conf.py", *(HERE / "_static").iterdir()]:
        (into / page.relative_to(HERE)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, into / page.relative_to(HERE))
    (into / "notebooks").mkdir()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, into / "notebooks")
    shutil.copytree(ROOT / "notebooks" / "figures", into / "figures")
    for page in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        text = text.replace("](docs/", "](").replace("](CHANGELOG.md)", "](changelog.md)")
        (into / page.lower()).write_text(text, encoding="utf-8")
    reference = into / "reference"
    reference.mkdir(exist_ok=True)
    for door in DOORS:
        (reference / f"{door}.md").write_text(door_page(door), encoding="utf-8")
    made = {"studies": studies_page(), "vocabulary": vocabulary_page(), "laws": laws_page()}
    made |= {"index": reference_index()}
    made |= {f"source_{name}": source_page(name) for name in sources()}
    for name, text in made.items():
        (reference / f"{name}.md").write_text(text, encoding="utf-8")


def build(folder: Path) -> tuple[Path, str]:
    """Build the site in a folder and give where it lies, and what Sphinx had to say; nothing when all is well."""
    assemble(folder / "source")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "2", "-b", "html", "source", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return folder / "site", done.stderr if done.returncode else ""


def page_list(site: Path) -> str:
    """The pages of a built site, a line a folder, without the listings of the code."""
    pages: dict[str, list[str]] = {}
    for page in sorted(site.rglob("*.html")):
        if "_modules" not in page.parts:
            pages.setdefault(page.parent.relative_to(site).as_posix(), []).append(page.stem)
    return "\n".join(f"{folder} ({len(names)}): {', '.join(names)}" for folder, names in pages.items())


def main() -> int:
    """Build the site; print its pages, what it took and where it begins."""
    BUILD.mkdir(parents=True, exist_ok=True)
    began, used = time.monotonic(), os.times()
    site, complaints = build(BUILD)
    if complaints:
        print(complaints, file=sys.stderr)
        return 1
    spent = sum(now - then for now, then in zip(os.times()[:4], used[:4], strict=True))
    print(page_list(site))
    print(f"built in {time.monotonic() - began:.0f} s, {spent:.0f} s of processor time")
    print((site / "index.html").as_uri())
    return 0


if __name__ == "__main__":
    assert accountability.__doc__
    sys.exit(main())
