"""Rates of complaints per outside totals: residents, officers, areas, by place and window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.labels import in_words
from accountability.records.totals import YEAR, Total, places_of
from accountability.results import plural
from accountability.stats.compress import in_reading_order
from accountability.stats.count_laws import overdispersion
from accountability.stats.intervals import poisson_exact
from accountability.study.cohort import Cohort
from accountability.study.exposure import days_covered, exposure, total_named
from accountability.study.occurrences import FOREVER, NEVER
from accountability.tables.conditions import Condition, met, said
from accountability.tables.described import Described
from accountability.tables.rows_described import PLURAL, WINDOW, keys_of, rows_of, windowed
from accountability.tables.windows import Window, windows_of
from accountability.vocabulary import ROSTER

#: With fewer months than these over the groups, how far months vary is not estimated.
_FEWEST: Final = 10
_MONTH: Final = "of month"


def rates(
    data: Cohort,
    counted: str,
    groups: Sequence[str],
    rows: Condition | None,
    window: Window | None,
    per: str,
    confidence: float,
) -> Described:
    """Return rates a year per so many of an outside total; see ``per`` of :func:`accountability.tables.describe`."""
    chosen_by = list(rows) if isinstance(rows, Mapping) else []
    roster = data.people.get(ROSTER, pd.DataFrame())
    total = total_named(data, per, list(dict.fromkeys([*groups, *(name for name in chosen_by if name in roster)])))
    whole = [name for name in chosen_by if name not in total.by]
    window, chosen = _asked(data, total, groups, rows, window)
    base = rows_of(data, counted, groups)
    if lost := [name for name in total.by if name not in base]:
        raise ParameterError(f"{PLURAL[counted]} of {data.name} have no {lost[0]!r}, by which {per} are known")
    for word, column in (("year", YEAR), ("month", _MONTH)):
        number, why = windows_of(data, replace(window, every=word, starts=1), counted, base["case_id"])
        base[column] = np.where((why == "").to_numpy(), number, np.nan)
    base[YEAR] += 1970
    base, outside, _ = windowed(data, base, window, counted, rows)
    base, placeless = _placed(data, base, total, counted, chosen)
    outside = pd.concat([outside, placeless], ignore_index=True)

    spans = window.spans()
    grid = exposure(total, groups, spans, chosen)
    keys = [*(f"by:{name}" for name in groups), *([WINDOW] if window.every else [])]
    names = [*groups, *([WINDOW] if window.every else [])]
    grid = in_reading_order(grid[[*names, "exposure"]], names)
    if len(own := keys_of(base, counted)):
        base = base.drop_duplicates([*own, *keys])
    if names:
        n = base.groupby(keys, observed=True).size().rename("n").rename_axis(names).reset_index()
        table = grid.astype(dict.fromkeys(names, "str")).merge(n, on=names, how="left")
        table["n"] = table["n"].fillna(0).astype("int64")
    else:
        table = grid.assign(n=len(base))
    spread, free = _dispersion(base, keys, window, spans)
    steady = free < _FEWEST
    spread = 1.0 if steady else spread
    low, high = poisson_exact(table["n"].to_numpy() / spread, confidence)
    scale = total.base / table["exposure"].to_numpy()
    table = table[[*names, "n", "exposure"]].assign(
        estimate=table["n"] * scale, lower=low * spread * scale, upper=high * spread * scale
    )
    what = in_words(total.name)
    rate = f"per {total.base:,.0f} {what} a year"
    when = f"those as of {total.as_of} stand for every year" if total.as_of else f"{what} of each calendar year"
    return Described(
        estimand=f"{PLURAL[counted].replace('_', '-')} {rate}"
        + (f" by {' and '.join(groups)}" if groups else "")
        + ("" if rows is None else f", of rows with {said(rows)}")
        + f", {window.said()}, {data.name}",
        assumptions=(
            f"{when}, spread evenly over its days ({total.citation or total.file})",
            *(f"{what} are all there are, whatever {name} of the rows is chosen" for name in whole),
            "who complains lives or serves where the complaint is counted; visitors are in no total",
            "months vary independently about the rate of their group, in all groups equally more than by a Poisson law",
        ),
        method=f"count over {what} times years; Garwood's interval with the variance of a Poisson law times "
        + ("1 (too few months to estimate more)" if steady else f"{spread:.2f}, from the months"),
        table=table.reset_index(drop=True),
        flow=data.flow(),
        outside=outside[outside["n"] > 0].reset_index(drop=True),
        kind="rate",
        unit=PLURAL[counted].replace("_", "-"),
        by=tuple(names),
        confidence=confidence,
        rate=rate,
        cautions=("no interval allows for months that vary more than by chance: too few are dated",) if steady else (),
    )


def _asked(
    data: Cohort, total: Total, groups: Sequence[str], rows: Condition | None, window: Window | None
) -> tuple[Window, pd.DataFrame]:
    """The window of the days counted, and the rows of the total for the places asked for.

    Raises
    ------
    ParameterError, Refusal
        When the complaints counted would not be those of all whom the total counts.
    """
    if other := [name for name in groups if name not in total.by]:
        known = f"by {' and '.join(total.by)}" if total.by else "for the whole agency"
        raise ParameterError(
            f"{total.name} are known {known}, not by {other[0]!r}: a rate of each would be per all of them. Declare "
            f"totals by {other[0]!r}, or choose one with rows={{{other[0]!r}: ...}} and leave it out of by="
        )
    if len(data.steps) > 1:
        raise Refusal(
            f"{data.name}: {len(data.steps) - 1} condition(s) chose its cases (the last: {data.steps[-1].because}), "
            f"and {total.name} count all. Pass the dataset, and choose with rows= and when="
        )
    if callable(rows):
        raise ParameterError(
            f"a function given as rows= does not say of which places the {total.name} are; write "
            "rows={'column': 'value'}"
        )
    first, last = days_covered(data)
    window = Window(None, "received", 1, NEVER, FOREVER) if window is None else window
    if window.stage != "received":
        raise Refusal(
            f"the card of {data.name} states the days of receipt it covers, so rates are by 'received'; when= names "
            f"{window.stage!r}"
        )
    window = replace(window, since=max(first, window.since), until=min(last, window.until))
    if window.since > window.until:
        raise Refusal(f"{data.name} covers no day of the window asked for ({np.datetime64(first, 'D')} to "
                      f"{np.datetime64(last, 'D')})")  # fmt: skip
    named = {name: value for name, value in rows.items() if name in total.by} if isinstance(rows, Mapping) else {}
    return window, total.table[met(total.table, named, "rows")] if named else total.table


def _placed(
    data: Cohort, base: pd.DataFrame, total: Total, unit: str, chosen: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows whose place and year have a total, and how many units have none by declaration.

    Raises
    ------
    Refusal
        Places or years are counted that have no total, or one total has no complaint to be of.
    """
    what, by = in_words(total.name), " and ".join(total.by)
    place = places_of(base, total.by)
    why = pd.Series("", index=base.index, dtype="str")
    why = why.mask(place.isna(), f"no {by} on record")
    for name, because in total.without.items():
        why = why.mask(place.eq(name).fillna(False), f"no {what} in {name}: {because}")
    if YEAR in total.table:
        why = why.mask((why == "") & base[YEAR].isna(), "date too coarse for the year of a total")
        known = set(zip(places_of(total.table, total.by), total.table[YEAR], strict=True))
        lacks = np.array([pair not in known for pair in zip(place, base[YEAR], strict=True)])
    else:
        lacks = ~place.isin(places_of(total.table, total.by)).to_numpy()
    lost = base[(why == "").to_numpy() & lacks]
    if len(lost):
        here, years = place[lost.index], total.table.get(YEAR)
        if years is not None and not lost[YEAR].isin(years).any():
            raise Refusal(
                f"{data.name}: {plural(len(lost), 'row')} of {len(base):,} are of {lost[YEAR].min():.0f} to "
                f"{lost[YEAR].max():.0f}, and {what} are of {years.min()} to {years.max()}. Write when={{'since': "
                f"'{years.min()}-01-01', 'until': '{years.max()}-12-31'}}, or add years to {total.file}"
            )
        of_year = "" if years is None else f" in {lost[YEAR].iloc[0]:.0f}"
        raise Refusal(
            f"{data.name}: {here.nunique():,} of {place.nunique():,} places have complaints and no {what}: "
            f"{plural(len(lost), 'row')} of {len(base):,}, first {here.iloc[0]!r}{of_year}. Add them to {total.file}, "
            f"or say in source.yaml that there are none: without: {{{total.name}: {{{here.iloc[0]!r}: why}}}}"
        )
    if chosen.empty or (why != "").all():
        raise Refusal(f"{data.name}: no row asked for has {what}, of which a rate could be taken")
    out = base.assign(reason=why)[(why != "").to_numpy()]
    if keys := keys_of(out, unit):
        out = out.drop_duplicates(["reason", *keys])
    counts = out.groupby("reason").size().rename("n").reset_index().astype({"reason": "str"})
    return base[(why == "").to_numpy()], counts


