"""Agreement of two coders of the same facts, beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.casefiles import casefile_tables
from accountability.casefiles.casefile import CaseFile
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, percent
from accountability.stats.chance_agreement import ROUNDING, cohens_kappa
from accountability.stats.intervals import wilson, z_critical

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Agreement(Result):
    """Agreement of two codings by field.

    ``table`` has one row per field: ``field``, ``n`` (facts), ``agree``, ``share``, ``estimate`` (Cohen's kappa),
    ``lower``, ``upper``, ``alpha`` (Krippendorff, nominal). Kappa and alpha are missing where both coders used a single
    value throughout.

    Attributes
    ----------
    disagreements : pandas.DataFrame
        One row per cell coded differently: the key, ``field``, ``first``, ``second``.
    pairs : pandas.DataFrame
        How often each pair of values occurs: ``field``, ``first``, ``second``, ``facts``.
    confidence : float
        Confidence of the intervals.
    """

    disagreements: pd.DataFrame
    pairs: pd.DataFrame
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw kappa with its interval, one line per field; the line at 0 is chance agreement."""
        axes = draw.new_axes(ax, height=1.2 + 0.4 * len(self.table))
        frame = self.table.dropna(subset=["estimate"])
        draw.ranges(axes, frame, label="field", estimate="estimate", lower="lower", upper="upper", null=0)
        axes.set_xlabel(f"Cohen's kappa, {percent(self.confidence)} interval")
        axes.set_xlim(min(-0.05, float(frame["lower"].min())), 1.02)
        return axes

    def sentence(self) -> str:
        """State in how many facts the coders agree, and kappa and alpha."""
        said = []
        for row in self.table.to_dict("records"):
            head = f"{row['field']}: {row['agree']:,} of {row['n']:,} alike ({percent(row['share'])})"
            if pd.isna(row["estimate"]):
                said.append(f"{head}, one value throughout, so that nothing can be said beyond chance")
                continue
            reach = f"{percent(self.confidence)} interval {row['lower']:.2f} to {row['upper']:.2f}"
            if pd.isna(row["lower"]):
                reach = "no interval: one coder used one value throughout"
            said.append(f"{head}, kappa {row['estimate']:.2f} ({reach}), alpha {row['alpha']:.2f}")
        return f"Two coders agree on {'; on '.join(said)}."


def agreement(
    first: pd.DataFrame | CaseFile,
    second: pd.DataFrame | None = None,
    fields: str | Sequence[str] = ("status", "category"),
    *,
    key: str = "fact_id",
    confidence: float = 0.95,
) -> Agreement:
    """Estimate the agreement of two codings of the same facts.

    Parameters
    ----------
    first, second : pandas.DataFrame
        One row per fact, with `key` and the fields; their order does not matter. `first` may be a case file; without
        `second`, its own second coding is compared.
    fields : str or sequence of str
        Columns of unordered categories. A blank cell counts as a value.
    key : str
        Column that identifies the fact of a row.
    confidence : float
        Confidence of the intervals of kappa.

    Returns
    -------
    Agreement

    Raises
    ------
    ParameterError
        If a column is missing, a fact is coded twice or by one coder only, or there are no facts.
    Refusal
        If the case file holds no second coding.

    Notes
    -----
    Cohen (1960) with the large-sample variance of Fleiss, Cohen and Everitt (1969); Krippendorff's
    alpha for nominal data (2004), by the package krippendorff. With two coders and no missing value, alpha differs from
    kappa in pooling both coders for the chance agreement.

    Examples
    --------
    >>> from accountability import casefiles
    >>> import pandas as pd
    >>> one = pd.DataFrame({"fact_id": ["a", "b", "c", "d"], "status": ["found", "found", "alleged", "alleged"]})
    >>> two = one.assign(status=["found", "alleged", "alleged", "alleged"])
    >>> casefiles.agreement(one, two, "status").table["estimate"].item()
    0.5
    """
    fields = (fields,) if isinstance(fields, str) else tuple(fields)
    if isinstance(first, CaseFile):
        second = _second_coding(first) if second is None else second
        first = first.coded_facts
    if second is None:
        raise ParameterError("agreement of two coders: give the second coding, a table with one row a fact")
    one, two = _aligned(first, second, fields, key)
    rows, differing, pairs = [], [], []
    for field in fields:
        a, b = one[field], two[field]
        same = (a == b).to_numpy()
        kappa, lower, upper, alpha = _beyond_chance(a, b, confidence)
        rows.append((field, len(a), int(same.sum()), float(same.mean()), kappa, lower, upper, alpha))
        apart = pd.DataFrame({key: one.index[~same], "field": field, "first": a[~same].array, "second": b[~same].array})
        differing.append(apart)
        counted = pd.DataFrame({"field": field, "first": a.array, "second": b.array}).value_counts(sort=False)
        pairs.append(counted.rename("facts").reset_index().sort_values(["first", "second"], ignore_index=True))
    names = ["field", "n", "agree", "share", "estimate", "lower", "upper", "alpha"]
    return Agreement(
        estimand="agreement of two coders beyond chance, field by field",
        assumptions=(
            "the coders worked apart from each other and by the same rules",
            "facts are coded one by one: facts of one paragraph may fall alike, which makes the intervals too narrow",
        ),
        method=f"Cohen's kappa with its large-sample {percent(confidence)} interval; Krippendorff's alpha, nominal",
        table=pd.DataFrame(rows, columns=names),
        disagreements=pd.concat(differing, ignore_index=True),
        pairs=pd.concat(pairs, ignore_index=True),
        confidence=confidence,
    )


def _second_coding(case: CaseFile) -> pd.DataFrame:
    if case.second_coding is None:
        raise Refusal(
            f"{case.source} holds no second coding: put one into {casefile_tables.SECOND_CODING} with the columns "
            "fact_id, status, category"
        )
    return case.second_coding[case.second_coding["fact_id"].isin(case.coded_facts["fact_id"])]


def _aligned(
    first: pd.DataFrame, second: pd.DataFrame, fields: tuple[str, ...], key: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not fields:
        raise ParameterError("say which fields two coders are compared in")
    made = []
    for what, frame in (("first", first), ("second", second)):
        missing = [column for column in (key, *fields) if column not in frame]
        if missing:
            raise ParameterError(f"the {what} coding has no column {missing[0]!r}; it has {', '.join(frame.columns)}")
        twice = frame[key][frame[key].duplicated()]
        if len(twice):
            raise ParameterError(f"the {what} coding codes {len(twice):,} facts twice, for example {twice.iloc[0]!r}")
        made.append(frame.set_index(key)[list(fields)].astype("str").fillna(""))
    one, two = made
    alone = one.index.symmetric_difference(two.index)
    if len(alone):
        raise ParameterError(
            f"{len(alone):,} facts are coded by one coder only, for example {alone[0]!r}; code them, or leave them out "
            "of both"
        )
    if one.empty:
        raise ParameterError("there are no facts to compare")
    return one, two.loc[one.index]


def _beyond_chance(a: pd.Series, b: pd.Series, confidence: float) -> tuple[float, float, float, float]:
    """Kappa with its interval, and alpha; not a number where both use one value throughout."""
    values = sorted(set(a) | set(b))
    if len(values) < 2:
        return (np.nan,) * 4
    import krippendorff

    codes = [pd.Categorical(column, categories=values).codes.astype(np.int64) for column in (a, b)]
    kappa, influence = cohens_kappa(*codes)
    varies = bool((np.abs(influence) > ROUNDING).any())
    reach = z_critical(confidence) * float(np.sqrt((influence**2).sum())) / len(influence) if varies else np.nan
    lower, upper = max(kappa - reach, -1.0), min(kappa + reach, 1.0)
    if kappa == 1:  # no fact says how far they differ: the least agreement that is not unusual does
        chance = float((np.bincount(codes[0]) ** 2).sum()) / len(influence) ** 2
        lower, upper = max((wilson(1.0, len(influence), confidence)[0] - chance) / (1 - chance), -1.0), 1.0
    alpha = krippendorff.alpha(
        reliability_data=np.array(codes, dtype=float),
        value_domain=list(range(len(values))),
        level_of_measurement="nominal",
    )
    return kappa, float(lower), float(upper), float(alpha)
