"""Whether an answer holds: every specification computed, and all of them again with the groups' names shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import AccountabilityError, ParameterError, Refusal
from accountability.multiverse.choices import NobodyLeftOut, Specification, specifications
from accountability.multiverse.joint import joint_test, rank_p
from accountability.multiverse.multiverse_result import Multiverse
from accountability.multiverse.prepared import FEWEST, Prepared
from accountability.multiverse.question import QUESTIONS, Found, Question, find
from accountability.parameters import nearest
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.grouping import group_cases

FEWEST_SHUFFLES: Final = 19
MOOT: Final = "does not matter"
_NUMBERS: Final = ("effect", "first", "second", "n_first", "n_second")


def holds(
    data: Cohort | DatasetLike,
    question: str | Question,
    choices: Mapping[str, Sequence[Any]],
    *,
    group: str,
    first: str,
    second: str,
    seed: int,
    claim: str | None = None,
    shuffles: int = 499,
    alpha: float = 0.05,
    within: str | None = None,
) -> Multiverse:
    """Compute a difference between two groups under every combination of choices, and test all of them at once.

    Parameters
    ----------
    data : Cohort or Dataset
        The cases.
    question : str or Question
        ``median_delay``, ``share`` or ``mean_rung`` (:data:`QUESTIONS` says which choices each has), or one of your
        own.
    choices : mapping of str to sequence
        Choice to its options. What is not named stays at the question's default. The first specification, made of the
        first options, is the reference.
    group : str
        A column of the cases or allegations. A case has one group (:func:`accountability.study.grouping.group_cases`);
        cases of neither group are left out.
    first, second : str
        The two groups; every difference is first less second.
    seed : int
        Seed of the shuffles.
    claim : {"more", "less"}, optional
        Whether the first group is said to have more or less; default what the reference says.
    shuffles : int
        How often the groups' names are shuffled between cases, at least 19.
    alpha : float
        A specification holds when it has the claimed sign and a p-value of at most this.
    within : str, optional
        A column of the cases: names are shuffled only between cases that share its value.

    Returns
    -------
    Multiverse
        Specifications that could not be computed are rows too, with the reason.

    Raises
    ------
    ParameterError
        An unknown question, group or column; every fault of the choices is listed.
    Refusal
        No specification could be computed.

    Notes
    -----
    The joint test is that of Simonsohn, Simmons and Nelson (2020), "Specification curve analysis": the same shuffled
    names are used in all specifications, so their dependence is kept. A case keeps its allegations and officers
    together. A specification's own p-value is the share of shuffles (and the data) with a difference at least as large
    in size.
    """
    asked = asked_question(question)
    if claim not in (None, "more", "less"):
        raise ParameterError(f"claim={claim!r}: expected more or less, or nothing")
    if shuffles < FEWEST_SHUFFLES:
        raise ParameterError(f"shuffles={shuffles}: expected at least {FEWEST_SHUFFLES}; no p-value is below 5 % then")
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha={alpha}: expected a share between 0 and 1")
    specs = _distinct(asked, specifications(choices, asked.defaults, asked.read))
    cohort, flags = _two_groups(Cohort.of(data), group, first, second)
    positions = {case: place for place, case in enumerate(cohort.cases["case_id"])}
    ready: list[Prepared] = []
    found: list[Found | str] = []
    for spec in specs:
        got = _one(asked, cohort, spec, positions, flags)
        found.append(got if isinstance(got, str) else got[0])
        if not isinstance(got, str):
            ready.append(got[1])
    if not ready:
        raise Refusal(f"none of the {len(specs):,} specifications could be computed; the first: {found[0]}")
    effects = _shuffled(ready, flags, _strata(cohort, within), shuffles, np.random.default_rng(seed))
    sign = _sign(claim, effects[0])
    return Multiverse.of(
        asked,
        _table(specs, found, rank_p(effects)[0], sign, alpha),
        joint_test(effects, alpha),
        flow=cohort.flow(),
        choices=tuple(choices),
        groups=(group, first, second),
        sign=sign,
        alpha=alpha,
        shuffles=shuffles,
        seed=seed,
        within=within,
        source=cohort.name,
    )


def asked_question(question: str | Question) -> Question:
    """Give the question of that name.

    Raises
    ------
    ParameterError
        There is none; the message names the nearest.
    """
    if not isinstance(question, str):
        return question
    if question not in QUESTIONS:
        raise ParameterError(f"no question {question!r}. {nearest(question, QUESTIONS)}")
    return QUESTIONS[question]


def _distinct(asked: Question, specs: Sequence[Specification]) -> list[Specification]:
    """Each once: what differs only in a choice that changes nothing is one specification, not several."""
    kept: dict[str, Specification] = {}
    for spec in specs:
        moot = asked.moot(spec.values)
        labels = {name: MOOT if name in moot else label for name, label in spec.labels.items()}
        kept.setdefault(repr(labels), Specification(spec.values, labels))
    return list(kept.values())


def _two_groups(cohort: Cohort, group: str, first: str, second: str) -> tuple[Cohort, npt.NDArray[np.bool_]]:
    grouped = group_cases(cohort, group, FEWEST)
    held = grouped.cases[group].value_counts()
    unknown = [name for name in (first, second) if name not in held]
    if unknown:
        raise ParameterError(f"{group}: no group {unknown[0]!r}. {nearest(unknown[0], held.index)}")
    if first == second:
        raise ParameterError(f"first and second are both {first!r}; a difference needs two groups")
    kept = grouped.keep_if(
        lambda cases: cases[group].isin([first, second]), because=f"{group} is {first!r} or {second!r}"
    )
    return kept, kept.cases[group].eq(first).to_numpy(dtype=bool)


def _one(
    asked: Question, cohort: Cohort, spec: Specification, positions: Mapping[str, int], flags: npt.NDArray[np.bool_]
) -> tuple[Found, Prepared] | str:
    try:
        prepared = asked.prepare(cohort, spec.values, positions)
        return find(prepared, flags), prepared
    except NobodyLeftOut:
        raise
    except AccountabilityError as error:
        # An option this source does not have, such as a cut-off after its last day, is a fault of that option alone.
        return str(error)


def _strata(cohort: Cohort, within: str | None) -> list[npt.NDArray[np.int64]]:
    if within is None:
        return [np.arange(len(cohort.cases))]
    if within not in cohort.cases:
        raise ParameterError(f"within: the cases have no column {within!r}. {nearest(within, cohort.cases.columns)}")
    codes = pd.factorize(cohort.cases[within], use_na_sentinel=False)[0]
    return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]


def _shuffled(
    ready: Sequence[Prepared],
    flags: npt.NDArray[np.bool_],
    strata: Sequence[npt.NDArray[np.int64]],
    shuffles: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Effects: the data in the first row, one shuffle in each further one; a column for each specification."""
    effects = np.empty((shuffles + 1, len(ready)))
    drawn = flags.copy()
    for row in range(shuffles + 1):
        if row:
            for members in strata:
                drawn[members] = rng.permutation(flags[members])
        for column, prepared in enumerate(ready):
            one, other = prepared.compare(drawn)
            effects[row, column] = one - other
    # Where a shuffled group has no number (its curve does not come down to a half), no difference is counted.
    return np.where(np.isfinite(effects), effects, 0.0)


def _sign(claim: str | None, observed: npt.NDArray[np.float64]) -> int:
    if claim is not None:
        return 1 if claim == "more" else -1
    return 1 if observed[0] >= 0 else -1


def _table(
    specs: Sequence[Specification],
    found: Sequence[Found | str],
    p_values: npt.NDArray[np.float64],
    sign: int,
    alpha: float,
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    own = iter(p_values)
    for number, (spec, got) in enumerate(zip(specs, found, strict=True), start=1):
        row: dict[str, Any] = {"specification": number, **spec.labels}
        if isinstance(got, str):
            row |= dict.fromkeys((*_NUMBERS, "p_value", "holds")) | {"not_estimated": got}
        else:
            p = float(next(own))
            row |= {name: getattr(got, name) for name in _NUMBERS}
            row |= {"p_value": p, "holds": bool(got.effect * sign > 0 and p <= alpha), "not_estimated": ""}
        rows.append(row)
    table = pd.DataFrame(rows)
    kinds = {"effect": "float64", "first": "float64", "second": "float64", "p_value": "float64", "holds": "boolean"}
    return table.astype(kinds | {"n_first": "Int64", "n_second": "Int64"})
