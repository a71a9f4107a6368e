"""Compute a specification curve and its permutation test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import AccountabilityError, ParameterError, Refusal
from accountability.multiverse.choices import NobodyLeftOut, Specification, specifications
from accountability.multiverse.delay_question import MEDIAN_DELAY
from accountability.multiverse.joint import at_most, joint_test, rank_p
from accountability.multiverse.multiverse_result import Multiverse, by_choice
from accountability.multiverse.outcome_question import MEAN_RUNG, SHARE
from accountability.multiverse.question import FEWEST, Found, Prepared, Question
from accountability.parameters import nearest
from accountability.stats.permutation import permute
from accountability.study.cohort import Cohort
from accountability.study.grouping import group_cases
from accountability.study.inputs import takes

QUESTIONS: Final = {question.name: question for question in (MEDIAN_DELAY, SHARE, MEAN_RUNG)}
FEWEST_SHUFFLES: Final = 19
ASSIGNED: Final = 0.9
"""Share of the officers with several cases, all of one group, from which the group belongs to officers."""
MOOT: Final = "does not matter"
_MIXED: Final = (
    "a share with a penalty mixes whose complaints are sustained with who is punished then: "
    "outcomes.decompose_gap takes the stages apart"
)
_NUMBERS: Final = ("estimate", "first", "second", "n_first", "n_second")


@takes("cohort")
def specification_curve(
    data: Cohort,
    question: str | Question,
    choices: Mapping[str, Sequence[Any]],
    *,
    by: str,
    first: str,
    second: str,
    seed: int,
    claim: str | None = None,
    shuffles: int = 499,
    confidence: float = 0.95,
    within: str | None = None,
) -> Multiverse:
    """Estimate a difference between two groups under every combination of choices, and test all of them jointly.

    Parameters
    ----------
    data : Cohort or Dataset
        The cases.
    question : str or Question
        ``median_delay``, ``share`` or ``mean_rung`` (:data:`QUESTIONS` says which choices each has), or one of your
        own.
    choices : mapping of str to sequence
        Choice to its options. Choices not named keep the question's default. The first specification (the first option
        of each) is the reference.
    by : str
        A column of the cases or allegations. A case has one group (:func:`accountability.study.grouping.group_cases`);
        cases of neither group are left out.
    first, second : str
        The two groups; every difference is first minus second.
    seed : int
        Seed of the permutations.
    claim : {"more", "less"}, optional
        Whether the claim is that the first group has more or less; by default the direction of the reference.
    shuffles : int
        Number of permutations of the group names between cases or officers, at least 19.
    confidence : float
        A specification holds when it has the claimed sign and a p-value of at most 1 - `confidence`.
    within : str, optional
        A column of the cases: names are permuted only between cases with the same value.

    Returns
    -------
    Multiverse
        Specifications that could not be computed have a row with the reason.

    Raises
    ------
    ParameterError
        For an unknown question, group or column, or faults in the choices (all are listed).
    Refusal
        If no specification could be computed.

    Notes
    -----
    The joint test is that of Simonsohn, Simmons and Nelson (2020), "Specification curve analysis": all specifications
    use the same permuted names, which keeps their dependence. A case keeps its allegations and officers together. If
    the group is an attribute of officers (nine in ten of those with several cases have all of them in one group), an
    officer's cases are permuted together. A specification's own p-value is the share of permutations (including the
    data) with at least as large an absolute difference.

    Examples
    --------
    >>> from accountability import load, multiverse
    >>> list(multiverse.QUESTIONS), list(multiverse.QUESTIONS["share"].known)
    (['median_delay', 'share', 'mean_rung'], ['outcome', 'denominator', 'unit', 'ladder', 'exclusions'])
    >>> made = multiverse.specification_curve(
    ...     load("synthetic"), "median_delay", {"start": ["received", "opened"]}, by="investigated_by",
    ...     first="Oversight office", second="District", seed=1, shuffles=19,
    ... )
    >>> made.table[["start", "estimate", "p_value"]]
          start  estimate  p_value
    0  received     304.0     0.05
    1    opened     302.0     0.05
    """
    asked = asked_question(question)
    if claim not in (None, "more", "less"):
        raise ParameterError(f"claim={claim!r}: expected more or less, or nothing")
    if shuffles < FEWEST_SHUFFLES:
        raise ParameterError(f"shuffles={shuffles}: expected at least {FEWEST_SHUFFLES}; no p-value is below 5 % then")
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence={confidence}: expected a share between 0 and 1")
    if not isinstance(by, str):
        raise ParameterError(f"by={by!r}: expected the name of one column, such as by='investigated_by'")
    specs = _distinct(asked, specifications(choices, asked.known))
    cohort, flags = _two_groups(data, by, first, second)
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
    strata = _strata(cohort, within)
    holder = _holder(cohort, flags, strata)
    effects = _shuffled(ready, flags, holder, strata, shuffles, np.random.default_rng(seed))
    sign = _sign(claim, effects[0])
    table = _table(specs, found, rank_p(effects)[0], sign, confidence)
    who = "cases" if holder is None else "officers, to whom the group belongs"
    names = f"{shuffles:,} shuffles of the groups' names between {who}{f', of the same {within}' if within else ''}"
    return Multiverse(
        estimand=f"difference in {asked.measure} ({asked.unit}) between {first!r} and {second!r} by {by} "
        f"in {cohort.name}",
        assumptions=(
            "every option of every choice is one that a careful reader could defend",
            f"under no difference, {'cases' if holder is None else 'officers'} of the two groups could be exchanged: "
            "their cases were watched for alike times"
            f"{f' within {within}' if within else ''}",
            "nothing is adjusted for: the groups may differ in what they are about",
            *((_MIXED,) if asked.name == "share" else ()),
        ),
        method=f"every combination of {', '.join(choices)}; p-values and the joint test by {names}, seed {seed} "
        "(specification curve; Simonsohn, Simmons and Nelson 2020)",
        table=table,
        flow=cohort.flow(),
        joint=joint_test(effects, confidence),
        by_choice=by_choice(table, tuple(choices)),
        choices=tuple(choices),
        unit=asked.unit,
        claim=f"{asked.measure} is {asked.more if sign > 0 else asked.less} for {by} {first!r} than for {second!r}, "
        f"p at most {at_most(confidence):g}",
    )


def asked_question(question: str | Question) -> Question:
    """Return the question with a given name.

    Raises
    ------
    ParameterError
        For an unknown question; the message names the nearest.
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


