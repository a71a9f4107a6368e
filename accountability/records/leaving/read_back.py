"""Scripts that read the exported tables in R and Stata and reproduce the counts of table one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from accountability.labels import USUAL
from accountability.records.leaving.coded_columns import Leaving
from accountability.records.leaving.table_files import ENDINGS

_READERS: Final = {
    "stata": 'haven::read_dta("{file}")',
    "spss": 'haven::read_sav("{file}")',
    "parquet": 'as.data.frame(arrow::read_parquet("{file}"))',
    "csv": 'read.csv("{file}", na.strings = "", encoding = "UTF-8", check.names = FALSE)',
}
_FIRST_TABLE: Final = """
# Table one: of every allegation, and nothing recorded is a level of its own. Days from receipt to closing are left out,
# as cases that are still open count in them.
extra <- c("case_id", setdiff(names(cases), names(allegations)))
rows <- merge(allegations, cases[extra], by = "case_id", all.x = TRUE)
in_words <- function(values) {
  words <- as.character(if (inherits(values, "haven_labelled")) haven::as_factor(values) else values)
  ifelse(is.na(values), "not recorded", words)
}
counts <- function(column) {
  n <- table(in_words(rows[[column]]))
  data.frame(column = column, level = names(n), n = as.vector(n), per_cent = round(100 * as.vector(n) / nrow(rows), 1))
}
quartiles <- function(column) {
  at <- quantile(as.numeric(rows[[column]]), c(0.25, 0.5, 0.75), na.rm = TRUE)
  data.frame(column = column, lower_quartile = at[[1]], median = at[[2]], upper_quartile = at[[3]])
}
"""


def r_script(kind: str, columns: Sequence[Leaving]) -> str:
    """Return an R script that reads the tables and counts table one."""
    lines = ["# Read the tables and count table one anew. Run in the folder of the files: Rscript read.R"]
    lines += [f"{table} <- {_READERS[kind].format(file=f'{table}.{ENDINGS[kind]}')}" for table in _tables(columns)]
    words, numbers = _shown(columns)
    quoted = [", ".join(f'"{name}"' for name in names) for names in (words, numbers)]
    lines.append(_FIRST_TABLE)
    if words:
        lines.append(
            f"table_one <- do.call(rbind, lapply(c({quoted[0]}), counts))\nprint(table_one, row.names = FALSE)"
        )
    if numbers:
        lines.append(f"medians <- do.call(rbind, lapply(c({quoted[1]}), quartiles))\nprint(medians, row.names = FALSE)")
    return "\n".join([*lines, ""])


def do_file(kind: str, columns: Sequence[Leaving]) -> str:
    """Return a Stata do-file that reads the tables and counts table one."""
    if kind == "parquet":
        return "* Stata reads no Parquet: write data.export('stata', folder).\n"
    words, numbers = _shown(columns)
    own = {column.name for column in columns if column.table == "allegations"}
    borrowed = [name for name in (*words, *numbers) if name not in own]
    use = {"stata": "use {}.dta, clear", "spss": "import spss using {}.sav, clear",
           "csv": "import delimited using {}.csv, clear varnames(1) case(preserve)"}[kind]  # fmt: skip
    lines = ["* Read the tables and count table one anew. Run in the folder of the files.", use.format("cases")]
    lines += [
        f"keep case_id {' '.join(borrowed)}".rstrip(),
        "tempfile cases",
        "save `cases'",
        use.format("allegations"),
    ]
    lines += ["merge m:1 case_id using `cases', keep(master match) nogenerate"]
    lines += [f"tabulate {name}, missing" for name in words]
    lines += [f"summarize {name}, detail" for name in numbers]
    return "\n".join([*lines, ""])


def _tables(columns: Sequence[Leaving]) -> list[str]:
    return list(dict.fromkeys(column.table for column in columns if column.name))


def _shown(columns: Sequence[Leaving]) -> tuple[list[str], list[str]]:
    """Names of the usual columns that leave: of words, and of numbers."""
    held = {column.column: column for column in columns if column.table in ("cases", "allegations") and column.name}
    shown = [held[name] for name in USUAL if name in held]
    return [c.name for c in shown if c.kind == "term"], [c.name for c in shown if c.kind == "number"]
