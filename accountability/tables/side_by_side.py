"""Models side by side: one column per model, estimate with interval in one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from accountability.errors import ParameterError
from accountability.journal_cells import ABSENT, HIDDEN, HIDDEN_SAID, with_interval
from accountability.labels import in_words, label
from accountability.records.units import WORDS
from accountability.results import Result
from accountability.tables.print_form import Printed

_FIT: Final = {"cases": "cases", "events": "closed", "clusters": "clusters", "log_likelihood": "log-likelihood"}


def models_side_by_side(
    *models: Result, names: Sequence[str] | None = None, labels: Mapping[str, str] | None = None
) -> Printed:
    """Print several models in one table, one row per term and one column per model.

    Parameters
    ----------
    *models : Result
        Regressions of delay and models of outcomes.
    names : sequence of str, optional
        Headings; by default the kinds of models, numbered.
    labels : mapping, optional
        Labels of columns, as ``data.labels``.

    Returns
    -------
    Printed
        Ratios with their intervals, digits by the standard error; then what each model rests on: cases or units,
        clusters, and the log-likelihood.

    Raises
    ------
    ParameterError
        For an object that is not a model, or a wrong number of names.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay, tables
    >>> data = accountability.load("synthetic")
    >>> small, large = (delay.cox(data, covariates=x) for x in ("category", ["category", "investigated_by"]))
    >>> tables.models_side_by_side(small, large).table.shape[1]
    3
    """
    if not models:
        raise ParameterError("models_side_by_side needs at least one model: models_side_by_side(first, second)")
    parts = [_terms(model, labels or {}) for model in models]
    heads = list(names) if names is not None else [f"{type(m).__name__} ({k})" for k, m in enumerate(models, 1)]
    if len(heads) != len(models) or len(set(heads)) != len(heads):
        raise ParameterError(f"{len(models)} models need as many different names=, found {heads}")
    terms = list(dict.fromkeys(term for part in parts for term in part))
    lines = [[term, *(part.get(term, ABSENT) for part in parts)] for term in terms]
    counted = dict.fromkeys(WORDS[unit] for model in models if (unit := str(getattr(model, "unit", ""))) in WORDS)
    for name, word in {**dict(zip(counted, counted, strict=True)), **_FIT}.items():
        held = [_units(model, name) if name in counted else _number(model, name) for model in models]
        if any(cell != ABSENT for cell in held):
            lines.append([word, *held])
    words = list(dict.fromkeys(_what(model) for model in models))
    levels = list(dict.fromkeys(f"{float(str(getattr(m, 'confidence', 0.95))):.0%}" for m in models))
    notes = [f"{'; '.join(words)}, with {' and '.join(levels)} interval.".replace("%", " %")]
    notes += list(dict.fromkeys(in_words(model.method) + "." for model in models))
    if any("‡" in cell for line in lines for cell in line):
        notes.append(HIDDEN_SAID)
    return Printed(
        estimand="; ".join(dict.fromkeys(model.estimand for model in models)),
        assumptions=tuple(dict.fromkeys(text for model in models for text in model.assumptions)),
        method="; ".join(dict.fromkeys(model.method for model in models)),
        table=pd.DataFrame(lines, columns=["Term", *heads]),
        title="Models side by side",
        notes=tuple(notes),
    )


def _what(model: Result) -> str:
    return str(getattr(model, "ratio_word", "odds ratio")).replace("_", " ")


def _terms(model: object, labels: Mapping[str, str]) -> dict[str, str]:
    """Each term of a model and its cell."""
    columns = set(getattr(getattr(model, "table", None), "columns", ()))
    of_delay, of_outcome = {"term", "reference", "estimate", "std_error"}, {"column", "level", "against", "ratio"}
    if not isinstance(model, Result) or not (of_delay <= columns or of_outcome <= columns):
        raise ParameterError(
            f"models_side_by_side needs models, and was given a {type(model).__name__}; write "
            "models_side_by_side(delay.cox(data, covariates='category'))"
        )
    out = {}
    several = "outcome" in columns and model.table["outcome"].nunique() > 1
    for row in model.table.to_dict("records"):
        if of_delay <= columns:
            column, _, level = str(row["term"]).partition("=")
            against, ends = row["reference"], [row[name] for name in ("estimate", "lower", "upper")]
        else:
            column, level, against = str(row["column"]), str(row["level"]), row["against"]
            ends = [row[name] for name in ("ratio", "ratio_lower", "ratio_upper")]
        name = label(column, labels)
        if isinstance(against, str) and level:
            name += f": {label(level, labels)} (against {label(against, labels)})"
        name += f", {label(str(row['outcome']), labels)}" if several else ""
        numbers = [float("nan") if pd.isna(end) else float(end) for end in ends]
        error = float("nan") if pd.isna(row["std_error"]) else numbers[0] * float(row["std_error"])
        out[name] = with_interval(numbers[0], numbers[1], numbers[2], error)
    return out


def _units(model: Result, word: str) -> str:
    """How many units a model of outcomes rests on; hidden where few are left out, who would follow from it."""
    cell = getattr(getattr(model, "fit", None), "cell", None)
    if cell is None or WORDS[getattr(model, "unit", "")] != word:
        return ABSENT
    apart: pd.DataFrame | None = getattr(model, "apart", None)
    return HIDDEN if apart is not None and apart["hidden"].any() else f"{int((cell >= 0).sum()):,}"


def _number(model: Result, name: str) -> str:
    fit: Any = getattr(model, "fit", None)
    value = getattr(model, name, getattr(fit, name, None))
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return ABSENT
    return f"{value:,.1f}" if name == "log_likelihood" else f"{value:,.0f}"