def _two_groups(cohort: Cohort, by: str, first: str, second: str) -> tuple[Cohort, npt.NDArray[np.bool_]]:
    grouped = group_cases(cohort, by, FEWEST)
    held = grouped.cases[by].value_counts()
    unknown = [name for name in (first, second) if name not in held]
    if unknown:
        raise ParameterError(f"{by}: no group {unknown[0]!r}. {nearest(unknown[0], held.index)}")
    if first == second:
        raise ParameterError(f"first and second are both {first!r}; a difference needs two groups")
    kept = grouped.keep_if(lambda cases: cases[by].isin([first, second]), because=f"{by} is {first!r} or {second!r}")
    return kept, kept.cases[by].eq(first).to_numpy(dtype=bool)


def _one(
    asked: Question, cohort: Cohort, spec: Specification, positions: Mapping[str, int], flags: npt.NDArray[np.bool_]
) -> tuple[Found, Prepared] | str:
    try:
        prepared = asked.prepare(spec.values["exclusions"].of(cohort), spec.values, positions)
        return prepared.find(flags), prepared
    except NobodyLeftOut:
        raise
    except AccountabilityError as error:
        # An option this source does not have, such as a cut-off after its last day, is a fault of that option alone.
        return str(error)


def _strata(cohort: Cohort, within: str | None) -> npt.NDArray[np.int64] | None:
    if within is None:
        return None
    if within not in cohort.cases:
        raise ParameterError(f"within: the cases have no column {within!r}. {nearest(within, cohort.cases.columns)}")
    return np.asarray(pd.factorize(cohort.cases[within], use_na_sentinel=False)[0], dtype=np.int64)


def _holder(
    cohort: Cohort, flags: npt.NDArray[np.bool_], strata: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64] | None:
    """Of each case the officer whose group it has, where groups belong to officers; a case without is its own.

    Cases of one officer in different groups or strata go different ways.
    """
    rows = cohort.allegations.get(["case_id", "officer_id"])
    if rows is None or rows["officer_id"].isna().all():
        return None
    first = rows.dropna().drop_duplicates("case_id").set_index("case_id")["officer_id"]
    officer = pd.factorize(cohort.cases["case_id"].map(first))[0].astype(np.int64)
    known = officer >= 0
    cases, hits = np.bincount(officer[known]), np.bincount(officer[known], weights=flags[known])
    several = cases > 1
    if not several.any() or ((hits == 0) | (hits == cases))[several].mean() < ASSIGNED:
        return None
    alone = np.where(known, officer, officer.max() + 1 + np.arange(len(officer)))
    parts = pd.DataFrame({"officer": alone, "flag": flags, "stratum": 0 if strata is None else strata})
    codes: npt.NDArray[np.int64] = np.asarray(parts.groupby(list(parts), sort=False).ngroup(), dtype=np.int64)
    return codes


def _shuffled(
    ready: Sequence[Prepared],
    flags: npt.NDArray[np.bool_],
    holder: npt.NDArray[np.int64] | None,
    strata: npt.NDArray[np.int64] | None,
    shuffles: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Effects: the data in the first row, one shuffle in each further one; a column for each specification."""
    if holder is None:
        drawn = chain([flags[np.newaxis]], permute(flags, shuffles, rng, blocks=strata))
    else:
        first = np.unique(holder, return_index=True)[1]
        blocks = None if strata is None else strata[first]
        drawn = chain(
            [flags[np.newaxis]],
            (batch[:, holder] for batch in permute(flags[first], shuffles, rng, blocks=blocks)),
        )
    effects = [[np.subtract(*prepared.compare(first)) for prepared in ready] for batch in drawn for first in batch]
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
    confidence: float,
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
            row |= {
                "p_value": p,
                "holds": bool(got.estimate * sign > 0 and p <= at_most(confidence)),
                "not_estimated": "",
            }
        rows.append(row)
    table = pd.DataFrame(rows)
    kinds = {"estimate": "float64", "first": "float64", "second": "float64", "p_value": "float64", "holds": "boolean"}
    return table.astype(kinds | {"n_first": "Int64", "n_second": "Int64"})
