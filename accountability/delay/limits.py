"""Time limits on police discipline in published law and policy, with citations; not legal advice.

They were read in secondary copies; ``seen_in`` and ``confidence`` say how certain each is. A limit without a number
records that none was found. Laws are in ``law_limits.yaml``, clauses of union contracts that name a time in
``contract_clauses.yaml``.
"""

from __future__ import annotations

import datetime as dt
import html
import pkgutil
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

import yaml

from accountability.errors import ParameterError, Refusal

if TYPE_CHECKING:
    import pandas as pd

    from accountability.records.contract import Card
    from accountability.records.dataset import Dataset

__all__ = ["LIMITS", "VERSION", "Limit", "clauses", "limit", "numbered", "of_source", "table", "why_none"]


@dataclass(frozen=True, slots=True, repr=False)
class Limit:
    """One rule that something must happen within some time.

    Attributes
    ----------
    name : str
        Short name.
    jurisdiction : str
        Where it holds.
    value : int or None
        The number of units; None when no limit was found.
    unit : str
        ``calendar days``, ``business days``, ``months`` or ``years``.
    limits : str
        What must be done in time.
    starts : str
        What starts the clock.
    pauses : str
        What stops or extends it; empty when nothing is known to.
    consequence : str
        What follows when the limit has passed.
    effective_from, effective_to : str
        First and last day in force, as far as known.
    citation : str
        The rule's own reference.
    seen_in : str
        Where it was read.
    confidence : str
        How certain it is.
    note : str
        What else a reader must know: where two sources speak of different limits, say.
    kind : str
        ``law``; of a contract's clause ``bar`` (to be done in time), ``wait`` (time that passes before a step) or
        ``notice`` (the officer is told in time).
    agency : str
        The agency that a clause binds; empty for a law.
    source : str
        The source that declares it is under this limit; empty for a yardstick.
    first_day, last_day : datetime.date or None
        First and last day of receipt it covers in that source, as declared.
    """

    name: str
    jurisdiction: str
    value: int | None
    unit: str
    limits: str
    starts: str = ""
    pauses: str = ""
    consequence: str = ""
    effective_from: str = ""
    effective_to: str = ""
    citation: str = ""
    seen_in: str = ""
    confidence: str = ""
    note: str = ""
    kind: str = "law"
    agency: str = ""
    source: str = ""
    first_day: dt.date | None = None
    last_day: dt.date | None = None

    @property
    def covers(self) -> str:
        """Days of receipt that the limit covers, in words; empty when the source declares none."""
        said = [f"from {self.first_day}"] if self.first_day else []
        return " ".join([*said, f"to {self.last_day}"] if self.last_day else said)

    @property
    def length(self) -> str:
        """The limit in words: ``60 calendar days``, ``1 year``."""
        if self.value is None:
            return "no number was found"
        return f"{self.value} {self.unit.removesuffix('s') if self.value == 1 else self.unit}"

    def facts(self) -> dict[str, str]:
        """Return the facts about the limit for a reader."""
        return {
            "limit": f"{self.length} ({self.name})",
            "jurisdiction": self.jurisdiction,
            "what must be done in time": self.limits or "not stated",
            "the clock starts": self.starts or "not stated",
            "what stops or extends it": self.pauses or "nothing known",
            "what follows when it has passed": self.consequence or "not stated",
            "in force": f"from {self.effective_from or 'not stated'} to {self.effective_to or 'not stated'}",
            "citation": self.citation or "none",
            "read in": self.seen_in or "not stated",
            "confidence": self.confidence or "not stated",
            **({"agency": self.agency} if self.agency else {}),
            **({"note": self.note} if self.note else {}),
            "applies here": f"declared by {self.source} {self.covers}".rstrip()
            if self.source
            else "a yardstick: the source does not declare it in force",
        }

    def __repr__(self) -> str:
        facts = self.facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self.facts().items()
        )
        return f"<table><tbody>{rows}</tbody></table>"


_LISTED: Final = yaml.safe_load(pkgutil.get_data(__package__, "law_limits.yaml") or b"")

VERSION: Final[str] = _LISTED["version"]
"""Version of the list; a result that uses a limit names it."""

LIMITS: Final = tuple(Limit(**entry) for entry in _LISTED["limits"])


