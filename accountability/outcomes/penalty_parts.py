"""The components of a penalty, and the notation of a compound penalty.

A compound keeps all its parts. Codebooks hold them as text, heaviest first or as published, joined by ``+``:
``suspension:10d+dismissal_probation:365d``. A part may carry a condition in brackets:
``loss_of_leave:4d[administratively closed]``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pandas as pd

from accountability.errors import CodebookError, ParameterError
from accountability.outcomes.ladder import Ladder
from accountability.study.inputs import takes_only
from accountability.vocabulary import PENALTIES

# Kind of part -> the term it amounts to; None for what only rides along with a penalty.
KINDS: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **{term: term for term in PENALTIES},
        "violation_noted": "counselling_or_training",
        "instructions": "counselling_or_training",
        "training": "counselling_or_training",
        "counselling": "counselling_or_training",
        "warning": "reprimand",
        "oral_reprimand": "reprimand",
        "written_reprimand": "reprimand",
        # A commanding officer's penalty of a warning up to some days of leave; the days, where given, are a part.
        "command_discipline": "loss_of_leave",
        "command_discipline_a": "loss_of_leave",
        "command_discipline_b": "loss_of_leave",
        "forced_separation": "dismissal",
        "charges": "not_recorded",
        "guilty": "not_recorded",
        "probation": None,
        "dismissal_probation": None,
        "settlement": None,
        "upheld": None,
    }
)
FRAMES: Final = ("command_discipline", "command_discipline_a", "command_discipline_b")
RIDERS: Final = ("probation", "dismissal_probation")
NOTATION: Final = re.compile(
    r"(?P<kind>[a-z_]+)(?::(?:(?P<days_lower>\d+(?:\.\d+)?)-(?P<days_upper>\d+(?:\.\d+)?)?d|(?P<days>\d+(?:\.\d+)?)d))?"
    r"(?:\[(?P<condition>[^\]+]+)\])?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a penalty.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    days : float or None
        Days as the agency counts them; fractions kept.
    days_lower, days_upper : float or None
        Bounds where a range is stated; ``days_upper`` missing for "over 30 days" (days_lower 31).
    condition : str or None
        What qualifies the part, for instance ``administratively closed``.

    Raises
    ------
    CodebookError
        For an unknown kind, or days that are negative or not finite.
    """

    kind: str
    days: float | None = None
    days_lower: float | None = None
    days_upper: float | None = None
    condition: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CodebookError(f"{self.kind!r} is no kind of penalty part; expected one of {', '.join(KINDS)}")
        for number in (self.days, self.days_lower, self.days_upper):
            if number is not None and not (number >= 0 and math.isfinite(number)):
                raise CodebookError(f"days of a penalty part must be zero or more, found {number} for {self.kind}")

    @property
    def term(self) -> str | None:
        """Term of the part, or ``None`` for probation and the like."""
        return KINDS[self.kind]

    def __str__(self) -> str:
        days = ""
        if self.days is not None:
            days = f":{self.days:g}d"
        elif self.days_lower is not None:
            days = f":{self.days_lower:g}-{'' if self.days_upper is None else format(self.days_upper, 'g')}d"
        return f"{self.kind}{days}" + (f"[{self.condition}]" if self.condition else "")


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty with all its parts.

    Attributes
    ----------
    parts : tuple of Part
    """

    parts: tuple[Part, ...]

    @property
    def term(self) -> str | None:
        """Highest rung among the parts; ``probation`` if there is nothing else."""
        return self.highest(Ladder())

    def highest(self, ladder: Ladder) -> str | None:
        """Return the highest rung under a given order."""
        terms = [part.term for part in self.parts if part.term is not None]
        if terms:
            return ladder.highest(terms)
        return "probation" if any(part.kind in RIDERS for part in self.parts) else None

    @property
    def days(self) -> float | None:
        """Return the days of the highest rung: the sum over its parts, missing if a part has no number.

        A command discipline adds no days to those of its other parts.
        """
        own = [part for part in self.parts if part.term is not None and part.term == self.term]
        counted = [part for part in own if part.kind not in FRAMES] or own
        numbers = [part.days for part in counted]
        if self.term not in ("suspension", "loss_of_leave") or any(n is None for n in numbers):
            return None
        return float(sum(n for n in numbers if n is not None))

    @property
    def probation_days(self) -> float | None:
        """Days of probation, of either kind; missing if there is none or its length is not given."""
        numbers = [part.days for part in self.parts if part.kind in RIDERS]
        return float(sum(n for n in numbers if n is not None)) if numbers and None not in numbers else None

    @property
    def condition(self) -> str | None:
        """The conditions of the parts, each once."""
        held = dict.fromkeys(part.condition for part in self.parts if part.condition)
        return "; ".join(held) or None

    @property
    def served(self) -> bool | None:
        """``False`` if the text says the penalty was not served or was reversed; otherwise not known."""
        return False if self.term in ("not_served", "left_before_penalty", "reversed", "none") else None

    def __str__(self) -> str:
        return "+".join(map(str, self.parts))

    @classmethod
    def read(cls, text: str) -> Penalty:
        """Read the notation of a codebook's ``parts``.

        Raises
        ------
        CodebookError
            Names the part that is not in the notation.
        """
        parts = []
        for piece in text.split("+"):
            match = NOTATION.fullmatch(piece)
            if match is None:
                raise CodebookError(
                    f"{piece!r} in {text!r} is no penalty part; write kind, kind:10d, kind:31-d or kind[condition]"
                )
            numbers = {k: None if match[k] is None else float(match[k]) for k in ("days", "days_lower", "days_upper")}
            parts.append(Part(match["kind"], **numbers, condition=match["condition"]))
        return cls(tuple(parts))


@takes_only((list, tuple, pd.Series), "outcomes.components(table['parts'])")
def components(parts: Iterable[str | None]) -> pd.DataFrame:
    """Return the components of a coded column of parts, one per row.

    Parameters
    ----------
    parts : iterable of str or missing
        A ``*_parts`` column of the allegations.

    Returns
    -------
    DataFrame
        ``row`` (position in the column), ``part`` (1, 2, …), ``kind``, ``term``, ``days``, ``days_lower``,
        ``days_upper``, ``condition``.

    Examples
    --------
    >>> from accountability import outcomes
    >>> parts = outcomes.components(["suspension:10d+dismissal_probation:365d", None])
    >>> parts[["row", "part", "kind", "days"]].values.tolist()
    [[0, 1, 'suspension', 10.0], [0, 2, 'dismissal_probation', 365.0]]
    """
    if odd := [part for part in parts if isinstance(part, (int, float)) and part == part]:
        raise ParameterError(f"outcomes.components: expected coded parts such as 'suspension:10d', found {odd[0]!r}")
    read: dict[str, Penalty] = {}
    rows = []
    for row, text in enumerate(parts):
        if text is None or pd.isna(text):
            continue
        held = read.get(text)
        if held is None:
            held = read[text] = Penalty.read(text)
        rows += [
            (row, i, part.kind, part.term, part.days, part.days_lower, part.days_upper, part.condition)
            for i, part in enumerate(held.parts, start=1)
        ]
    names = ["row", "part", "kind", "term", "days", "days_lower", "days_upper", "condition"]
    table = pd.DataFrame(rows, columns=names)
    types = dict.fromkeys(("kind", "term", "condition"), "str")
    types |= dict.fromkeys(("days", "days_lower", "days_upper"), "float64")
    return table.astype(types | dict.fromkeys(("row", "part"), "int64"))
