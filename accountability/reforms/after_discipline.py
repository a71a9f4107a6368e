"""Complaints after discipline: officers around a sustained finding or penalty, compared with peers of their unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, get_args

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.officers.officer_events import APPOINTED, days_served, unit_columns
from accountability.privacy import disclose
from accountability.reforms.effect import Effect, EventStudy, rows
from accountability.reforms.service_months import month_start
from accountability.stats.arrays import Days, Flags, Floats, Ints
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, rows_places, stage_of
from accountability.vocabulary import PENALTY_LADDER

Step = Literal["sustained", "penalty"]
#: Officers disciplined whom a comparison needs, and peers of the unit for each of its months.
LEAST_OFFICERS: Final = 20
LEAST_PEERS: Final = 2
BIN: Final = 3
NEVER_MONTH: Final = 10**6


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AfterDiscipline(EventStudy):
    """Complaints of officers around their first sustained finding or penalty, compared with peers of the unit.

    ``table``: ``event_time`` (first month of a quarter; 0 is that of the step), ``estimate`` (difference in new
    complaints per year from peers), and the usual columns; ``n`` officers disciplined. ``overall``: the mean over the
    months after.

    Attributes
    ----------
    leaving : Effect or None
        Difference from peers in the share who left by the end; ``None`` if no leaving is dated.
    apart : pandas.DataFrame
        Complaints of disciplined officers that are in no estimate: ``reason``, ``n``, ``hidden``.
    """

    spans: ClassVar[str] = "quarter"
    begins: ClassVar[str] = "the step"

    leaving: Effect | None
    apart: pd.DataFrame

    def sentence(self) -> str:
        """State the mean after, the months before, leaving, and the complaints counted separately."""
        text = self._mean_and_before()
        return f"{text} {self.leaving.sentence()}" if self.leaving else f"{text} When officers left is not dated."


@takes("cohort")
def discipline_effect(
    data: Cohort,
    step: Step = "sustained",
    *,
    unit: str | None = None,
    before: int = 12,
    after: int = 12,
    confidence: float = 0.95,
) -> AfterDiscipline:
    """Estimate the change in officers' complaints around their first sustained finding or penalty.

    Parameters
    ----------
    data : Cohort or Dataset
    step : {"sustained", "penalty"}
        The day a complaint with a sustained finding closed, or the day of the first penalty.
    unit : str, optional
        Column of the officers' unit, within which they are compared; by default the first usual one in the data, or the
        whole agency.
    before, after : int
        Months compared, multiples of three.
    confidence : float

    Returns
    -------
    AfterDiscipline

    Raises
    ------
    Refusal
        With fewer than 20 disciplined officers with covered months and two peers in their unit, or without days.
    ParameterError
        For an unknown step or column, or months that are not multiples of three.

    Notes
    -----
    Stacked (Cengiz et al. 2019): each month with a first step is a separate experiment, with the officers of that month
    and those of their unit without a step by then. Each officer is compared with its own mean before. The estimate of a
    quarter is the mean change of disciplined officers minus that of the peers of their unit and month. Errors are
    clustered by officer. Only whole months served count. A peer disciplined later stays a peer, which biases an effect
    slightly towards zero; excluding it would select peers on later complaints and show an effect where there is none.

    Complaints that led to a step are not counted, the first or a later one, for both groups, before and after: none
    closed before a *first* step, so the months before hold fewer of them by selection, and those after would look worse
    without an effect. Complaints count in the month they were filed; ``apart`` says how many after the step are about
    earlier conduct. Leaving is a separate outcome and ends an officer's months: later ones are missing, not free of
    complaints.

    Examples
    --------
    >>> import accountability
    >>> from accountability import reforms
    >>> found = reforms.discipline_effect(accountability.load("synthetic"))
    >>> found.table["event_time"].tolist()
    [-12, -9, -6, -3, 0, 3, 6, 9]
    """
    what = "reforms.discipline_effect"
    if step not in get_args(Step):
        raise ParameterError(f"step: expected one of {', '.join(get_args(Step))}, found {step!r}")
    for name, months in (("before", before), ("after", after)):
        check_number(name, months, BIN, 60, "whole months from 3 to 60")
        if months % BIN:
            raise ParameterError(f"{name}: expected a multiple of {BIN} months, found {months}")
    check_number("confidence", confidence, 0.5, 0.999, "a number from 0.5 to 0.999", whole=False)
    try:
        column = unit_columns(data, unit)[0]
    except Refusal:
        column = None
    laid = _read(data, column, step)
    group = (column or "agency").replace("_", " ")
    if not (laid.step < NEVER_MONTH).any():
        raise Refusal(
            f"{what}: {data.name} dates no {'penalty' if step == 'penalty' else 'sustained finding'} of an officer"
        )
    gathered = _stacks(laid, before, after)
    if len(gathered) == 0 or (treated := len({i for one in gathered for i in one.treated})) < LEAST_OFFICERS:
        raise Refusal(
            f"{what}: expected at least {LEAST_OFFICERS} officers with {before} months before and {after} months after "
            f"their first {step} step covered by {data.name}, and {LEAST_PEERS} peers of their "
            f"{group} without one; found {0 if not gathered else treated} of {int((laid.step < NEVER_MONTH).sum()):,}. "
            "Write fewer months: before=6, after=6"
        )
    bins = list(range(-before // BIN, after // BIN))
    influence = [_bin(gathered, place, laid) for place in range(len(bins))]
    later = _bin(gathered, -1, laid)
    sums = {"clusters": len({i for one in gathered for i in (*one.treated, *one.peers)})}
    word = f"a {'sustained finding' if step == 'sustained' else 'penalty'}"
    said: dict[str, Any] = {
        "outcome": "an officer's new complaints a year",
        "reform": f"an officer's first {word.removeprefix('a ')}",
    }
    table = rows(
        {"event_time": [BIN * one for one in bins]},
        [one[0] for one in influence], [one[1] for one in influence], confidence,
        n=[one[2] for one in influence], **sums, free=treated - 1,
    )  # fmt: skip
    leads = table.loc[table["event_time"] < 0, "p_value"]
    causal = bool((leads > (1 - confidence) / max(len(leads), 1)).all())
    only_if = (
        f"officers would otherwise have moved as their peers of the {group} did"
        if causal
        else f"before it, they already moved apart from their peers of the {group}"
    )
    common: dict[str, Any] = {
        "assumptions": (
            f"officers about to be disciplined would have moved as peers of their {group}",
            "complaints against an officer are independent of the one that led to the step",
        ),
        "method": (
            f"stacked by month of the step, changes against the {before} months before, peers of the same "
            f"{group} who have had none by then; errors clustered by officer"
        ),
        "causal": causal,
        "only_if": only_if,
        "confidence": confidence,
    }
    overall = Effect(
        estimand=f"an officer's new complaints a year in the {after} months from {word} on, against peers",
        table=rows({"quantity": [f"{after} months after"]}, [later[0]], [later[1]], confidence, n=[later[2]], **sums,
                   free=treated - 1),
        **said, **common,
    )  # fmt: skip
    return AfterDiscipline(
        estimand=f"an officer's new complaints a year round {word}, against peers not yet disciplined",
        table=table,
        overall=overall,
        leaving=_leaving(gathered, laid, after, word, common, confidence),
        apart=_apart(laid, gathered),
        flow=data.flow(),
        cautions=(
            "complaints filed after it about earlier conduct are in it",
            f"complaints that led to {word} are in it neither before nor after",
        ),
        **said, **common,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Laid:
    """Complaints by officer in months since 1970, and of each officer the unit, months served and month of the step."""

    officer: Ints
    received: Ints
    incident: Ints
    closed: Ints
    led: Flags
    hit: Flags
    unit: Ints
    begin: Ints
    end: Ints
    step: Ints
    left: Flags
    leaving: bool

    def counts(self, who: Ints, start: int, length: int) -> Floats:
        """Count complaints that led to no step by officer and month."""
        kept = ~self.hit & (self.received >= start) & (self.received < start + length)
        grid = np.zeros((len(self.unit), length))
        np.add.at(grid, (self.officer[kept], self.received[kept] - start), 1.0)
        return grid[who]

    def served(self, who: Ints, start: int, length: int) -> Flags:
        """Return the whole months served."""
        months = np.arange(start, start + length)
        return np.asarray((months >= self.begin[who, None]) & (months < self.end[who, None]))


def _months(days: Days) -> Ints:
    return np.clip(days, -(10**6), 10**6).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _read(data: Cohort, column: str | None, step: Step) -> _Laid:
    """Read the complaints of officers of one unit, and the first step of each."""
    table = data.allegations
    for column_needed in ("officer_id", "finding" if step == "sustained" else "imposed_penalty"):
        if column_needed not in table:
            raise Refusal(f"reforms.discipline_effect: {data.name} has no column {column_needed!r}")
    table = table[table["officer_id"].notna()]
    if column is not None:
        table = table[table["officer_id"].map(table.groupby("officer_id")[column].nunique()) == 1]
    when = {stage: stage_of(data, stage) for stage in ("received", "incident", "closed")}
    place = rows_places(table, data.cases)
    table = table.assign(**{name: one.earliest[place] for name, one in when.items()})
    exact = (when["received"].earliest == when["received"].latest)[place] & (table["received"] > NEVER)
    table = table[exact & (table["received"] < FOREVER)]
    if table.empty:
        raise Refusal(f"reforms.discipline_effect: {data.name} has no complaint with an officer and a day of receipt")
    if step == "sustained":
        table["hit"] = table["finding"] == "sustained"
    else:
        table["hit"] = table["imposed_penalty"].isin(list(PENALTY_LADDER)[1:])
    table["hit"] &= (table["closed"] > NEVER) & (table["closed"] < FOREVER)
    by = {"received": "min", "incident": "min", "closed": "min", "hit": "max"}
    rows_ = table.groupby(["officer_id", "case_id"], as_index=False).agg(by)
    code, names = pd.factorize(rows_["officer_id"])
    of = table.drop_duplicates("officer_id").set_index("officer_id").loc[names].reset_index()
    unit = pd.factorize(of[column])[0] if column else np.zeros(len(of), dtype=np.int64)
    period = data.card.period
    first = int(rows_["received"].min())
    last = int(rows_["received"].max()) if period is None else (period.end - pd.Timestamp(0).date()).days
    begin, end = days_served(of, data.events, first, last)
    if APPOINTED in of:  # the month of appointment is not known, so the year is none of service
        hired = pd.to_numeric(of[APPOINTED]).to_numpy(dtype=float, na_value=np.nan) + 1 - 1970
        known_year = np.isfinite(hired)
        begin[known_year] = np.maximum(begin[known_year], month_start(12 * hired[known_year].astype(np.int64)))
    hit = (
        rows_[rows_["hit"]].assign(code=code[rows_["hit"]]).sort_values("closed", kind="stable").drop_duplicates("code")
    )
    month = np.full(len(of), NEVER_MONTH, dtype=np.int64)
    month[hit["code"]] = _months(hit["closed"].to_numpy())
    led = np.zeros(len(rows_), dtype=bool)
    led[hit.index] = True
    incident = rows_["incident"].to_numpy()
    known = (incident > NEVER) & (incident < FOREVER)
    gone = (data.events["stage"] == "left_agency") & data.events["officer_id"].notna()
    return _Laid(
        officer=code.astype(np.int64),
        received=_months(rows_["received"].to_numpy()),
        incident=np.where(known, _months(incident), NEVER_MONTH),
        closed=np.where(rows_["closed"] < FOREVER, _months(rows_["closed"].to_numpy()), NEVER_MONTH),
        led=led,
        hit=rows_["hit"].to_numpy(dtype=bool),
        unit=unit.astype(np.int64),
        begin=_months(begin - 1) + 1,
        end=_months(end),
        step=month,
        left=of["officer_id"].isin(data.events.loc[gone, "officer_id"]).to_numpy(),
        leaving=bool(gone.any()),
    )


@dataclass(frozen=True, eq=False)
class _Stack:
    """One month of steps in one unit: changes by officer and month, missing where not served."""

    month: int
    treated: Ints
    peers: Ints
    change: Floats


def _stacks(laid: _Laid, before: int, after: int) -> list[_Stack]:
    found = []
    begins, ends = laid.received.min(), laid.end.max()
    for month in np.unique(laid.step[laid.step < NEVER_MONTH]):
        if month - before < begins or month + after > ends:
            continue
        start = int(month) - before
        whole = laid.served(np.arange(len(laid.unit)), start, before + 1).all(axis=1)
        for unit in np.unique(laid.unit[(laid.step == month) & whole]):
            here = whole & (laid.unit == unit)
            treated = np.flatnonzero(here & (laid.step == month))
            peers = np.flatnonzero(here & (laid.step > month))
            if len(peers) < LEAST_PEERS:
                continue
            who = np.append(treated, peers)
            counts = 12 * laid.counts(who, start, before + after)
            counts[~laid.served(who, start, before + after)] = np.nan
            change = counts - counts[:, :before].mean(axis=1, keepdims=True)
            bins = [change[:, at : at + BIN] for at in range(0, before + after, BIN)]
            later = change[:, before:]
            found.append(_Stack(int(month), treated, peers, np.column_stack([*map(_mean, bins), _mean(later)])))
    return found


def _mean(part: Floats) -> Floats:
    held = ~np.isnan(part)
    return np.divide(np.nansum(part, axis=1), held.sum(axis=1), out=np.full(len(part), np.nan), where=held.any(axis=1))


def _bin(stacks: list[_Stack], place: int, laid: _Laid) -> tuple[float, float, int]:
    """Of a quarter: as :func:`_difference`."""
    return _difference([(one.treated, one.peers, one.change[:, place]) for one in stacks], len(laid.unit))


def _difference(parts: list[tuple[Ints, Ints, Floats]], officers: int) -> tuple[float, float, int]:
    """Mean over officers disciplined of their value less their peers', its error by officer, and how many officers."""
    weight, total, pull = 0.0, 0.0, np.zeros(officers)
    taken = []
    for treated, peers, value in parts:
        own, others = value[: len(treated)], value[len(treated) :]
        seen, held = ~np.isnan(own), ~np.isnan(others)
        if not seen.any() or held.sum() < LEAST_PEERS:
            continue
        apart = own[seen] - others[held].mean()
        taken.append((treated[seen], peers[held], apart, others[held] - others[held].mean()))
        weight += len(apart)
        total += apart.sum()
    if weight < 2:
        return float("nan"), float("nan"), int(weight)
    mean = total / weight
    for treated, peers, apart, rest in taken:
        pull[treated] += (apart - mean) / weight
        # Each peer stands in the mean of all officers of its month and unit; a mean of few takes some of its own noise.
        np.add.at(pull, peers, -len(apart) * rest / len(rest) / weight * np.sqrt(len(rest) / (len(rest) - 1)))
    return float(mean), float(np.sqrt((pull**2).sum() * weight / (weight - 1))), int(weight)