@cache
def clauses(agency: str | None = None) -> tuple[Limit, ...]:
    """Return the clauses of union contracts that name a time, of all agencies or of one.

    Parameters
    ----------
    agency : str, optional
        A part of the agency's or the jurisdiction's name, whatever its case.

    Returns
    -------
    tuple of Limit
        With the day the contract expired as ``effective_to``; what came after is not known.

    Raises
    ------
    ParameterError
        No clause of that agency; the message lists the jurisdictions.

    Examples
    --------
    >>> from accountability.delay import limits
    >>> [(one.name, one.value, one.unit, one.effective_to) for one in limits.clauses("Buffalo")]
    [('buffalo_contract', 1, 'years', '2017-06-30')]
    """
    listed = yaml.safe_load(pkgutil.get_data(__package__, "contract_clauses.yaml") or b"")
    every = tuple(Limit(**entry) for entry in listed)
    if agency is None:
        return every
    found = tuple(one for one in every if agency.casefold() in f"{one.agency} {one.jurisdiction}".casefold())
    if not found:
        where = sorted({one.jurisdiction for one in every})
        raise ParameterError(f"no clause of {agency!r}; there are clauses of {'; '.join(where)}")
    return found


def limit(name: str) -> Limit:
    """Return a limit by its name, of a law or of a contract's clause.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    found = next((one for one in LIMITS if one.name == name), None)
    if found is None:
        found = next((one for one in clauses() if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in LIMITS)
        raise ParameterError(
            f"no limit {name!r}; there are {known}, and {len(clauses())} of contracts (limits.clauses())"
        )
    if found.kind in ("wait", "notice"):
        raise ParameterError(
            f"{name!r} is no limit on deciding a case: {found.limits}: {found.length} ({found.citation}). "
            "Take a bar: [one.name for one in limits.clauses() if one.kind == 'bar']"
        )
    return found


def of_source(data: Dataset, rule: Limit | str | int | None = None) -> Limit:
    """Return the limit a source is under, or a yardstick asked for by name.

    Parameters
    ----------
    data : Dataset
        What was loaded; its ``source.yaml`` names the limits under ``limits:`` of the card.
    rule : Limit, str or int, optional
        A limit, the name of one, or a number of calendar days. When left out, the first declared one that was in
        force in the period covered.

    Returns
    -------
    Limit
        With ``source`` and the days it covers where the source declares it.

    Raises
    ------
    Refusal
        If no limit is asked for and none is declared, or none was in force; the message has the lines to write.

    Examples
    --------
    >>> import accountability
    >>> from accountability.delay import limits
    >>> limits.of_source(accountability.load("synthetic")).name
    'florida'
    """
    if isinstance(rule, Limit):
        return rule
    if rule is not None and not isinstance(rule, str):
        return Limit(name=f"{rule}_days", jurisdiction="any", value=int(rule), unit="calendar days", limits="")
    if rule is None:
        reason = why_none(data.card)
        if reason:
            raise Refusal(f"{data.name}: {reason}")
    for one in data.card.limits:
        if rule in (None, one.rule) and one.overlaps(data.card.period):
            return replace(limit(one.rule), source=data.name, first_day=one.start, last_day=one.end)
    return limit(str(rule))


def why_none(card: Card) -> str | None:
    """Say why a source declares no limit, with the line to write; None where it declares one."""
    if any(one.overlaps(card.period) for one in card.limits):
        return None
    names = ", ".join(one.name for one in numbered())
    yardstick = f"name one as a yardstick with rule= ({names})"
    if not card.limits:
        return (
            "it declares no limit of law or policy. Write under card: limits: "
            f"[{{rule: NAME, from: YYYY-MM-DD, because: why it applies}}], or {yardstick}"
        )
    held = "; ".join(
        f"{one.rule} is in force" + (f" from {one.start}" if one.start else "") + (f" to {one.end}" if one.end else "")
        for one in card.limits
    )
    period = f" ({card.period.start} to {card.period.end})" if card.period else ""
    return f"no limit it declares was in force in the period covered{period}: {held}; {yardstick}"


def numbered() -> tuple[Limit, ...]:
    """Return all limits of law that have a number of days, months or years."""
    return tuple(one for one in LIMITS if one.value is not None)


def table() -> pd.DataFrame:
    """Return all limits of law and all clauses of contracts, one row each; ``kind`` tells them apart."""
    import pandas as pd

    fields = [name for name in Limit.__slots__ if name not in ("source", "first_day", "last_day")]
    return pd.DataFrame([{field: getattr(one, field) for field in fields} for one in (*LIMITS, *clauses())])
