"""Describe a release: one call for a count, a share, a mean, quantiles or the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, cast

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.units_counted import CLUSTERED, is_number, method_of, term_shares
from accountability.results import plural
from accountability.stats.clustered_rates import clustered_share
from accountability.stats.compress import grouped, numbered
from accountability.stats.intervals import upper_tail, wald
from accountability.stats.sandwich import ways_of
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED
from accountability.study.inputs import column_names, takes
from accountability.tables.conditions import Condition, is_condition, met, said
from accountability.tables.described import Described
from accountability.tables.holders import Holders
from accountability.tables.rows_described import PLURAL, UNITS, WINDOW, keys_of, rows_of, unit_asked, units_of, windowed
from accountability.tables.share_tests import mean_errors
from accountability.tables.windows import Window, windows_of

_QUARTILES: Final = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


@takes("cohort")
def describe(
    data: Cohort,
    what: str | Condition | Holders,
    by: str | Sequence[str] | None = None,
    *,
    rows: Condition | None = None,
    of: Condition = "all",
    when: str | Mapping[str, Any] | None = None,
    unit: str | None = None,
    per: str | None = None,
    start: str = "received",
    stop: str = "closed",
    confidence: float = 0.95,
) -> Described:
    """Estimate a count, share, mean, quantiles, days or the top holders, by group and window.

    Parameters
    ----------
    data : Cohort or Dataset
    what : str, condition or Holders
        ``allegations``, ``officer_complaints``, ``complaints``, ``officers``, or people (``complainants``, ``victims``,
        ``witnesses``, ``investigators``): their number. A condition (a term such as ``"sustained"``, ``{"column":
        value}``, or a function of the frame): its share. A column of words: the share of each. A column of numbers:
        mean, median, quartiles. ``days``: days from `start` to `stop`, including open cases. :class:`Holders`: the top,
        ntiles, or holders with at least some number of rows.
    by : str or sequence of str, optional
        Columns of the allegations, cases or people. Missing values are a group.
    rows : condition, optional
        Which published rows are used, before they are combined into units.
    of : condition
        Denominator of a share, or units of a mean: ``all``, ``decided``, ``stated`` (the column is recorded),
        ``identified``, a term, columns with values, or a function.
    when : str or mapping, optional
        ``month``, ``quarter`` or ``year`` of receipt; or a mapping of ``every``, ``stage``, ``starts`` (the month in
        which a year begins), ``since`` and ``until`` (days), and ``with_set_aside`` (True: use dates that contradict
        another; by default their units are outside).
    unit : str, optional
        Unit of counting; by default what a row of the source is. Findings and penalties of several rows are combined as
        in :meth:`Dataset.per`; a unit in several groups counts once in each.
    per : str, optional
        An outside total of the source (``data.totals``, such as ``residents``), or ``roster``: rates of units a year,
        per so many of it, by its columns. The days of receipt that the card covers are counted. Places with complaints
        and no total are refused, unless the declaration says why.
    start, stop : str
        The stages between which ``days`` are counted.
    confidence : float

    Returns
    -------
    Described
        One row per group. ``outside`` counts the units in no window, with the reason. Small cells are hidden, not
        changed.

    Raises
    ------
    ParameterError
        For an unknown word, column or value; the message lists the known ones.
    Refusal
        For an empty denominator, windows without a row, or a statistic that the column does not allow.

    Notes
    -----
    Rows are clustered by officer and complaint. Shares: Wilson's interval on the effective sample size (Dean and Pagano
    2015). Means: errors clustered both ways. Medians: Woodruff's interval (1952), from that of the share below. Days:
    Kaplan-Meier (:func:`accountability.delay.closing_curve`). Rates: Garwood's
    interval (1936), its variance multiplied by how much more the months vary within their group than by a Poisson law.

    Examples
    --------
    >>> import accountability
    >>> from accountability.tables import describe
    >>> data = accountability.load("synthetic")
    >>> found = describe(data, "sustained", by="category", of="decided", when="year")
    >>> list(found.table)[:5]
    ['category', 'window', 'n', 'events', 'estimate']
    """
    upper_tail(confidence)
    groups = column_names(by, "tables.describe")
    window = None if when is None else Window.of(when)
    counted = unit_asked(data, what, unit)
    if ids := [
        one for one in (*groups, what) if isinstance(one, str) and one in ("officer_id", "case_id", "investigator_id")
    ]:
        raise ParameterError(f"{ids[0]} tells single ones apart: counts, never a list; write Holders(top=0.1)")
    if per is not None:
        if not (isinstance(what, str) and what in UNITS) or of != "all":
            raise ParameterError(
                f"per={per!r} is of units counted: write describe(data, 'complaints', rows={{'finding': 'sustained'}}, "
                f"per={per!r})"
            )
        from accountability.tables.per_total import rates  # few descriptions need totals

        return rates(data, counted, groups, rows, window, per, confidence)
    if isinstance(what, str) and what == "days":
        if of != "all" or unit not in (None, "complaint", "complaints"):
            raise ParameterError("'days' are those of complaints: choose them with rows=, and leave of= and unit= out")
        return _days(data, groups, rows, window, start, stop, confidence)
    base = rows_of(data, counted, groups)
    base = base[met(base, rows, "rows")] if window is None else base
    outside = pd.DataFrame({"reason": pd.Series(dtype="str"), "n": pd.Series(dtype="int64")})
    labels: list[str] = []
    if window is not None:
        base, outside, labels = windowed(data, base, window, counted, rows)
    if not len(base):
        raise Refusal(f"{data.name} has no row for {_about(what)}{'' if rows is None else ' with ' + said(rows)}")
    inner = [f"by:{name}" for name in groups] + ([WINDOW] if labels else [])
    table = units_of(data, base, counted, inner)
    names = (*groups, *([WINDOW] if labels else []))
    whole = PLURAL[counted].replace("_", "-")
    notes: tuple[str, ...] = ()
    if inner and (extra := len(table) - table.drop_duplicates(keys_of(table, counted)).shape[0]):
        notes = (f"{plural(extra, 'row')} of {whole} more than there are, as some stand in several groups",)
    common: dict[str, Any] = {
        "assumptions": (CLUSTERED,), "flow": data.flow(), "outside": outside, "unit": whole, "by": names,
        "confidence": confidence, "cautions": notes,
    }  # fmt: skip
    about = "".join(
        [f" by {' and '.join(groups)}" if groups else "", f", {window.said()}" if window else "",
         "" if rows is None else f", of rows with {said(rows)}", f", {data.name}"]
    )  # fmt: skip
    if isinstance(what, Holders):
        if groups or labels:
            raise ParameterError("holders are told apart among all; choose rows with rows= in place of by= and every=")
        found, tied = what.table(table)
        common |= {"assumptions": (), "cautions": tied}
        return Described(estimand=f"{whole} by holder{about}", method="counts of whole holders", kind="holders",
                         table=found, **common)  # fmt: skip
    if isinstance(what, str) and what in UNITS:
        if of != "all":
            raise ParameterError(f"of= is the whole of a share; {what!r} are counted: choose them with rows=")
        found = _by_group(table, inner, names, lambda part: {"n": len(part)}, labels)
        return Described(estimand=f"number of {whole}{about}", method="counts", kind="count", table=found, **common)
    if not is_condition(what) and not (isinstance(what, str) and what in table):
        raise ParameterError(
            f"what={what!r} is no unit ({', '.join(UNITS)}), 'days', term or column; the columns are "
            f"{', '.join(str(name) for name in base if not str(name).startswith(('by:', 'raw_', 'source_')))}"
        )
    column = what if isinstance(what, str) and not is_condition(what) else None
    asked = [column] if column else list(what) if isinstance(what, Mapping) else [_term_column(what)]
    if of == "stated":
        kept = table[[name for name in asked if name in table]].notna().all(axis=1).to_numpy()
    else:
        kept = met(table, of, "of", base)
    table = table.assign(whole=kept, **_numbered(table))
    if not kept.any():
        raise Refusal(f"the whole is empty: none of {len(table):,} {whole} is {said(of)}")
    of_whole = "" if of == "all" else f" that are {said(of)}"
    if column and is_number(table[column]):
        found = _by_group(
            table, inner, names, lambda part: _numbers(part[part["whole"]], column, confidence), labels, column
        )
        if not found["events"].any():
            raise Refusal(f"no {counted.replace('_', '-')} has a number in {column}")
        return Described(estimand=f"mean and quantiles of {column}, {whole}{of_whole}{about}",
                         method="mean with clustered errors; Woodruff's interval of the median", kind="number",
                         table=found, **common)  # fmt: skip
    if column:
        if column in names:
            raise ParameterError(f"what= and by= both name {column!r}; leave it out of by=")
        words = table[column].astype("str").fillna(NOT_RECORDED)
        whole_rows, terms = table["whole"], sorted(words[table["whole"]].unique())
        parts = [
            (key, term_shares(words[part.index][whole_rows[part.index]], terms, table, confidence, column))
            for key, part in grouped(table, inner)
        ]
        found = pd.concat([frame.assign(**_named(names, key)) for key, frame in parts])
        found = found[[*names, *(name for name in found if name not in names)]].reset_index(drop=True)
        common["by"] = (*names, column)
        kind, values, estimand = "terms", words, f"share of each {column} among {whole}{of_whole}{about}"
    else:
        condition = what
        hits = met(table, condition, "what", base)
        table = table.assign(hit=hits)
        found = _by_group(table, inner, names, lambda part: _share(part[part["whole"]], confidence), labels)
        kind, values = "share", table["hit"]
        estimand = f"share with {said(condition)} among {whole}{of_whole}{about}"
    levels = [table[name].astype("str") for name in inner]
    group = levels[0].str.cat(cast("Any", levels[1:]), sep=" / ") if inner else pd.Series("", index=table.index)
    kept_ids = table[[name for name in ("officer_id", "case_id") if name in table]]
    common["counted"] = kept_ids.assign(group=group, value=values)[table["whole"]]
    return Described(
        estimand=estimand, method=method_of(table[table["whole"]], found), kind=kind, table=found, **common
    )


def _numbered(table: pd.DataFrame) -> dict[str, Any]:
    """Return officers and complaints as numbers, found once for all groups."""
    found = {name: pd.factorize(table[name]) for name in ("officer_id", "case_id") if name in table}
    return {name: pd.Categorical.from_codes(codes, pd.RangeIndex(len(held))) for name, (codes, held) in found.items()}


def _named(names: Sequence[str], key: Sequence[object]) -> dict[str, Any]:
    return dict(zip(names, key, strict=True))


def _about(what: object) -> str:
    return what if isinstance(what, str) else "what was asked"


def _term_column(what: object) -> str:
    from accountability.vocabulary import FINDINGS

    return "imposed_penalty" if isinstance(what, str) and what not in (*FINDINGS, "decided") else "finding"


def _by_group(
    table: pd.DataFrame,
    inner: list[str],
    names: Sequence[str],
    make: Any,
    labels: Sequence[str],
    column: str = "",
) -> pd.DataFrame:
    """Return one row per group, including all windows and combinations, with what `make` returns for its units."""
    if not inner:
        return pd.DataFrame([make(table)])
    levels = [labels if name == WINDOW and labels else numbered(table[name])[1] for name in inner]
    needed = (*inner, "whole", "hit", "officer_id", "case_id", "officer_ids", column)
    table = table[[name for name in dict.fromkeys(needed) if name in table]]
    parts = dict(list(table.groupby(inner, sort=False)))
    keys = pd.MultiIndex.from_product(levels, names=list(names))
    empty = table.iloc[:0]
    made = pd.DataFrame([make(parts.get(key, empty)) for key in keys])
    return pd.concat([keys.to_frame(index=False).astype("str"), made], axis=1)


def _share(part: pd.DataFrame, confidence: float) -> dict[str, Any]:
    names = ("n", "events", "estimate", "lower", "upper", "clusters", "effective_clusters", "df")
    if not len(part):
        return dict(zip(names, (0, 0, *[np.nan] * 3, 0, np.nan, np.nan), strict=True))
    s = clustered_share(part["hit"].to_numpy(dtype=bool), ways_of(part), confidence)
    found = (s.denominator, s.count, s.share, s.lower, s.upper, s.clusters, s.effective_clusters, s.df)
    return dict(zip(names, found, strict=True)) | ({"repaired": True} if s.repaired else {})


def _numbers(part: pd.DataFrame, column: str, confidence: float) -> dict[str, Any]:
    held = part[part[column].notna()]
    values = held[column].to_numpy(dtype=float)
    names = ("estimate", "std_error", "lower", "upper", *_QUARTILES, "median_lower", "median_upper")
    out: dict[str, Any] = {"n": len(part), "events": len(values), **dict.fromkeys(names, np.nan)}
    if not len(values):
        return out
    ways = ways_of(held)
    out |= {"estimate": values.mean(), **{name: float(np.quantile(values, at)) for name, at in _QUARTILES.items()}}
    if min(len(np.unique(way)) for way in ways.values()) < 2:
        return out
    _, error, free = mean_errors(values, np.ones((len(values), 1)), ways)
    if free[0] > 0:
        out["std_error"] = error[0]
        out["lower"], out["upper"] = wald(out["estimate"], error[0], confidence, free[0])
    below = clustered_share(np.arange(len(values)) < len(values) / 2, ways, confidence)
    half = clustered_share(values <= out["median"], ways, confidence)
    reach = (half.upper - half.lower) / 2 if half.share < 1 else (below.upper - below.lower) / 2
    if reach == reach:  # missing where too much rests on one officer or complaint
        ends = np.clip([0.5 - reach, 0.5 + reach], 0, 1)
        out["median_lower"], out["median_upper"] = (float(end) for end in np.quantile(values, ends))
    return out


def _days(
    data: Cohort, by: list[str], rows: Condition | None, window: Window | None, start: str, stop: str, confidence: float
) -> Described:
    """Median and quartiles of days with open cases counted."""
    from accountability.delay import closing_curve
    from accountability.study.clocks import durations
    from accountability.study.grouping import group_cases

    outside = pd.DataFrame({"reason": pd.Series(dtype="str"), "n": pd.Series(dtype="int64")})
    if rows is not None:
        named = list(rows) if isinstance(rows, Mapping) else []
        of: Literal["cases", "allegations"] = (
            "cases" if named and all(name in data.cases for name in named) else "allegations"
        )
        data = data.keep_if(
            lambda frame: pd.Series(met(frame, rows, "rows"), index=frame.index), because=said(rows), of=of
        )
    if window is not None:
        place = data.cases["case_id"].reset_index(drop=True)
        number, why = windows_of(data, window, "complaint", place)
        outside = why[why != ""].value_counts().sort_index().rename_axis("reason").rename("n").reset_index()
        outside = outside.astype({"reason": "str"})
        inside = pd.Series((why == "").to_numpy(), index=data.cases.index)
        if not inside.any():
            raise Refusal(f"no case of {data.name} lies in the windows asked for")
        knew = () if window.stage in ("incident", "received", "opened", "assigned") else (window.stage,)
        if window.every:
            named_windows = [window.label(int(k)) for k in number]
            data = replace(data, cases=data.cases.assign(**{WINDOW: named_windows}))
        data = data.keep_if(inside, because=f"dated within {window.said()}", decided_by=knew)
    names = (*by, *([WINDOW] if window is not None and window.every else []))
    for column in by:
        if column not in data.cases and column in data.allegations:
            data = group_cases(data, column)
    timed = durations(data, start, stop)
    for column in names:
        timed = timed.label_missing(column, NOT_RECORDED)
    curve = closing_curve(timed, by=list(names) or None, confidence=confidence)
    found = curve.true_quantiles(list(_QUARTILES.values()))
    cases = curve.true_numbers("cases").reset_index(drop=True)
    at = {share: found[found["share"] == share].reset_index(drop=True) for share in _QUARTILES.values()}
    table = cases[[*names, "n", "events"]].assign(
        estimate=at[0.5]["estimate"], lower=at[0.5]["lower"], upper=at[0.5]["upper"],
        lower_quartile=at[0.25]["estimate"], upper_quartile=at[0.75]["estimate"],
    )  # fmt: skip
    lost = timed.excluded_counts().rename(columns={"cases": "n"})
    outside = pd.concat([outside, lost], ignore_index=True)
    return Described(
        estimand=f"{curve.clock}: median and quartiles{' by ' + ' and '.join(names) if names else ''}, {data.name}",
        assumptions=curve.assumptions, method=curve.method, table=table, flow=timed.flow, outside=outside,
        kind="days", unit="cases", by=names, confidence=confidence, cautions=curve.cautions, states=curve.states,
    )  # fmt: skip