def _leaving(
    stacks: list[_Stack], laid: _Laid, after: int, word: str, common: dict[str, Any], confidence: float
) -> Effect | None:
    """Share who left within the months after, less that of peers; nothing where no leaving is dated."""
    if not laid.leaving:
        return None
    parts = []
    for one in stacks:
        who = np.append(one.treated, one.peers)
        parts.append((one.treated, one.peers, (laid.left & (laid.end < one.month + after))[who].astype(float)))
    value, error, n = _difference(parts, len(laid.unit))
    treated = len(np.unique(np.concatenate([one.treated for one in stacks])))
    return Effect(
        estimand=f"share of officers who left in the {after} months from {word} on, against peers",
        table=rows({"quantity": [f"left within {after} months"]}, [value], [error], confidence, n=[n],
                   clusters=len({i for one in stacks for i in (*one.treated, *one.peers)}), free=treated - 1),
        outcome=f"the share who left within {after} months",
        reform=f"an officer's first {word.removeprefix('a ')}",
        **common,
    )  # fmt: skip


def _apart(laid: _Laid, stacks: list[_Stack]) -> pd.DataFrame:
    """Complaints of the officers disciplined that no estimate counts, and those already filed."""
    treated = np.zeros(len(laid.unit), dtype=bool)
    treated[np.concatenate([one.treated for one in stacks])] = True
    own, step = treated[laid.officer], laid.step[laid.officer]
    filed = own & ~laid.led & (laid.received < step) & (laid.closed >= step)
    table = pd.DataFrame(
        [
            ("led to the step", int((own & laid.led).sum())),
            ("led to a later one", int((own & laid.hit & ~laid.led).sum())),
            ("filed before the step and open at it", int(filed.sum())),
            (
                "filed after the step about what happened before it",
                int((own & ~laid.hit & (laid.received >= step) & (laid.incident < step)).sum()),
            ),
        ],
        columns=["reason", "n"],
    )
    return disclose(table, counts=["n"], keep=["reason"], parts=False)
