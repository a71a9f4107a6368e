"""Detect whether a condition depends on how cases ended, and set the sampling rule accordingly.

A condition that is a function is called again on a table without outcomes and ids. The same answer shows that it uses
neither. For a mask or a filtered frame only the effect is known, and of a dataset cut before only what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.case_ends import closed_by_status
from accountability.records.lookup import places
from accountability.stats.arrays import Days, Flags
from accountability.study.follow_up import UNTOLD
from accountability.study.known_late import OUTCOME_STAGES, SURELY, by_name
from accountability.study.occurrences import NEVER, day_numbers, rows_places, stage_of
from accountability.vocabulary import STAGES

_IDS: Final = ("case_id", "officer_id", "allegation_id", "source_row", "source_file")
_FEW: Final = 5
_MANY: Final = 20
_PENALTIES: Final = {"imposed_penalty": "penalty_imposed", "recommended_penalty": "penalty_recommended"}

# A Cohort, which stands above this module and calls it.
Cohort = Any
Known = tuple[str, ...] | None
"""Stages of the outcome that a column or a condition knew; None when that cannot be told."""


def stages_named(decided_by: str | Sequence[str]) -> tuple[str, ...]:
    """Return the stages of the outcome in ``decided_by``.

    Raises
    ------
    ParameterError
        For an unknown stage.
    """
    named = (decided_by,) if isinstance(decided_by, str) else tuple(decided_by)
    if wrong := [stage for stage in named if stage not in STAGES]:
        raise ParameterError(
            f"decided_by= takes the stages on which a condition depends, found {wrong[0]!r}; the stages are "
            f"{', '.join(STAGES)}. A condition that does not depend on what became of the cases has decided_by=()"
        )
    return tuple(stage for stage in OUTCOME_STAGES if stage in named)


def ends_of(cohort: Cohort) -> tuple[Flags, Flags]:
    """Return which cases are open and which ended, by closing dates or, if none is published, by findings."""
    cases = pd.Index(cohort.cases["case_id"])
    if cohort.published.sampling.rule == "no_closing_date":
        if "finding" not in cohort.allegations:
            return np.zeros(len(cases), bool), np.zeros(len(cases), bool)
        status = closed_by_status(cohort.allegations).reindex(cases)
        return status.eq(False).fillna(False).to_numpy(bool), status.fillna(False).to_numpy(bool)
    end = stage_of(cohort, "closed")
    return end.none & (end.set_aside == ""), ~end.none


def columns_known(cohort: Cohort, of: str, column: str = "") -> dict[str, Known]:
    """Return the columns that depend, or may depend, on the outcome, with its stages.

    With `column`, only for that one.
    """
    table = cohort.cases if of == "cases" else cohort.allegations
    if column:
        table = table[[name for name in ("case_id", column) if name in table]]
    is_open, ended = ends_of(cohort)
    place = slice(None) if of == "cases" else rows_places(table, cohort.cases)

    @cache
    def day(stage: str) -> Days:  # only numbers and dates are compared with it
        return stage_of(cohort, stage).latest[place]

    found: dict[str, Known] = {}
    for column in table.columns:
        if column in _IDS:
            continue
        known = cohort.origins[column] if column in cohort.origins else by_name(str(column))
        if not known and _tells_the_end(table[column], is_open[place], ended[place], day):
            known = ("closed",)
        if known != ():
            found[str(column)] = known
    return found


def _tells_the_end(values: pd.Series, is_open: Flags, ended: Flags, day: Callable[[str], Days]) -> bool:
    """Whether a column tells open cases from ended ones, or holds the day or year of closing, or the days until it."""
    of_open = values[is_open]
    if len(of_open) >= _FEW and ended.sum() >= _FEW:
        seen = of_open.unique()
        if len(seen) * _FEW <= len(of_open) and not values[ended].isin(seen).any():
            return True
    if values.dtype.kind not in "iufM":
        return False
    dates, closed, received = values.dtype.kind == "M", day("closed"), day("received")
    numbers = day_numbers(values, NEVER) if dates else pd.to_numeric(values).to_numpy(float, na_value=np.nan)
    year = [
        (days[ended].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970) for days in (closed, received)
    ]
    pairs = [(closed[ended], received[ended])] if dates else [(year[0], year[1]), (closed[ended] - received[ended], 0)]
    for end, start in pairs:
        tells = end != start
        if tells.sum() >= _FEW and (numbers[ended][tells] == end[tells]).mean() > 0.9:
            return True
    return False


def asked(
    condition: Callable[[pd.DataFrame], Any], table: pd.DataFrame, columns: Mapping[str, Known]
) -> tuple[Any, Known]:
    """Return the answer of a condition, and the stages on which it depends."""
    answer = condition(table)
    blind = table.drop(columns=[name for name in table if name in _IDS or name in columns])
    blind = blind.iloc[::-1].set_axis(pd.RangeIndex(10**9, 10**9 + len(table)))
    again = _tried(condition, blind)
    # An answer under another index than that of the blind table was made before: it says nothing of what it knew.
    new = isinstance(again, pd.Series) and again.index.equals(blind.index)
    if new and _same(answer, again.iloc[::-1].set_axis(table.index)):
        return answer, ()
    if not _same(answer, _tried(condition, table)):
        return answer, None  # another answer each time, as of a lot that is drawn
    of_stage = {
        stage: [name for name, known in columns.items() if known and stage in known] for stage in OUTCOME_STAGES
    }
    knew = [
        stage
        for stage, names in of_stage.items()
        if names and not _same(answer, _tried(condition, table.drop(columns=names)))
    ]
    return answer, tuple(knew) or None


def computed(values: Callable[[Cohort], Any], cohort: Cohort) -> tuple[Any, Known]:
    """Return the values of a column made from a cohort, and the stages on which they depend."""
    made = values(cohort)
    known = {of: columns_known(cohort, of) for of in ("cases", "allegations")}
    again = _tried(values, _without(cohort, known, OUTCOME_STAGES, mark="\0"))
    both = isinstance(made, pd.Series) and isinstance(again, pd.Series) and len(made) == len(again)
    # Values under the old ids were made before, as an answer of a condition may be.
    new = both and again.index.equals(pd.Index("\0" + made.index.astype("str")))
    if new and _same(made, again.set_axis(made.index)):
        return made, ()
    dated = set(cohort.events["stage"].unique())
    there = dated.union(*(stages or () for columns in known.values() for stages in columns.values()))
    held = [stage for stage in OUTCOME_STAGES if stage in there]
    if not _same(made, _tried(values, cohort)):
        return made, None
    knew = [stage for stage in held if not _same(made, _tried(values, _without(cohort, known, (stage,))))]
    return made, tuple(knew) or None


def _without(cohort: Cohort, known: Mapping[str, Mapping[str, Known]], stages: Sequence[str], mark: str = "") -> Cohort:
    """The cohort as it would be without these stages and, with a mark, under other ids."""
    tables = {"cases": cohort.cases, "allegations": cohort.allegations}
    for of, columns in known.items():
        gone = [name for name, of_column in columns.items() if (set(of_column) & set(stages) if of_column else mark)]
        tables[of] = tables[of].drop(columns=gone)
    tables["events"] = cohort.events[~cohort.events["stage"].isin(list(stages))]
    if mark:
        tables = {name: table.assign(case_id=mark + table["case_id"].astype("str")) for name, table in tables.items()}
    return replace(cohort, **tables)


def _tried(function: Callable[[Any], Any], given: Any) -> Any:
    """What a function says of other data; None where it stops, as it does without the column it reads."""
    try:
        return function(given)
    except Exception:
        return None


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, pd.Series) and isinstance(other, pd.Series) and one.rename(None).equals(other.rename(None))


def sampling_after(
    told: Any, knew: Sequence[str], words: str, left: tuple[Flags, Flags], kept: Flags
) -> dict[str, Any]:
    """Return the sampling after a condition that depends on these stages of the outcome.

    If all ended cases stay and all open ones go, the rule is closed cases only. Any other such condition selects on the
    outcome.
    """
    is_open, ended = left
    gone = not (is_open & kept).any()
    closed_only = gone and set(knew) == {"closed"} and bool(kept[ended].all()) and told.rule != "selected_on_outcome"
    rule = "closed_only" if closed_only else "selected_on_outcome"
    return {
        "rule": told.rule if told.rule == "case_files" else rule,
        "open_cases": "excluded" if gone else told.open_cases,
        "selected_on": [*told.selected_on, words],
    }


def marked(cohort: Cohort, knew: Sequence[str], said: str, left: tuple[Flags, Flags], kept: Flags) -> Cohort:
    """Return a cohort whose card says that a condition depended on these stages of the outcome."""
    now = sampling_after(cohort.card.sampling, knew, said, left, kept)
    card = _changed(cohort.card, sampling=_changed(cohort.card.sampling, **now))
    return replace(cohort, card=card, decided=tuple(dict.fromkeys((*cohort.decided, *knew))))


def _changed(record: Any, **values: Any) -> Any:
    """A card, or its part on sampling, with other values."""
    return record.model_copy(update=values) if hasattr(record, "model_copy") else replace(record, **values)


def cut(whole: Cohort, first: Any, loaded: int, decided_by: str | Sequence[str] | None) -> Cohort:
    """Return a cohort from whose tables rows were taken out, the step `first` being the last one that counts them."""
    cases, events, allegations = whole.cases, whole.events, whole.allegations
    ids = pd.concat([cases["case_id"], events["case_id"], allegations["case_id"]]).drop_duplicates()
    if len(ids) <= len(cases):
        return _cut_before(whole, loaded, decided_by)
    before = replace(whole, cases=pd.DataFrame({"case_id": ids.to_numpy()}))
    before = replace(before, steps=(*whole.steps[:-1], replace(first, cases=len(ids))))
    inside = before.cases["case_id"].isin(cases["case_id"])
    left = before.keep_if(inside, because="taken out of the frame of cases before", decided_by=decided_by)
    return replace(left, cases=cases)


def _cut_before(whole: Cohort, loaded: int, decided_by: str | Sequence[str] | None) -> Cohort:
    """Return the cases left of a dataset of `loaded` rows whose tables were all cut, with what is known of the cut."""
    gone = loaded - len(whole.allegations)
    is_open, ended = ends_of(whole)
    knew, words = (None, UNTOLD) if decided_by is None else (stages_named(decided_by), "")
    if decided_by is None and (seen := _left_by_a_cut(whole, is_open, ended)):
        knew, words = (seen[0],), f"taken as decided by {seen[1]}"
    elif knew:
        words = f"decided by {', '.join(map(repr, knew))}"
    said = f"{gone:,} of {loaded:,} rows taken out of the tables before" if gone > 0 else "taken out before"
    said += f" ({words})" if words else ""
    now = replace(whole.steps[-1], because=said, cases=len(whole.cases), allegations=len(whole.allegations))
    whole = replace(whole, steps=(*whole.steps, now))
    # Whether all ended cases stayed is not known, so that the rule cannot be that of closed cases only.
    return marked(whole, knew, said, (is_open, ended), is_open) if knew else whole


def _left_by_a_cut(whole: Cohort, is_open: Flags, ended: Flags) -> tuple[str, str] | None:
    """The stage by which a cut left what it left, and why; None where its rows are few or of all kinds."""
    told, many = whole.card.sampling, len(whole.cases) >= _MANY
    if many and told.rule in ("complete", "no_closing_date") and told.open_cases in ("included", "status_only"):
        if not is_open.any():
            return "closed", f"how cases ended: none left is open, although {whole.name} publishes open cases"
        if not ended.any():
            return "closed", "how cases ended: all left are open"
    for stage, words, has in _outcomes(whole, "cases"):
        if many and has.all() and told.rule == "complete":
            return stage, f"{stage!r}: all left have {words}"
    return None


def by_effect(
    cohort: Cohort, of: str, keep: Flags, left: tuple[Flags, Flags], kept: Flags
) -> tuple[tuple[str, ...] | None, str]:
    """Return the stages on which a condition depends, as far as its effect alone shows them, and the words for it."""
    if seen := one_sided(cohort, left, kept):
        return ("closed",), f"taken as decided by how cases ended: {seen}"
    if found := _separated(cohort, of, keep):
        return (found[0],), f"taken as decided by {found[0]!r}: {found[1]}"
    return None, UNTOLD


def _outcomes(cohort: Cohort, of: str) -> list[tuple[str, str, Flags]]:
    """What became of each case or row, each with its stage and words: its findings, and whether it has a penalty."""
    rows, cases = cohort.allegations, pd.Index(cohort.cases["case_id"])
    flags = []
    if "finding" in rows:
        codes, terms = pd.factorize(rows["finding"])
        flags = [("findings", f"a finding {term!r}", codes == code) for code, term in enumerate(terms)]
    for column, stage in _PENALTIES.items():
        if column in rows:
            flags.append(
                (
                    stage,
                    f"{'an' if column[0] == 'i' else 'a'} {column.replace('_', ' ')}",
                    rows[column].notna().to_numpy(bool),
                )
            )
    if of == "allegations":
        return flags
    place = places(rows["case_id"], cases)
    return [(stage, words, np.bincount(place[has & (place >= 0)], minlength=len(cases)) > 0)
            for stage, words, has in flags]  # fmt: skip


def by_case(values: pd.Series, cases: pd.Series, name: str) -> pd.Series:
    """Return a user's values in the order of the cases.

    Parameters
    ----------
    values : Series
        Indexed by case id.
    cases : Series
        The ids of the cases.
    name : str
        What the values are called, for the message.

    Raises
    ------
    ParameterError
        If an id occurs twice, or none is that of a case.
    """
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()][0]
        raise ParameterError(
            f"values for {name!r} must be indexed by case_id, each once; {twice!r} occurs more than once: "
            "group them first, e.g. values.groupby('case_id').first()"
        )
    if len(values) and len(cases) and not values.index.isin(cases).any():
        raise ParameterError(
            f"values for {name!r} must be indexed by case_id; none of their {len(values):,} index values, such as "
            f"{values.index[0]!r}, is that of a case. For one value a case, in the order of the cases, write:\n"
            "    values.set_axis(cohort.cases['case_id'])"
        )
    return values.reindex(cases).set_axis(cases.index)


def _separated(cohort: Cohort, of: str, keep: Flags) -> tuple[str, str] | None:
    """The stage whose outcomes a condition separates as one computed from them does, and how it shows.

    Either side of it has only rows with an outcome, or none sustained or penalised, though many of the other kind were
    expected from the quarters of receipt: in the years before penalties were written down none are.
    """
    start = stage_of(cohort, "received")
    table = cohort.cases if of == "cases" else cohort.allegations
    place = places(table["case_id"], pd.Index(cohort.cases["case_id"]))
    known = (place >= 0) & ~start.none[place]
    quarter = np.unique(start.earliest[place[known]] // 91, return_inverse=True)[1]
    for stage, words, flags in _outcomes(cohort, of):
        has = flags[known]
        share = np.bincount(quarter, weights=has) / np.bincount(quarter)
        for side, name in ((keep[known], "it kept"), (~keep[known], "it took away")):
            size = int(side.sum())
            expected = float((np.bincount(quarter, weights=side) * share).sum())
            if size - expected >= SURELY and has[side].all():
                return stage, f"all {size:,} {name} had {words}, where {expected:,.0f} were expected"
            heavy = stage != "findings" or "'sustained'" in words
            if heavy and expected >= SURELY and not has[side].any():
                return stage, f"none of the {size:,} {name} had {words}, where {expected:,.0f} were expected"
    return None


def one_sided(cohort: Cohort, left: tuple[Flags, Flags], kept: Flags) -> str:
    """Say that a condition depends on how cases ended, if its effect shows it; else nothing.

    It removed every open case and kept ended ones; it removed only ended, or only open, cases although many of the
    other kind were expected from the quarters of receipt; or among closed cases it depends on their delay or year of
    closing.
    """
    is_open, ended = left
    if is_open.any() and not (is_open & kept).any() and (ended & kept).any():
        return f"it took away all {int(is_open.sum()):,} open cases"
    start = stage_of(cohort, "received")
    known = (is_open | ended) & ~start.none
    quarter = np.unique(start.earliest[known] // 91, return_inverse=True)[1]
    gone = np.bincount(quarter, weights=~kept[known])
    for name, other, of in (("ended", "open", is_open), ("open", "ended", ended)):
        share = np.bincount(quarter, weights=of[known]) / np.bincount(quarter)
        expected = float((gone * share).sum())
        if expected >= SURELY and not (of & ~kept).any():
            return f"all {int(gone.sum()):,} it took away were {name}, among whom {expected:,.0f} {other} were expected"
    end = stage_of(cohort, "closed")
    dated = ended & ~start.none & ~end.none
    away, days = ~kept[dated], (end.latest - start.earliest)[dated]
    if min(away.sum(), (~away).sum()) < _MANY:
        return ""
    if days[away].min() > days[~away].max() or days[away].max() < days[~away].min():
        return "among closed cases it went by the days they took"
    if not _mixed(end.latest[dated], away) and _mixed(start.earliest[dated], away):
        return "it took away whole years of closing"
    return ""


def _mixed(days: Days, away: Flags) -> bool:
    """Whether in some year cases stayed and others went."""
    year = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int)
    return bool(np.isin(year[away], year[~away]).any())
