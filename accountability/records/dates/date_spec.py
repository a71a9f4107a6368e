"""The declared format of a date column, checked before any cell is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import DateError, did_you_mean
from accountability.records.dates.layouts import Layout, compile_layout

if TYPE_CHECKING:
    from accountability.records.dates.convention import WordsConvention

NAMED_FORMATS: Final = MappingProxyType(
    {
        "edtf": "Extended Date/Time Format, ISO 8601-2: see parse_edtf.",
        "words": "The words of English reports, and EDTF: see parse_words.",
        "excel": "A spreadsheet serial number counted from 1900 (with that system's false 29 February 1900).",
        "excel_1904": "A spreadsheet serial number counted from 1 January 1904.",
        "epoch_s": "Seconds since 1 January 1970, in UTC.",
        "epoch_ms": "Milliseconds since 1 January 1970, in UTC, as map services export dates.",
        "parts": "Year, month and day stand in columns of their own: use parse_parts.",
    }
)

WIDENABLE: Final = ("day", "week", "month", "year")


def _day(value: Any, key: str) -> date:
    """Take a declared day, written as a date or as ``YYYY-MM-DD`` text."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise DateError(f"{key}: expected a day such as 2023-07-01, found {value!r}; write year-month-day") from None


def _texts(value: Any, key: str) -> tuple[str, ...]:
    """Take one text or a list of them; numbers and dates that YAML recognised become text again."""
    if value is None:
        return ()
    if isinstance(value, str | int | date):
        value = [value]
    if not isinstance(value, Sequence) or any(isinstance(item, Mapping | list) for item in value):
        raise DateError(f"{key}: expected a list of texts, found {value!r}")
    return tuple(str(item) for item in value)


