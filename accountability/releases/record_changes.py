"""Changes from one release to the next: complaints added and removed, and changed fields of those in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from accountability import labels
from accountability.figures import draw
from accountability.figures.house_style import labelled
from accountability.privacy import disclose
from accountability.records import pseudonyms
from accountability.records.dataset import Dataset
from accountability.releases.release_line import apart, key_places, recorded_days, require_pair, within_window
from accountability.remembered import remembering
from accountability.results import Result, percent, plural
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns that say where a row stood, or that are hidden under a key of their own in every source.
_NOT_COMPARED: Final = frozenset(
    ("case_id", "jurisdiction", "source_row", "source_file", "repeats_a_row", "officer_id", "allegation_id")
)
_Days = tuple[np.ndarray, ...]
KINDS: Final = ("filled", "emptied", "changed", "renamed", "restated")
#: Kinds of change by which no fact changed.
_AS_BEFORE: Final = ("renamed", "restated")
#: A word that says a thing is not settled yet counts as none.
_UNSETTLED: Final = "pending"
#: From this share of complaints with another day of receipt, some numbers may have been given out anew.
_SOME_ANEW: Final = 0.05
#: A rule of recording: so many dates of a stage changed within a year of receipt, nearly all in one direction.
_RULE: Final = {"least": 30, "share": 0.1, "one_way": 0.9}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Changes(Result):
    """Changes between two releases.

    ``table``: one row per field and kind of change: ``field``; ``change`` (``filled``, ``emptied``, ``changed``,
    ``renamed``: one word replaced another in every complaint, so no fact changed; ``restated``: a date became more or
    less exact, and may be the same day); ``n`` complaints; for changed dates, ``earlier``, ``later`` and
    ``median_days`` (days from the old date to the new).

    Attributes
    ----------
    keys : DataFrame
        ``in_release`` (``in both``, ``new``, ``gone``, ``outside the window``) and ``n`` complaints.
    rows : DataFrame
        One row per change: ``complaint`` (a pseudonym), ``year`` of receipt, ``field``, ``change``, ``before``,
        ``after``,
        ``days``.
    by_year : DataFrame
        ``year`` of receipt, ``field``, ``change``, ``n``.
    rules : DataFrame
        Dates whose meaning probably changed: ``stage``, ``first_year``, ``last_year`` of receipt, ``n`` complaints,
        ``share`` of those with the date, ``median_days``.
    """

    keys: pd.DataFrame
    rows: pd.DataFrame
    by_year: pd.DataFrame
    rules: pd.DataFrame

    @property
    def changed(self) -> int:
        """Number of complaints in both releases with a changed fact; a new word or a more exact date is none."""
        return int(self.rows.loc[~self.rows["change"].isin(_AS_BEFORE), "complaint"].nunique())

    def words(self, field: str | None = None) -> pd.DataFrame:
        """Return the words of one field (default: most changed) before and after, and the number of complaints."""
        texts = self.rows[self.rows["days"].isna() & ~self.rows["change"].isin(_AS_BEFORE)]
        texts = texts[~texts["field"].isin(set(self.rows.loc[self.rows["days"].notna(), "field"]))]
        top = texts["field"].mode()
        field = field or (str(top.iloc[0]) if len(top) else "")
        rows = self.rows[self.rows["field"] == field]
        made = rows.groupby(["field", "before", "after", "change"], dropna=False).size().rename("n").reset_index()
        made = made.sort_values("n", ascending=False, kind="stable").head(50).reset_index(drop=True)
        return disclose(made, counts=("n",), keep=("field", "before", "after", "change")) if len(made) else made

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the number of complaints with a change in the ten most changed fields, by kind of change."""
        axes = draw.new_axes(ax)
        wide = self.table.pivot_table(index="field", columns="change", values="n", aggfunc="sum", fill_value=0)
        wide = wide.loc[wide.sum(axis=1).sort_values(kind="stable").index[-10:]]
        left = np.zeros(len(wide))
        kinds = [kind for kind in KINDS if kind in wide]
        for number, kind in enumerate(kinds):
            axes.barh(wide.index.map(labels.label), wide[kind], left=left, color=draw.COLOURS[number], label=kind)
            left += wide[kind].to_numpy()
        draw.key_above(axes)
        return labelled(axes, "complaints", "")

    def sentence(self) -> str:
        """State how many complaints were added and removed, what changed most, and which dates changed meaning."""
        n = dict(zip(self.keys["in_release"], self.keys["n"], strict=True))
        said = f"{plural(n['in both'], 'complaint')} in both releases, {n['new']:,} new, {n['gone']:,} gone"
        said += f", {n['outside the window']:,} outside the later one's window" if n["outside the window"] else ""
        top = self.table.sort_values("n", ascending=False, kind="stable").head(3)
        parts = [f"{row['field']} {row['change']} in {row['n']:,}" for row in top.to_dict("records")]
        said += f"; {', '.join(parts)}." if parts else "; nothing changed."
        return " ".join([said, *(text for _, text in self.traps())])

    def traps(self) -> list[tuple[str, str]]:
        """Return each date whose meaning changed: its stage, and the warning for a source card."""
        return [(str(row["stage"]), trap(row)) for row in self.rules.to_dict("records")]


