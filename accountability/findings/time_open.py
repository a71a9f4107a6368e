"""How long do complaints stay open: the finding of ``how_long_cases_stay_open``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from accountability import labels
from accountability.findings import recorded_late, wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.results import Refused, Result, plural
from accountability.study.grouping import NO_GROUP

if TYPE_CHECKING:
    from accountability.delay import Groups, HowLong
    from accountability.releases import LateRecording
    from accountability.sensitivity import Tipping
    from accountability.study.durations import Durations

_SHARES = (0.25, 0.5, 0.75, 0.9)
#: A median that another last day moves by more than this share moves with the release.
_MOVES = 0.15


def found(
    asked: Asked,
    *,
    delays: Durations,
    answer: HowLong | Refused,
    groups: Groups | Refused,
    by_group: Result | None = None,
    cutoffs: pd.DataFrame | None = None,
    clocks: pd.DataFrame | None = None,
    closed_only: Result | None = None,
    tipping: Tipping | Refused | None = None,
    late: LateRecording | Refused | None = None,
) -> Finding:
    """State the median, the share closed within the days asked for, and the differences between groups."""
    left_out = delays.excluded_counts()
    if isinstance(answer, Refused) or isinstance(groups, Refused):
        refused = answer if isinstance(answer, Refused) else groups
        assert isinstance(refused, Refused)
        return asked.not_answered(refused, "how long complaints stay open", breaks=_closed_only(closed_only))
    whole = groups.table.iloc[0]
    said, ended = _words(asked)
    firm_table = _firm_table(asked, cutoffs, clocks)
    apart = _apart(asked, groups, said)
    main = f"{_half(asked, groups, whole, said)}{_share(asked, groups, whole)}"
    title = _title(asked, whole, said) if not apart else apart[0]
    caveat = recorded_late.caveat(late, groups.within_days) or _caveat(asked, groups, whole, cutoffs, ended)
    return asked.finding(
        " ".join([main, *apart[1:], caveat]),
        lead=asked.lead(
            _drawn(asked, answer, groups, by_group),
            title,
            f"Share of complaints still open by days since {labels.moment(asked.parameters.get('start', 'received'))}"
            if _drawn(asked, answer, groups, by_group) is not groups
            else f"Days until half were {ended}, by {asked.group}",
            f"{plural(int(whole['n']), 'complaint')}, {wording.count(whole['open'])} still open",
            alt=f"{title}. {main}",
        ),
        numbers=_numbers(asked, groups, whole, ended),
        tables=(*_tables(asked, answer, groups, ended), *recorded_late.tables(asked, late)),
        firm=(*recorded_late.firm(late, groups.within_days), *_firm(cutoffs, clocks)),
        firm_table=firm_table,
        breaks=(
            *(asked.tipping(tipping) or _like_closed(whole)),
            *_breaks(left_out, cutoffs, groups),
            *_closed_only(closed_only),
            *recorded_late.breaks(late, groups.within_days),
        ),
        method=(*asked.method(answer, groups), ("Why this estimator", asked.sentence(answer.because))),
    )


def _words(asked: Asked) -> tuple[str, str]:
    """How an ending is said: of complaints, and as a state."""
    stop = asked.parameters.get("stop", "closed")
    start = asked.parameters.get("start", "received")
    since = "" if start == "received" else f" of {labels.moment(start)}"
    if stop == "closed":
        return f"were closed{{}}{since}", "closed"
    return f"had reached {labels.moment(stop)}{{}}{since}", f"past {labels.moment(stop)}"


def _drawn(asked: Asked, answer: Result, groups: Result, by_group: Result | None) -> Result:
    # A curve a group is read up to four; more are ranked by their medians.
    if not asked.group:
        return answer
    few = len(groups.table) <= 5
    return by_group if few and by_group is not None and not isinstance(by_group, Refused) else groups


def _who(whole: pd.Series, groups: Groups) -> str:
    return f"the {plural(int(whole['n']), 'complaint')}{groups.among}"


def _half(asked: Asked, groups: Groups, whole: pd.Series, said: str) -> str:
    who = _who(whole, groups)
    if wording.known(whole["median"]):
        day = wording.days(whole["median"])
        ends = wording.interval(whole["median_lower"], whole["median_upper"])
        if _coarse(groups):
            return f"Half of {who} {said.format(f' within {day}')}"
        return f"Half of {who} {said.format(f' within {day}')} ({asked.confidence} interval {ends})"
    if wording.known(whole["median_lower"]) and wording.known(whole["median_upper"]):
        ends = wording.interval(whole["median_lower"], whole["median_upper"])
        return f"Half of {who} {said.format(f' within {ends} days')}, as far as the dates tell"
    return f"Half of {who} had not ended in the time watched"


def _coarse(groups: Groups) -> bool:
    return "interval" not in groups.limits and "limits" not in groups.limits


def _share(asked: Asked, groups: Groups, whole: pd.Series) -> str:
    within = wording.days(groups.within_days)
    value, lower, upper = (whole[f"closed_within{end}"] for end in ("", "_lower", "_upper"))
    if not wording.known(upper):
        return f"; the share within {within} was not observed."
    if not wording.known(value) or _coarse(groups):
        if wording.known(lower) and lower < upper:
            return f", and {wording.share_ends(lower, upper)} within {within}."
        return f", and {wording.share(upper)} within {within}."
    return f", and {wording.share(value, lower, upper)} within {within} ({wording.share_ends(lower, upper)})."


def _title(asked: Asked, whole: pd.Series, said: str) -> str:
    if wording.known(whole["median"]):
        return "Half of the complaints " + said.format(f" within {wording.days(whole['median'])}")
    if wording.known(whole["median_lower"]) and wording.known(whole["median_upper"]):
        ends = wording.interval(whole["median_lower"], whole["median_upper"])
        return "Half of the complaints " + said.format(f" within {ends} days")
    return "Fewer than half of the complaints had ended in the time watched"


def _apart(asked: Asked, groups: Groups, said: str) -> list[str]:
    """Title and sentence that name the fastest and the slowest group; empty without groups to compare."""
    if not asked.group:
        return []
    table = groups.table.iloc[1:]
    # What is put together, or not stated, names nobody.
    table = table[~table["group"].isin(NO_GROUP)]
    place = table["median"].fillna(table["median_lower"].where(table["median_upper"].notna()))
    ranked = table.assign(place=place).dropna(subset="place").sort_values("place", kind="stable")
    if len(ranked) < 2:
        return [f"By {asked.group}, too few groups reached half to compare"] * 2
    first, last = ranked.iloc[0], ranked.iloc[-1]
    names = [asked.label(str(row["group"])) for row in (first, last)]
    middles = [_middle(row) for row in (first, last)]
    title = f"{names[0]}: half within {middles[0].removeprefix('at most ')}; {names[1]}: {middles[1]}"
    chance = ""
    if groups.test is not None:
        p = float(groups.test.p_value)
        verdict = "more than chance explains" if p < 0.05 else "no more than chance may explain"
        chance = f", {verdict} ({wording.p_value(p)})"
        title += ", within what chance may do" if p >= 0.05 else ""
    through = "to" if wording.known(first["median"]) and wording.known(last["median"]) else "and"
    sentence = f"By {asked.group}, half took {middles[0]} ({names[0]}) {through} {middles[1]} ({names[1]}){chance}."
    return [title, sentence]


def _middle(row: pd.Series) -> str:
    """The days until half had ended, or the days between which that lies."""
    if wording.known(row["median"]):
        return wording.days(row["median"])
    if row["median_lower"]:
        return f"{wording.interval(row['median_lower'], row['median_upper'])} days"
    return f"at most {wording.days(row['median_upper'])}"


def _caveat(asked: Asked, groups: Groups, whole: pd.Series, cutoffs: pd.DataFrame | None, ended: str) -> str:
    """The one caveat that could turn the answer round in these data."""
    if groups.among:
        return "Complaints that never closed are not in this release, so this is not how long complaints take."
    low, high = _medians(cutoffs)
    if low is not None and high is not None and high - low > _MOVES * high:
        return f"The middle moves with the last day looked at: from {low:,} to {high:,} days as known in other years."
    if wording.known(whole["open"]) and int(whole["open"]):
        share = wording.share(whole["open"] / whole["n"])
        return (
            f"{plural(int(whole['open']), 'complaint')} ({share}) had not yet "
            f"{'closed' if ended == 'closed' else 'got there'}{asked.until}: if these "
            "are the hard ones, the slow end is longer than shown."
        )
    return "All of them had ended, so nothing rests on complaints still open."


def _medians(frame: pd.DataFrame | None) -> tuple[int | None, int | None]:
    if frame is None or frame["median"].notna().sum() < 2:
        return None, None
    return int(frame["median"].min()), int(frame["median"].max())


def _numbers(asked: Asked, groups: Groups, whole: pd.Series, ended: str) -> tuple[KeyNumber, ...]:
    within = wording.days(groups.within_days)
    value, lower, upper = (whole[f"closed_within{end}"] for end in ("", "_lower", "_upper"))
    half_known = wording.known(whole["median"])
    ends = wording.interval(whole["median_lower"], whole["median_upper"])
    made = [
        KeyNumber(
            value=wording.days(whole["median"]) if half_known else (f"{ends} days"),
            label=f"until half were {ended}",
            note=f"{asked.confidence} interval {ends}"
            if half_known and not _coarse(groups)
            else "as far as the dates tell",
            **_raw(whole["median"], whole["median_lower"], whole["median_upper"]),
        ),
        KeyNumber(
            value=wording.share(value, lower, upper)
            if wording.known(value)
            else wording.share_ends(lower, upper)
            if wording.known(upper)
            else "not observed",
            label=f"{ended} within {within}",
            note=""
            if not wording.known(upper)
            else wording.share_ends(lower, upper)
            if lower < upper
            else "as far as the dates tell",
            **_raw(value, lower, upper),
        ),
        KeyNumber(value=wording.count(whole["open"]), label="still open", note=f"of {int(whole['n']):,} complaints"),
    ]
    return tuple(made)


def _raw(value: Any, lower: Any, upper: Any) -> dict[str, float | None]:
    names = ("estimate", "lower", "upper")
    return {
        name: float(one) if wording.known(one) else None for name, one in zip(names, (value, lower, upper), strict=True)
    }


def _tables(asked: Asked, answer: HowLong, groups: Groups, ended: str) -> list[ReadingTable]:
    quantiles = answer.quantiles(list(_SHARES))
    names = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters", 0.9: "nine in ten"}
    ends = "interval" if not _coarse(groups) else "as far as the dates tell"
    made = [
        ReadingTable(
            title=f"Days until a share of the complaints was {ended}",
            head=(f"share {ended}", f"days ({ends})"),
            rows=tuple((names[row["share"]], str(row["reads"])) for row in quantiles.to_dict("records")),
        )
    ]
    if asked.group:
        hidden = bool(groups.table["hidden"].any())
        made.append(
            ReadingTable(
                title=f"By {asked.group}",
                head=(
                    asked.group,
                    "complaints",
                    "still open",
                    "median days (interval)",
                    f"share {ended} within {groups.within_days:,} days (interval)",
                ),
                rows=tuple(
                    (
                        asked.label(str(row["group"])),
                        wording.count(row["n"]),
                        wording.count(row["open"]),
                        str(row["reads"]) if wording.known(row["reads"]) else wording.HIDDEN,
                        wording.share_interval(
                            row["closed_within"], row["closed_within_lower"], row["closed_within_upper"]
                        )
                        if wording.known(row["closed_within"])
                        else (
                            wording.share_ends(row["closed_within_lower"], row["closed_within_upper"])
                            if wording.known(row["closed_within_upper"])
                            else wording.HIDDEN
                            if row["hidden"]
                            else "not observed"
                        ),
                    )
                    for row in groups.table.to_dict("records")
                ),
                notes=(wording.HIDDEN_NOTE.capitalize(),) if hidden else (),
            )
        )
    return made


def _firm_table(asked: Asked, cutoffs: pd.DataFrame | None, clocks: pd.DataFrame | None) -> ReadingTable | None:
    rows = []
    for frame, column in ((cutoffs, "last_day"), (clocks, "clock")):
        for row in [] if frame is None else frame.dropna(subset="n").to_dict("records"):
            what = f"as known on {wording.date(row[column])}" if column == "last_day" else _clock(str(row[column]))
            half = (
                f"{int(row['median']):,} ({wording.interval(row['median_lower'], row['median_upper'])})"
                if wording.known(row["median"])
                else asked.plain(str(row["note"])) or f"{wording.interval(row['median_lower'], row['median_upper'])}"
            )
            rows.append((what, wording.count(row["n"]) if wording.known(row["n"]) else wording.MISSING, half))
    if not rows:
        return None
    return ReadingTable(
        title="The median, asked otherwise", head=("asked", "complaints", "median days (interval)"), rows=tuple(rows)
    )


def _clock(text: str) -> str:
    start, _, stop = text.partition(" to ")
    return f"from {labels.moment(start)} to {labels.moment(stop)}"


def _firm(cutoffs: pd.DataFrame | None, clocks: pd.DataFrame | None) -> list[str]:
    said = []
    told = None if cutoffs is None else cutoffs.dropna(subset="median")
    if cutoffs is not None and cutoffs["n"].notna().sum() < 2 <= len(cutoffs):
        said.append("What was known on earlier days cannot be asked of this release.")
    low, high = _medians(cutoffs)
    if low is not None and high is not None and told is not None:
        years = f"{str(told['last_day'].min())[:4]} and {str(told['last_day'].max())[:4]}"
        verb = "stays at" if low == high else "lies between"
        middle = f"{low:,} days" if low == high else f"{low:,} and {high:,} days"
        said.append(f"Asked with what was known between {years}, the median {verb} {middle}.")
    low, high = _medians(clocks)
    if low is not None and high is not None and low != high:
        said.append(f"With other starting points of the clock it lies between {low:,} and {high:,} days.")
    return said


def _like_closed(whole: pd.Series) -> list[str]:
    if not wording.known(whole["open"]) or not int(whole["open"]):
        return []
    return [
        f"The {plural(int(whole['open']), 'open complaint')} would have to be like closed ones of the same age. "
        "Hard cases held back at the end of the release would lengthen the slow end."
    ]


def _breaks(left_out: pd.DataFrame, cutoffs: pd.DataFrame | None, groups: Groups) -> list[str]:
    said = []
    if len(left_out):
        total = int(left_out["cases"].sum())
        said.append(
            f"{plural(total, 'complaint')} without usable dates {'is' if total == 1 else 'are'} left out. Were they "
            "slower than the rest, the answer would be too short."
        )
    low, high = _medians(cutoffs)
    if low is not None and high is not None and high - low > _MOVES * high:
        said.append("The pace changed over the years, so the median describes no single year.")
    if _coarse(groups):
        said.append("The dates are coarser than a day: the limits are bounds from the dates, without sampling error.")
    if len(groups.table) > 1:
        said.append("Groups differ in more than what names them; a difference between their medians is a description.")
    return said


def _closed_only(result: Result | None) -> list[str]:
    if result is None or isinstance(result, Refused):
        return []
    row = result.table.iloc[0]
    mean = row.get("mean_days")
    if not wording.known(mean) or not wording.known(row["open"]) or not int(row["open"]):
        return []
    return [
        f"The mean of closed complaints alone, {float(mean or 0):,.0f} days, is not how long complaints take: "
        f"it leaves out "
        f"the {plural(int(row['open']), 'complaint')} still open."
    ]
