"""Which sources can be compared: a contract computed from their cards, pair by pair, with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import pandas as pd

from accountability.agencies.source_facts import SourceFacts, facts_of
from accountability.errors import ParameterError
from accountability.records.places import source_names
from accountability.results import Result, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Question = Literal["delay", "sustained"]
QUESTIONS: Final[Mapping[str, str]] = {
    "delay": "how long complaints take from receipt to closing",
    "sustained": "which share of complaints is sustained",
}
VERDICTS: Final = ("comparable", "after restriction", "not comparable")
_SHORT: Final = {"comparable": "yes", "after restriction": "partly", "not comparable": "no"}


@dataclass(frozen=True, slots=True)
class Contract:
    """What two sources, or several, have to be restricted to so that the same is compared.

    Attributes
    ----------
    why_not : tuple of str
        Reasons why nothing makes them comparable; empty where something does.
    window : tuple of date or None
        First and last day of receipt that all cover.
    public_only : bool
        Complaints from the public only, because one of them holds no others.
    closed_only : bool
        Complaints closed within the days asked about only, because one of them holds no open ones.
    merits_only : bool
        Findings on the merits only, because one of them does not print endings without a finding.
    lag_days : int
        Complaints so many days younger than the last day are left out besides, as their closings may not be recorded.
    closings_dated : bool
        Whether all date their closings; where not, findings are read as they stand on the last day.
    narrower : bool
        Whether the window is shorter than what one of them covers.
    cautions : tuple of str
        What cannot be told.
    """

    why_not: tuple[str, ...] = ()
    window: tuple[dt.date, dt.date] | None = None
    public_only: bool = False
    closed_only: bool = False
    merits_only: bool = False
    lag_days: int = 0
    closings_dated: bool = True
    narrower: bool = False
    cautions: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One of :data:`VERDICTS`."""
        if self.why_not:
            return VERDICTS[2]
        return VERDICTS[1] if self.restrictions() else VERDICTS[0]

    def restrictions(self) -> tuple[str, ...]:
        """The restrictions in words."""
        said = []
        if self.window and self.narrower:
            said.append(f"complaints received from {self.window[0]} to {self.window[1]}")
        if self.public_only:
            said.append("complaints from the public")
        if self.closed_only:
            said.append("complaints closed within the days asked about")
        if self.merits_only:
            said.append("findings on the merits")
        if self.lag_days:
            said.append(f"without the last {plural(self.lag_days, 'day')}, whose closings are recorded late")
        return tuple(said)


def contract(sources: Sequence[SourceFacts], question: str) -> Contract:
    """What sources have to be restricted to so that they can be compared, or why nothing makes them comparable."""
    why: list[str] = []
    for one, other in combinations(sources, 2):
        if one.line == other.line:
            why.append(f"{one.name} and {other.name} are releases of one agency; releases.changes compares them")
        if one.generated != other.generated:
            made, real = (one, other) if one.generated else (other, one)
            why.append(f"{made.name} is generated and stands for no agency, {real.name} is not")
    for one in sources:
        why += _alone(one, question)
    origin = {one.internal for one in sources}
    public = origin == {"included", "excluded"}
    if "unknown" in origin:
        names = ", ".join(one.name for one in sources if one.internal == "unknown")
        why.append(f"whether internal complaints are in {names} is not stated")
    elif public and (blind := [one.name for one in sources if one.internal == "included" and not one.has_origin]):
        why.append(f"internal complaints are in {', '.join(blind)} and cannot be told from the public's")
    precise = {one.to_the_day for one in sources}
    if question == "delay" and len(precise) > 1:
        coarse = ", ".join(one.name for one in sources if not one.to_the_day)
        why.append(f"the dates of {coarse} name months, those of the others days")
    spans = [one.period for one in sources if one.period]
    window = (max(s[0] for s in spans), min(s[1] for s in spans)) if spans else None
    if len(spans) == len(sources) and window and window[0] >= window[1]:
        why.append("they share no day of receipt: " + "; ".join(f"{one.name} {_span(one.period)}" for one in sources))
    closed = any(one.rule == "closed_only" for one in sources)
    whole = [one.name for one in sources if one.terms and "closed_without_finding" not in one.terms]
    merits = question == "sustained" and 0 < len(whole) < len(sources)
    unseen = [one.name for one in sources if one.lag_days is None]
    cautions = (
        [f"how late closings are recorded in {', '.join(unseen)} is not known: no second release"] if unseen else []
    )
    dated = all(one.closing_date and one.dates("closed") for one in sources)
    if not dated:
        cautions.append("closings are not dated by all, so that findings are those known on each one's last day")
    return Contract(
        closings_dated=dated,
        why_not=tuple(dict.fromkeys(why)),
        window=window,
        public_only=public,
        closed_only=closed,
        merits_only=merits,
        lag_days=max((one.lag_days or 0 for one in sources), default=0),
        narrower=len(set(spans)) > 1,
        cautions=tuple(cautions),
    )