def trap(rule: Mapping[Any, Any]) -> str:
    """Return the warning on a card about a changed meaning of a date."""
    days = int(rule["median_days"])
    years = f"{rule['first_year']}" + ("" if rule["first_year"] == rule["last_year"] else f" to {rule['last_year']}")
    way = "earlier" if days < 0 else "later"
    return (
        f"The dates of '{rule['stage']}' moved {way} in {rule['n']:,} complaints received {years}, "
        f"half of them by {abs(days):,} days or more: the rule of recording changed, so every clock that "
        f"starts or stops there counts something else than before."
    )


@takes("dataset")
@remembering()
def changes(older: Dataset, newer: Dataset) -> Changes:
    """Compare two releases of one agency by complaint and field.

    Dates are compared as recorded, whether usable or set aside. A column of the allegations is compared as the set of
    its values in a complaint. Officers are not compared: each release has its own pseudonyms.

    Parameters
    ----------
    older, newer : Dataset
        The earlier and the later release.

    Returns
    -------
    Changes

    Raises
    ------
    Refusal
        If the older release is declared newer, no key is shared, the keys were reassigned, or rows have different
        units.

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> data = accountability.load("synthetic")
    >>> from accountability.results import or_refusal
    >>> or_refusal(lambda: releases.changes(data, data)).sentence()[:60]
    'Not estimated: synthetic covers up to 2020-06-30, synthetic '
    """
    shared = require_pair(older, newer, "changes")
    old, new = pd.Index(older.cases["case_id"]), pd.Index(newer.cases["case_id"])
    absent = old[key_places(older, older.cases, shared) < 0]
    gone = int(within_window(older, absent, newer).sum())
    fresh = new[key_places(newer, newer.cases, shared) < 0]
    early = _before_window(newer, fresh, older)  # received before the older one's window, so not new
    states = {"in both": len(shared), "new": len(fresh) - early, "gone": gone}
    keys = pd.DataFrame(
        {"in_release": [*states, "outside the window"], "n": [*states.values(), len(absent) - gone + early]}
    )
    days = {
        stage: tuple(recorded_days(one, shared, stage, end) for end in ("earliest", "latest") for one in (older, newer))
        for stage in _stages(older, newer)
    }
    first = days.get("received", (np.full(len(shared), -1),) * 4)
    known = (first[0] >= 0) & (first[1] >= 0)
    other = int((known & apart(*first)).sum())
    parts = [part for stage, both in days.items() if len(part := _dates(both, stage))]
    parts += [part for table in ("cases", "allegations") for part in _columns(older, newer, shared, table)]
    empty: dict[str, list[object]] = {"place": [], "field": [], "change": [], "before": [], "after": [], "days": []}
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(empty)
    received = np.where(first[1] < 0, first[0], first[1])
    years = pd.array(received.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970, dtype="Int64")
    years[received < 0] = pd.NA
    place = rows["place"].to_numpy(np.int64)
    ids = pd.Series(shared[place].astype(str), dtype="str")
    if not newer.generated:  # a generated number stands for nobody, and is the same on every machine
        ids = pseudonyms.Pseudonyms("releases", pseudonyms.key())(ids)
    rows.insert(0, "complaint", ids.to_numpy())
    rows.insert(1, "year", pd.Series(years[place]))
    grouped = rows.groupby(["field", "change"], sort=False)
    table = grouped.size().rename("n").reset_index()
    moved = rows.dropna(subset="days").assign(earlier=lambda f: f["days"] < 0, later=lambda f: f["days"] > 0)
    sums = moved.groupby(["field", "change"]).agg(
        earlier=("earlier", "sum"), later=("later", "sum"), median_days=("days", "median")
    )
    table = table.merge(sums.reset_index(), how="left", on=["field", "change"])
    by_year = rows.groupby(["year", "field", "change"], dropna=False).size().rename("n").reset_index()
    return Changes(
        estimand=f"what changed in the complaints of {older.name} by the release {newer.name}",
        assumptions=("a complaint keeps its number from release to release",),
        method="records compared by the complaint's number; a count, no estimate",
        table=table,
        keys=keys,
        rows=rows.drop(columns="place"),
        by_year=by_year,
        cautions=tuple(_cautions(other, len(shared), bool(known.any()))),
        rules=_rules(days, rows, np.asarray(years.to_numpy(np.float64, na_value=np.nan))),
    )


