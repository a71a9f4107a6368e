"""What no reader may meet in a finding, whatever the study, the source and the parameters."""

from __future__ import annotations

import re
from typing import Any

from accountability.studies import registry

SENTENCES, LONGEST = 3, 620
RAW = {
    "a raw name": re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b"),
    # "None of the seven" is English.
    "a Python literal": re.compile(r"\b(?:True|False|None(?!\s+of\b)|nan|NaN|NaT|<NA>)\b"),
    "a number without end": re.compile(r"(?<![A-Za-z])[-−]?inf\b"),
    "six decimals": re.compile(r"\d\.\d{5,}"),
    "a day as a machine writes it": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "an empty bracket": re.compile(r"\(\s*\)|\{\}|\[\]"),
    "nothing left out, said": re.compile(r"(?<![\d.,])0 [a-z-]+ [^.;]*\bleft out"),
    "a doubled stop": re.compile(r"\.\.|;;|,,|\s\."),
}


def texts(finding: dict[str, Any]) -> list[str]:
    """Every text of a finding that a reader meets."""
    lead = finding["lead"] or {}
    tables = [*finding["tables"], *([finding["firm_table"]] if finding["firm_table"] else [])]
    cells = [text for table in tables for row in (table["head"], *table["rows"]) for text in row]
    return [
        finding["answer"],
        finding["setting"],
        *(str(lead[name]) for name in ("title", "subtitle", "footer", "alt") if name in lead),
        *(str(one[name]) for one in finding["numbers"] for name in ("value", "label", "note")),
        *(table["title"] for table in tables),
        *cells,
        *finding["firm"],
        *finding["breaks"],
        *(words for _, words in finding["method"]),
    ]


def faults(finding: dict[str, Any]) -> list[str]:
    """What is wrong with a finding, one line each; none for a good one."""
    found = [
        f"{what} in {text[:160]!r}" for text in texts(finding) for what, pattern in RAW.items() if pattern.search(text)
    ]
    answer = finding["answer"]
    if finding["question"] != registry.get(finding["study"]).question:
        found.append("the question is not that of the study")
    if not answer[:1].isupper() and not answer[:1].isdigit():
        found.append(f"the answer begins small: {answer[:40]!r}")
    if len(answer) > LONGEST or len(re.findall(r"[.!?](?:\s|$)", answer)) > SENTENCES:
        found.append(f"the answer is too long: {answer!r}")
    if finding["lead"] is not None and not re.search(r"\d", answer):
        found.append(f"the answer holds no number: {answer!r}")
    for table in [*finding["tables"], *([finding["firm_table"]] if finding["firm_table"] else [])]:
        if len(table["rows"]) < 2 or all(cell == "hidden" for row in table["rows"] for cell in row[1:]):
            found.append(f"a table that says nothing: {table['title']!r}")
    said = [*re.split(r"(?<=[.!?]) ", answer), *finding["firm"], *finding["breaks"]]
    found += [f"said twice: {one!r}" for one in dict.fromkeys(said) if said.count(one) > 1]
    if not finding["breaks"]:
        found.append("nothing is said of what would break it")
    return found
