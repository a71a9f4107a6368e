"""The complaints of an agency as a contract leaves them: one row a complaint, with what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.agencies.source_facts import SourceFacts, recorded_after
from accountability.errors import Refusal, SourceError
from accountability.records.case_ends import closing_state
from accountability.records.inherited import line_of_releases
from accountability.records.places import source_folder
from accountability.study.occurrences import FOREVER, day_number, stage_of

if TYPE_CHECKING:
    from accountability.agencies.comparability_contract import Contract
    from accountability.records.dataset import Dataset

PUBLIC: Final = ("public", "civilian", "citizen", "from the public")
#: From this share of dates that name a day on, they are read as days; the others are left out.
_DAYS: Final = 0.95
OTHER: Final = "several or not recorded"


def facts_of_data(data: Dataset) -> SourceFacts:
    """The facts of loaded records: what the card says, and what the tables show."""
    card, events = data.card, data.events[data.events["set_aside"].isna()]
    day = {
        stage: bool((part["precision"] == "day").mean() >= _DAYS)
        for stage, part in events[events["stage"].isin(["received", "closed"])].groupby("stage")
    }
    finding = data.allegations["finding"] if "finding" in data.allegations else pd.Series(dtype="str")
    merged = data.lossy[(data.lossy["column"] == "finding") & data.lossy["may_be"].ne("") & data.lossy["rows"].gt(0)]
    try:
        line = [one.name for one in line_of_releases(source_folder(data.name))]
    except SourceError:  # made in memory, or from a folder
        line = [data.name]
    return SourceFacts(
        name=data.name,
        agency=card.agency,
        line=line[-1],
        generated=data.generated,
        rule=card.sampling.rule,
        internal=card.internal_complaints,
        open_cases=card.sampling.open_cases,
        closing_date=card.sampling.closing_date,
        has_origin=bool(_origin(data)),
        dated=frozenset(events["stage"].unique()),
        to_the_day=all(day.values()),
        period=(card.period.start, card.period.end) if card.period else None,
        until=card.observed_until,
        window=card.sampling.window,
        terms=frozenset(finding.dropna().unique()),
        merged=tuple(sorted({tuple(sorted(str(one).split(", "))) for one in merged["may_be"]})),
        lag_days=recorded_after({*line, data.name}),
    )


def _origin(data: Dataset) -> str | None:
    return next((str(n) for n in ("initiated_by", "complaint_type") if n in data.cases and data.cases[n].notna().any()),
                None)  # fmt: skip


def complaints(data: Dataset, terms: Contract, within_days: int, mix: str | None) -> tuple[pd.DataFrame, list[Any]]:
    """One row a complaint that the contract keeps, and how many were left out and why.

    Returns
    -------
    frame : DataFrame
        ``case_id``, ``officer_ids`` or ``officer_id`` (who is named), ``days`` (to closing, at most `within_days`),
        ``closed`` (within them), ``sustained`` (missing where no finding is on record), ``mix``.
    flow : list of (reason, complaints left)
    """
    ids = pd.Index(data.cases["case_id"])
    start, stop = (stage_of(data, stage) for stage in ("received", "closed"))
    dated = terms.closings_dated
    exact = (start.earliest == start.latest) & (start.earliest < FOREVER)
    until = data.card.observed_until
    if until is None or terms.window is None:
        raise Refusal(f"{data.name}: its card states no days of receipt, or no last day covered")
    last = day_number(until)
    known = (stop.earliest == stop.latest) & (stop.earliest < FOREVER) & (stop.earliest <= last)
    days = np.where(known, stop.earliest - start.earliest, last - start.earliest)
    frame = pd.DataFrame({"case_id": ids, "day": start.earliest, "days": days, "closed": known})
    flow: list[Any] = [(f"{data.name}: complaints", len(frame))]

    def keep(rows: Any, because: str) -> None:
        nonlocal frame
        frame = frame.loc[np.asarray(rows)]
        flow.append((f"{data.name}: {because}", len(frame)))

    keep(exact, "received on a known day")
    first, end = (day_number(day) for day in terms.window)
    youngest = last - within_days - terms.lag_days
    keep(frame["day"].between(first, min(end, youngest)), f"received in the window, {within_days} days before the end")
    if terms.public_only and (origin := _origin(data)) is not None:
        public = data.cases.set_index("case_id")[origin].reindex(frame["case_id"]).astype("str").str.lower()
        keep(public.isin(PUBLIC), "from the public")
    if dated:
        state = pd.Series(closing_state(data).to_numpy(), index=ids).reindex(frame["case_id"]).to_numpy()
        usable = frame["closed"].to_numpy() | (state == "open") | (state == "dated")
        spread = frame["case_id"].isin(ids[(stop.earliest != stop.latest) & (stop.earliest <= last)])
        keep(usable & ~spread.to_numpy() & (frame["days"] >= 0).to_numpy(), "whose end is known to the day")
        within = frame["closed"] & (frame["days"] <= within_days)
        frame = frame.assign(closed=within, days=frame["days"].clip(upper=within_days))
        if terms.closed_only:
            keep(frame["closed"], f"closed within {within_days} days")
    per = data.per("complaint").set_index("case_id")
    whose = [name for name in ("officer_ids", "officer_id") if name in per]
    frame = frame.assign(**{name: per[name].reindex(frame["case_id"]).to_numpy() for name in whose})
    if "finding" in per:
        finding = per["finding"].reindex(frame["case_id"]).to_numpy()
        gone = pd.isna(finding) | (finding == "pending")
        gone |= (finding == "closed_without_finding") & terms.merits_only
        gone |= (~frame["closed"].to_numpy()) & dated
        frame = frame.assign(sustained=np.where(gone, np.nan, finding == "sustained").astype(float))
    if mix is not None:
        held = per if mix in per else data.cases.set_index("case_id")
        if mix not in held:
            raise Refusal(f"{data.name} has no column {mix!r} whose mix could be held alike; alike=None compares as is")
        frame = frame.assign(mix=held[mix].reindex(frame["case_id"]).astype("str").fillna(OTHER).to_numpy())
    return frame, flow