def _cautions(other: int, shared: int, known: bool) -> Iterator[str]:
    if other > _SOME_ANEW * shared:
        yield (
            f"{other:,} complaint numbers ({percent(other / shared)}) were received on another day in the other "
            "release, so some may have been given to another complaint"
        )
    if not known:
        yield "no complaint has a day of receipt in both, so numbers given out anew would not be seen"


def _before_window(data: Dataset, keys: pd.Index, older: Dataset) -> int:
    if older.card.period is None:
        return 0
    day = recorded_days(data, keys, "received")
    return int(((day >= 0) & (day < np.datetime64(older.card.period.start, "D").astype(np.int64))).sum())


def _stages(older: Dataset, newer: Dataset) -> list[str]:
    held = [set(one.events["stage"].unique().astype(str)) for one in (older, newer)]
    return sorted(held[0] & held[1])


def _dates(days: _Days, stage: str) -> pd.DataFrame:
    place = np.flatnonzero((days[0] != days[1]) | (days[2] != days[3]))
    old, new, old_end, new_end = (one[place] for one in days)
    kind = np.where(apart(old, new, old_end, new_end), "changed", "restated")
    kind = np.where(old < 0, "filled", np.where(new < 0, "emptied", kind))
    moved = np.where(kind == "changed", new - old, np.nan)
    said = {"before": _span(old, old_end), "after": _span(new, new_end)}
    return pd.DataFrame({"place": place, "field": stage, "change": kind, **said, "days": moved})


def _span(first: np.ndarray, last: np.ndarray) -> pd.Series:
    """Days as text, a coarse date by both its ends; missing where there is none."""
    text = pd.Series(np.datetime_as_string(first.astype("datetime64[D]")), dtype="str")
    coarse = first != last
    if coarse.any():
        ends = pd.Series(np.datetime_as_string(last.astype("datetime64[D]")), dtype="str")
        text = text.where(~coarse, text + "/" + ends)
    return text.mask(first < 0)