def _known(given: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    """Refuse a key that means nothing here, naming the nearest that does."""
    for key in given:
        if key not in allowed:
            raise DateError(
                f"{where}: unknown key {key!r}{did_you_mean(key, allowed)} Known keys: {', '.join(allowed)}"
            )


def _precision(value: Any, key: str) -> str:
    if value not in WIDENABLE:
        raise DateError(f"{key}: expected one of {', '.join(WIDENABLE)}; found {value!r}")
    return str(value)


@dataclass(frozen=True, slots=True)
class Lie:
    """Days that claim more precision than they have.

    A printed day is covered if all stated conditions hold; it then becomes its whole week, month or year.

    Parameters
    ----------
    precision
        The true precision of the printed day: ``week``, ``month`` or ``year``.
    before
        Only days before this one.
    since
        Only days on or after this one.
    month
        Only this month of the year (1 to 12).
    day
        Only this day of the month (1 to 31), or ``"last"`` for the last day of a month.

    Examples
    --------
    ``Lie("month", before=date(2023, 7, 1), day=28)``: until July 2023 every date was printed as the 28th.
    """

    precision: str
    before: date | None = None
    since: date | None = None
    month: int | None = None
    day: int | str | None = None

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> Lie:
        """Read ``{before: 2023-07-01, day: 28, precision: month}``.

        Raises
        ------
        DateError
            For an unknown key, no condition, or an invalid value.
        """
        if not isinstance(declared, Mapping):
            raise DateError(f"lies: expected entries such as {{day: 28, precision: month}}, found {declared!r}")
        _known(declared, [item.name for item in fields(cls)], "lies")
        if set(declared) <= {"precision"}:
            raise DateError("lies: state at least one of before, since, month, day; else declare precision alone")
        precision = _precision(declared.get("precision"), "lies: precision")
        month, day = declared.get("month"), declared.get("day")
        if month is not None and (type(month) is not int or not 1 <= month <= 12):
            raise DateError(f"lies: month: expected 1 to 12, found {month!r}")
        if day is not None and day != "last" and (type(day) is not int or not 1 <= day <= 31):
            raise DateError(f"lies: day: expected 1 to 31 or 'last', found {day!r}")
        before, since = (_day(declared[k], f"lies: {k}") if declared.get(k) else None for k in ("before", "since"))
        return cls(precision=precision, before=before, since=since, month=month, day=day)


@dataclass(frozen=True, slots=True)
class DateSpec:
    """The format of a date column, and its known faults.

    Parameters
    ----------
    format
        One or more of: a layout in ``strptime`` notation (``"%m/%d/%Y"``, ``"%m/%Y"``), or a name in
        `NAMED_FORMATS` (``edtf``, ``words``, ``excel``, ``excel_1904``, ``epoch_s``, ``epoch_ms``,
        ``parts``). Several are tried in order; a cell that two of them read differently is ambiguous.
    precision
        ``day``, ``week`` (Monday to Sunday), ``month`` or ``year``: the true precision of the column, if coarser than
        printed. When left out, the format's.
    lies
        Days that claim more precision than they have, see `Lie`. The first that covers a cell applies.
    placeholders
        Texts that mean "no date", ignoring case; texts like ``1900-01-01``, ``1900-01`` or ``3019`` also cover every
        date inside that day, month or year, in any format.
    blanks
        Texts that mean the cell is empty, such as ``NA``.
    two_digit_pivot
        First of the hundred years for two-digit years: 1950 reads 49 as 2049 and 50 as 1950. Below 100 it is short for
        19xx. Without it two-digit years are a problem.
    not_before, not_after
        Dates wholly outside are impossible. ``None`` removes the limit.
    strip_time
        Drop a time of day, which is otherwise a problem if the format has none.
    zone
        The agency's time zone (``America/New_York``): a time with a UTC offset, or counted from 1970, becomes the day
        in that zone, without the time of day. Without it the printed day is used.
    convention
        Meaning of vague words, seasons and marks such as ``~``, if not the default of `WordsConvention`.

    Notes
    -----
    Outer blanks, no-break spaces and runs of blanks are ignored.
    """

    format: tuple[str, ...]
    precision: str | None = None
    lies: tuple[Lie, ...] = ()
    placeholders: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    two_digit_pivot: int | None = None
    not_before: date | None = date(1901, 1, 1)
    not_after: date | None = date(2100, 12, 31)
    strip_time: bool = False
    zone: str | None = None
    convention: WordsConvention | None = None
    layouts: tuple[Layout, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", _texts(self.format, "date"))
        object.__setattr__(self, "placeholders", _texts(self.placeholders, "placeholders"))
        object.__setattr__(self, "blanks", _texts(self.blanks, "blanks"))
        if not self.format:
            raise DateError("date: expected a format such as '%Y-%m-%d', found none")
        layouts = tuple(compile_layout(item) for item in self.format if item not in NAMED_FORMATS)
        object.__setattr__(self, "layouts", layouts)
        if self.precision is not None:
            _precision(self.precision, "precision")
            for layout in layouts:
                shown = WIDENABLE.index(layout.precision)
                if WIDENABLE.index(self.precision) < shown:
                    raise DateError(
                        f"precision: {self.precision!r} is finer than {layout.format!r} shows "
                        f"({layout.precision}); a day that is not printed is not invented"
                    )
        pivot = self.two_digit_pivot
        if pivot is not None and (type(pivot) is not int or not (0 <= pivot <= 99 or 1000 <= pivot <= 9900)):
            raise DateError(f"two_digit_pivot: expected a first year such as 1950 (or 50), found {pivot!r}")
        if self.not_before and self.not_after and self.not_before > self.not_after:
            raise DateError(f"not_before {self.not_before} is later than not_after {self.not_after}")
        if not isinstance(self.strip_time, bool):
            raise DateError(f"strip_time: expected true or false, found {self.strip_time!r}")
        if self.zone is not None:
            self._check_zone()
            object.__setattr__(self, "strip_time", True)

    def _check_zone(self) -> None:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(str(self.zone))
        except (LookupError, ValueError, OSError):
            raise DateError(f"zone: expected a time zone such as America/New_York, found {self.zone!r}") from None

    @classmethod
    def of(cls, declared: DateSpec | str | Sequence[str] | Mapping[str, Any]) -> DateSpec:
        """Read a declaration: a format, a list of formats, or a mapping with ``date`` and the other keys.

        Parameters
        ----------
        declared
            ``"%Y-%m-%d"``, or ``{"date": "%m/%d/%Y", "placeholders": ["1900-01-01"], ...}``; the keys are those
            in `KEYS`, where ``format`` may be written for ``date``.

        Raises
        ------
        DateError
            For an unknown key (the nearest known one is named), an unknown format, or an invalid value.
        """
        if isinstance(declared, DateSpec):
            return declared
        if not isinstance(declared, Mapping):
            return cls(format=_texts(declared, "date"))
        _known(declared, KEYS, "date declaration")
        if {"date", "format"} <= set(declared):
            raise DateError("date declaration: 'date' and 'format' are one key under two names; keep one")
        given = {("format" if key == "date" else key): value for key, value in declared.items()}
        if "format" not in given:
            raise DateError(f"date: expected a format such as '%Y-%m-%d'; found only {', '.join(given) or 'nothing'}")
        given["format"] = _texts(given["format"], "date")
        lies = given.get("lies") or ()
        lies = [lies] if isinstance(lies, Mapping) else lies
        if not isinstance(lies, list | tuple):
            raise DateError(f"lies: expected a list such as [{{day: 28, precision: month}}], found {lies!r}")
        given["lies"] = tuple(item if isinstance(item, Lie) else Lie.of(item) for item in lies)
        for key in ("placeholders", "blanks"):
            given[key] = _texts(given.get(key), key)
        for key in ("not_before", "not_after"):
            if given.get(key) is not None:
                given[key] = _day(given[key], key)
        if given.get("convention"):
            from accountability.records.dates.convention import WordsConvention

            given["convention"] = WordsConvention.of(given["convention"])
        return cls(**given)

    @property
    def has_time(self) -> bool:
        """Whether some format has a time of day."""
        return any(layout.has_time for layout in self.layouts)


KEYS: Final = ("date", *(item.name for item in fields(DateSpec) if item.init))
