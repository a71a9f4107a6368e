"""Formulas over columns of the cases, as statsmodels reads them (through patsy)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats

# These learn from all cases (means, knots), so they must not be shown distinct patterns only.
STATEFUL: Final = frozenset({"center", "standardize", "scale", "bs", "cr", "cc", "te"})
FUNCTIONS: Final = STATEFUL | {
    "C",
    "I",
    "Q",
    "Treatment",
    "Sum",
    "Poly",
    "Helmert",
    "Diff",
    "np",
    "bool",
    "int",
    "float",
}


def columns_in(formula: str, known: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Return the columns of a formula, in order, and whether it has a stateful transform.

    Raises
    ------
    ParameterError
        If it cannot be parsed, has a left-hand side, has no intercept, or names an unknown column.
    """
    import patsy

    try:
        desc = patsy.ModelDesc.from_formula(formula)
    except patsy.PatsyError as error:
        raise ParameterError(f"the formula {formula!r} cannot be read: {error}") from error
    if desc.lhs_termlist:
        raise ParameterError(f"the formula {formula!r} has a left-hand side: the durations are that, leave it out")
    if patsy.INTERCEPT not in desc.rhs_termlist:
        raise ParameterError(f"the formula {formula!r} leaves out the intercept: write it without '0 +' or '- 1'")
    columns = set(known)
    used: dict[str, None] = {}
    whole = False
    for term in desc.rhs_termlist:
        for factor in term.factors:
            if factor.name() in columns:
                used[factor.name()] = None
                continue
            for name in _names(factor.name(), formula):
                whole = whole or name in STATEFUL
                if name in columns:
                    used[name] = None
                elif name not in FUNCTIONS:
                    raise ParameterError(f"no column {name!r} for the model; there are {sorted(columns)}")
    if not used:
        raise ParameterError(f"the formula {formula!r} uses no column of the cases")
    return tuple(used), whole


def _names(code: str, formula: str) -> list[str]:
    try:
        tree = ast.parse(code, mode="eval")
    except SyntaxError as error:
        raise ParameterError(f"the part {code!r} of the formula {formula!r} cannot be read") from error
    quoted = [
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Q"
        and isinstance(node.args[0], ast.Constant)
    ]
    return quoted + [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def evaluate(
    formula: str, patterns: pd.DataFrame
) -> tuple[Floats, list[tuple[str, str]], Callable[[pd.DataFrame], Floats]]:
    """Return matrix, column names, column parts and builder of a formula over patterns, with text as categorical."""
    import patsy

    space = patsy.EvalEnvironment([{"np": np}])
    try:
        made: Any = patsy.dmatrix(formula, patterns, eval_env=space, NA_action="raise")
    except (patsy.PatsyError, TypeError, ValueError) as error:
        raise ParameterError(f"the formula {formula!r} cannot be computed: {error}") from error
    info = made.design_info
    kept = np.array([name != "Intercept" for name in info.column_names])
    terms: list[tuple[str, str]] = []
    for term, columns in info.term_slices.items():
        if term == patsy.INTERCEPT:
            continue
        terms += [(re.sub(r"\[T?\.?([^\]]*)\]", r"=\1", name), term.name()) for name in info.column_names[columns]]

    def build(frame: pd.DataFrame) -> Floats:
        return np.asarray(patsy.build_design_matrices([info], frame, NA_action="raise")[0])[:, kept]

    return np.asarray(made)[:, kept], terms, build