def _dispersion(
    base: pd.DataFrame, keys: Sequence[str], window: Window, spans: Sequence[tuple[str, int, int]]
) -> tuple[float, int]:
    """How many times more months vary than by a Poisson law, about the rate of their group and year (or quarter)."""
    within = [name for name in keys if name != WINDOW or window.every in ("quarter", "year")]
    dated = base.dropna(subset=_MONTH)
    months = []
    for label, first, last in spans if WINDOW in within else [("", spans[0][1], spans[-1][2])]:
        of_month = replace(window, every="month", starts=1, since=first, until=last).spans()
        months += [(label, int(np.datetime64(name).astype(int)), end - begin + 1) for name, begin, end in of_month]
    every = pd.DataFrame(months, columns=[WINDOW, _MONTH, "days"])
    counts, expected, strata = [], [], 0
    for key, part in dated.groupby(within) if within else [((), dated)]:
        own = every[every[WINDOW] == key[-1]] if WINDOW in within else every
        n = part[_MONTH].value_counts().reindex(own[_MONTH], fill_value=0).to_numpy()
        counts.append(n)
        expected.append(n.sum() * own["days"].to_numpy() / own["days"].sum())
        strata += 1
    if not counts:
        return 1.0, 0
    return overdispersion(np.concatenate(counts), np.concatenate(expected), strata)