def _span(period: tuple[dt.date, dt.date] | None) -> str:
    return f"{period[0]} to {period[1]}" if period else "not stated"


def _alone(one: SourceFacts, question: str) -> list[str]:
    """Why a source cannot be compared with any other."""
    if one.rule == "case_files":
        return [f"{one.name} holds single cases chosen because they were reported"]
    if one.rule == "selected_on_outcome":
        return [f"which complaints are in {one.name} depends on how they ended"]
    why = []
    if one.period is None or one.until is None:
        why.append(f"{one.name} does not state which days of receipt it covers")
    if not one.dates("received"):
        why.append(f"{one.name} dates no receipt")
    dated = one.closing_date and one.dates("closed")
    if not dated and (question == "delay" or one.rule == "closed_only"):
        why.append(f"{one.name} dates no closing")
    if one.rule != "closed_only" and one.open_cases not in ("included", "status_only"):
        why.append(f"whether open complaints are in {one.name} is not stated ({one.open_cases})")
    if question == "sustained":
        if "sustained" not in one.terms:
            why.append(f"{one.name} holds no finding")
        why += [f"a word of {one.name} stands for {' or '.join(m)}" for m in one.merged if "sustained" in m]
    return why


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparability(Result):
    """Which sources can be compared.

    Attributes
    ----------
    table : DataFrame
        One row a question and pair: ``question``, ``first``, ``second``, ``verdict`` (comparable, after restriction,
        not comparable), ``because`` (reasons against), ``restriction``, ``not_known``.
    facts : DataFrame
        One row a source with what the contract reads: ``source``, ``agency``, ``which complaints`` (in
        the card's words, which are for a reader), ``sampling rule``, ``internal
        complaints``, ``open cases``, ``stages``, ``precision``, ``received``, ``findings told apart``, ``merged``,
        ``closings recorded after``.
    """

    facts: pd.DataFrame

    def matrix(self, question: Question = "delay") -> pd.DataFrame:
        """Give a square of verdicts, a source a row and a column.

        Parameters
        ----------
        question : {"delay", "sustained"}
        """
        part = self.table[self.table["question"] == _question(question)]
        names = self.facts["source"].tolist()
        square = pd.DataFrame("", index=names, columns=names)
        for row in part.to_dict("records"):
            square.loc[row["first"], row["second"]] = square.loc[row["second"], row["first"]] = row["verdict"]
        return square

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the square of verdicts: on delays below the diagonal, on sustained shares above it."""
        from accountability.figures import draw
        from accountability.figures.house_style import COLOURS

        names = self.facts["source"].tolist()
        axes = draw.new_axes(ax, width=9.0, height=2.2 + 0.34 * len(names))
        colour = dict(zip(VERDICTS, (COLOURS[0], COLOURS[1], "0.92"), strict=True))
        for row in self.table.to_dict("records"):
            low, high = sorted((names.index(row["first"]), names.index(row["second"])))
            at = (low, high) if row["question"] == "delay" else (high, low)
            ink = "0.45" if row["verdict"] == VERDICTS[2] else "white"
            axes.bar(at[0], 0.94, 0.94, bottom=at[1] - 0.47, color=colour[row["verdict"]])
            axes.text(*at, _SHORT[row["verdict"]], ha="center", va="center", fontsize=6.5, color=ink)
        said = [name.replace("_", " ") for name in names]
        axes.set_xticks(range(len(names)), said, rotation=60, ha="right", fontsize=7)
        axes.set_yticks(range(len(names)), said, fontsize=7)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(False)
        axes.set_xlabel("below the diagonal: days to closing; above: share sustained")
        return axes

    def sentence(self) -> str:
        """Say how many pairs can be compared, by question."""
        said = []
        for question, part in self.table.groupby("question", sort=False):
            counts = part["verdict"].value_counts()
            many = [f"{counts.get(verdict, 0):,} {verdict}" for verdict in VERDICTS]
            said.append(f"On {QUESTIONS[str(question)]}: of {plural(len(part), 'pair')}, {', '.join(many)}.")
        return " ".join(said)


def _question(question: str) -> str:
    if question not in get_args(Question):
        raise ParameterError(f"question: expected one of {', '.join(get_args(Question))}; found {question!r}")
    return question


def comparability(sources: Sequence[str | Path] | None = None, question: Question | None = None) -> Comparability:
    """Which sources can be compared, on delays and on sustained shares, computed from their cards.

    Parameters
    ----------
    sources : sequence of str or Path, optional
        Names or folders of two sources or more; by default all that are declared. Nothing is loaded or fetched.
    question : {"delay", "sustained"}, optional
        By default both.

    Returns
    -------
    Comparability

    Raises
    ------
    ParameterError
        Fewer than two sources, one named twice, or an unknown question.
    SourceError
        No such source.

    Notes
    -----
    Read are: stages dated and their precision, sampling rule, internal complaints, open cases and closing dates,
    days of receipt covered, findings that the codebook tells apart, and how late closings are recorded, where two
    releases told. What a card does not state makes a pair not comparable: it is not guessed.

    Examples
    --------
    >>> from accountability import agencies
    >>> agencies.comparability(["new_orleans", "philadelphia"]).table[["question", "verdict"]].values.tolist()
    [['delay', 'not comparable'], ['sustained', 'after restriction']]
    """
    listed = isinstance(sources, list | tuple) and all(isinstance(one, str | Path) for one in sources)
    if sources is not None and not listed:
        raise ParameterError(
            f"agencies.comparability: name two sources or more, as a list of names or folders; found a "
            f"{type(sources).__name__}. Write:\n    agencies.comparability([ONE, ANOTHER])"
        )
    names = source_names() if sources is None else list(sources)
    held = [facts_of(name) for name in names]
    twice = {one.name for one in held if [other.name for other in held].count(one.name) > 1}
    if len(held) < 2 or twice:
        raise ParameterError(f"agencies.comparability: name two sources or more, each once; found {names}")
    asked = list(QUESTIONS) if question is None else [_question(question)]
    lines = []
    for what in asked:
        for pair in combinations(held, 2):
            terms = contract(pair, what)
            lines.append(
                (what, pair[0].name, pair[1].name, terms.verdict, "; ".join(terms.why_not),
                 "" if terms.why_not else "; ".join(terms.restrictions()), "; ".join(terms.cautions))
            )  # fmt: skip
    columns = ["question", "first", "second", "verdict", "because", "restriction", "not_known"]
    return Comparability(
        estimand=f"which of {plural(len(held), 'source')} can be compared",
        assumptions=("the cards are true", "words of one meaning in the vocabulary have it in every agency"),
        method="a contract computed from cards, declarations and codebooks; no records are read",
        table=pd.DataFrame(lines, columns=columns, dtype="str"),
        facts=pd.DataFrame([_said(one) for one in held], dtype="str"),
    )


def _said(one: SourceFacts) -> dict[str, str]:
    return {
        "source": one.name,
        "agency": one.agency,
        "which complaints": one.window,
        "sampling rule": one.rule.replace("_", " "),
        "internal complaints": one.internal,
        "open cases": one.open_cases.replace("_", " "),
        "stages": "known after a load" if one.dated is None else ", ".join(sorted(one.dated)),
        "precision": "day" if one.to_the_day else "month or coarser",
        "received": _span(one.period),
        "findings told apart": ", ".join(sorted(one.terms)) or "none",
        "merged": "; ".join(" = ".join(terms) for terms in one.merged),
        "closings recorded after": "not known" if one.lag_days is None else plural(one.lag_days, "day"),
    }