def _columns(older: Dataset, newer: Dataset, keys: pd.Index, table: str) -> list[pd.DataFrame]:
    frames = [getattr(one, table) for one in (older, newer)]
    held = [name for name in frames[0].columns if name in frames[1].columns and name not in _NOT_COMPARED]
    held = [name for name in held if not name.startswith("raw_") or not any(o.startswith(name[4:]) for o in held)]
    found = []
    known = [key_places(one, frame, keys) for one, frame in zip((older, newer), frames, strict=True)]
    for name in held:
        both = pd.concat([frame[name].astype("str") for frame in frames], ignore_index=True)
        codes, words = pd.factorize(both.where(both != _UNSETTLED), sort=True)
        split = len(frames[0])
        sides = [
            _sets(part, place, len(keys), table == "cases")
            for part, place in zip((codes[:split], codes[split:]), known, strict=True)
        ]
        place = np.flatnonzero(sides[0].total != sides[1].total)
        if not len(place):
            continue
        before, after = (side.words(place, np.asarray(words, dtype=object)) for side in sides)
        kind = np.where(before == "", "filled", np.where(after == "", "emptied", "changed")).astype(object)
        single = (kind == "changed") & (sides[0].count[place] == 1) & (sides[1].count[place] == 1)
        for word in _renamed(before[single], after[single], sides, np.asarray(words, dtype=object)):
            kind[single & (before == word)] = "renamed"
        made = {"place": place, "field": name, "change": kind, "before": before, "after": after, "days": np.nan}
        found.append(pd.DataFrame(made))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Sets:
    """The distinct values of each case: how many, a hash over them, and the pairs of case and value."""

    count: np.ndarray
    total: np.ndarray
    case: np.ndarray
    code: np.ndarray

    def words(self, place: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Return the values of some cases as text, in their order."""
        found = np.full(len(self.count), "", dtype=object)
        one = self.count[self.case] == 1
        found[self.case[one]] = words[self.code[one]]
        many = np.zeros(len(self.count), bool)
        many[place] = self.count[place] > 1
        rest = many[self.case]
        frame = pd.DataFrame({"case": self.case[rest], "word": words[self.code[rest]]}, dtype=object)
        for case, joined in frame.groupby("case")["word"]:
            found[int(cast("Any", case))] = "; ".join(joined)
        return found[place]


def _sets(codes: np.ndarray, place: np.ndarray, size: int, single: bool) -> _Sets:
    kept = (codes >= 0) & (place >= 0)
    many = int(codes.max(initial=0)) + 1
    pairs = place[kept] * many + codes[kept]
    if not single:
        pairs = np.sort(pairs)
        pairs = pairs[np.r_[True, pairs[1:] != pairs[:-1]]] if len(pairs) else pairs
    case, code = pairs // many, pairs % many
    hashes = pd.util.hash_array(code.astype(np.uint64) + 1)  # the hash of 0 is 0, as if there were no word
    total = np.zeros(size, np.uint64)
    np.add.at(total, case, hashes)
    return _Sets(np.bincount(case, minlength=size), total, case, code)


def _renamed(before: np.ndarray, after: np.ndarray, sides: list[_Sets], words: np.ndarray) -> list[object]:
    """Words of the older release that one new word took the place of wherever they stood."""
    old, new = (set(words[np.unique(side.code)]) for side in sides)
    pairs = pd.DataFrame({"before": before, "after": after}).drop_duplicates()
    one = pairs[~pairs["before"].duplicated(keep=False)]
    return [b for b, a in one.itertuples(index=False) if b not in new and a not in old]


def _rules(days: Mapping[str, _Days], rows: pd.DataFrame, year: np.ndarray) -> pd.DataFrame:
    """Dates that moved one way in a good part of the complaints of some years."""
    found = []
    moved = rows[(rows["change"] == "changed") & rows["days"].notna()]
    for stage, part in ((str(name), part) for name, part in moved.groupby("field")):
        held = (days[stage][0] >= 0) & (days[stage][1] >= 0)
        total = pd.Series(year[held]).value_counts()
        for sign in (-1, 1):
            way = part[np.sign(part["days"]) == sign]
            n, every = way.groupby("year").size(), part.groupby("year").size()
            share = n / total.reindex(n.index.astype(float)).to_numpy()
            ruled = n.index[
                (n >= _RULE["least"]) & (share >= _RULE["share"]) & (n >= _RULE["one_way"] * every.reindex(n.index))
            ]
            years = np.sort(ruled.to_numpy(np.int64))
            for run in np.split(years, np.flatnonzero(np.diff(years) > 1) + 1) if len(years) else ():
                inside = way[way["year"].isin(run)]
                seen = total.reindex(run.astype(float)).sum()
                found.append((stage, run[0], run[-1], len(inside), len(inside) / seen, inside["days"].median()))
    return pd.DataFrame(found, columns=["stage", "first_year", "last_year", "n", "share", "median_days"])
