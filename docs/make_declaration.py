"""Write docs/declaration.md: every key a declaration takes, from the models that read it.

Run ``python docs/make_declaration.py`` after a key changes; ``tests/records/test_declaration_page.py`` compares.
The sentences come from the models and their docstrings; the examples below are read by the loader in that test.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import yaml
from pydantic import BaseModel

from accountability import reforms
from accountability.records import codebook, column, contract, preparation, totals
from accountability.records.dates.convention import WordsConvention
from accountability.records.dates.date_spec import KEYS, DateSpec, Lie
from accountability.records.readers.format import Format

PAGE = Path(__file__).with_name("declaration.md")
EXAMPLES = yaml.safe_load(Path(__file__).with_name("declaration_examples.yaml").read_text(encoding="utf-8"))

#: Section -> (model, where its keys stand).
MODELS: dict[str, tuple[type, str]] = {
    "Source": (contract.Source, "`source.yaml`, at the top"),
    "Card": (contract.Card, "under `card`"),
    "Sampling": (contract.Sampling, "under `card: sampling`"),
    "InForce": (contract.InForce, "an entry of `card: limits`"),
    "Period": (contract.Period, "under `card: period`"),
    "Order": (contract.Order, "an entry of `order`"),
    "File": (contract.File, "a file under `files`"),
    "Totals": (totals.Totals, "under `totals` of a file of outside totals"),
    "Format": (Format, "under `format` of a file"),
    "Step": (preparation.Step, "an entry of `prepare` of a file"),
    "DropRows": (preparation.DropRows, "under `prepare: drop_rows`"),
    "GroupLines": (preparation.GroupLines, "under `prepare: group_lines`"),
    "Explode": (preparation.Explode, "under `prepare: explode`"),
    "JoinColumns": (preparation.JoinColumns, "under `prepare: join_columns`"),
    "Constant": (preparation.Constant, "under `prepare: constant`"),
    "Lookup": (preparation.Lookup, "under `prepare: lookup`"),
    "Blank": (preparation.Blank, "under `prepare: blank`"),
    "Repeats": (contract.Repeats, "an entry of `repeats` of a file"),
    "Unusable": (contract.Unusable, "an entry of `unusable` of a file"),
    "Column": (column.Column, "a column under `columns` of a file"),
    "Aside": (column.Aside, "under `aside` of a column"),
    "DropCells": (column.DropCells, "an entry of `drop_cells` of a column"),
    "Date": (DateSpec, "under `date` of a column, where more than a format is said"),
    "Lie": (Lie, "an entry of `lies` of a date"),
    "Words": (WordsConvention, "under `convention` of a date"),
    "Block": (codebook.Block, "a block of `codebook.yaml`"),
    "Rule": (codebook.Rule, "an entry of `rules` of a block"),
    "Reform": (reforms.Reform, "`reform.yaml` beside `source.yaml`, of a reform to be looked at"),
}
RULE_KEYS = ("pattern", "gives", "examples")


def keys_of(section: str) -> tuple[str, ...]:
    """The keys that the loader accepts in a section."""
    model = MODELS[section][0]
    if section == "Date":
        return KEYS[:1] + tuple(key for key in KEYS[1:] if key != "format")
    if section == "Block":
        return codebook.BLOCK_KEYS
    if section == "Rule":
        return RULE_KEYS
    if issubclass(model, BaseModel):
        return tuple(field.alias or name for name, field in model.model_fields.items())
    return tuple(item.name for item in fields(model) if item.init)


def said_of(section: str, key: str) -> str:
    """One sentence about a key: from the examples' file where it is there, else from the model."""
    stated = EXAMPLES[section].get(key)
    if isinstance(stated, dict) and "says" in stated:
        return str(stated["says"])
    model = MODELS[section][0]
    if issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            if key == (field.alias or name) and field.description:
                return field.description
    described = _described(model)
    return described.get("format" if section == "Date" and key == "date" else key, "")


def _described(model: type) -> dict[str, str]:
    """What the docstring says of each parameter or attribute, its first sentence."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (inspect.getdoc(model) or "").splitlines():
        head = re.fullmatch(r"(\w+(?:, \w+)*)(?: : .*)?", line)
        if head:
            names = head[1].split(", ")
        elif line.startswith("    "):
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return {name: re.split(r"(?<=[.:]) (?=[A-Z`])", text)[0] for name, text in found.items()}


def example_of(section: str, key: str) -> str:
    """One line as it stands in a declaration."""
    stated = EXAMPLES[section].get(key)
    return str(stated["line"] if isinstance(stated, dict) else stated)


def page() -> str:
    """The whole page."""
    lines = [
        "# Declarations: every key",
        "",
        "A source is a folder with the files as published, `source.yaml` (what they are and what each column means)",
        "and `codebook.yaml` (what each value means). An unknown key is an error. This page is made from the models",
        "that read the two files (`python docs/make_declaration.py`); a test holds it in step.",
        "",
    ]
    for section, (_, where) in MODELS.items():
        lines += [f"## {section}", "", f"{where[:1].upper()}{where[1:]}.", ""]
        lines += ["| key | what it says | for example |", "|---|---|---|"]
        for key in keys_of(section):
            said = said_of(section, key).replace("|", "\\|").rstrip(".")
            said = said.replace("``", "`")
            line = example_of(section, key).replace("|", "\\|")
            lines.append(f"| `{key}` | {said[:1].upper()}{said[1:]}. | `{line}` |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
