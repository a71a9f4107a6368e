"""The base of all results: estimand, assumptions, flow of cases, and a tidy table.

A result looks the same each time it is shown: without times, memory addresses or random identifiers.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from accountability.errors import ParameterError, Refusal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ROWS_SHOWN = 12
#: A text that begins so is run by a spreadsheet; the wide signs are those of a Japanese keyboard.
EXECUTED: Final = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")

T = TypeVar("T")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Result:
    """Base of all results. Subclasses are dataclasses with ``repr=False``, so that they use this representation.

    Attributes
    ----------
    estimand : str
        The quantity estimated, and for which cases, in words.
    assumptions : tuple of str
        Assumptions under which the estimates are valid.
    method : str
        The estimator, its variance and its type of interval.
    table : pandas.DataFrame
        The disclosed numbers, in tidy form with groups as columns; small counts are hidden by :meth:`disclosed`. Every
        output (sentence, figure, LaTeX, CSV) uses it.
    flow : pandas.DataFrame or None
        Exclusions, with reasons and counts.
    follow_up : pandas.DataFrame or None
        For results in days: one row per group with ``last_day``, the last day of follow-up, and ``at_risk``, the cases
        on it. No estimate is given beyond it.
    cautions : tuple of str
        Cautions added to every sentence.
    states : pandas.DataFrame or None
        For estimates of delay: the number of cases closed on a known day, closed on an unknown day, open, and unknown
        (``state``, ``n``, ``meaning``); the four add up to all cases.

    Notes
    -----
    A subclass whose rows count people or cases by group overrides :meth:`disclosed`. :meth:`true_numbers` returns the
    true numbers, for analysts with the records.
    """

    estimand: str
    assumptions: tuple[str, ...]
    method: str
    table: pd.DataFrame
    flow: pd.DataFrame | None = None
    follow_up: pd.DataFrame | None = None
    cautions: tuple[str, ...] = ()
    states: pd.DataFrame | None = None

    def __init_subclass__(cls) -> None:
        """Let every sentence end with the cautions."""
        if "sentence" in vars(cls):
            cls.sentence = _with_cautions(cls.sentence)  # type: ignore[method-assign, assignment]
        for name in [name for name in vars(cls) if name.startswith("plot") or name == "bands"]:
            setattr(cls, name, _in_house_style(getattr(cls, name)))

    def __post_init__(self) -> None:
        object.__setattr__(self, "_true", {})
        self._hide("table", self.disclosed(self.table))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table with small counts hidden (:func:`accountability.privacy.disclose`)."""
        return table

    def _hide(self, name: str, shown: pd.DataFrame) -> None:
        """Put the shown form of a frame in its place and keep the true one inside."""
        self._kept()[name] = getattr(self, name)
        object.__setattr__(self, name, shown)

    def _kept(self) -> dict[str, pd.DataFrame]:
        kept: dict[str, pd.DataFrame] = self.__dict__["_true"]
        return kept

    def true_numbers(self, name: str = "table") -> pd.DataFrame:
        """Return a frame with nothing hidden, for analysts with the records and for further computation.

        Reports and exports never call this.

        Parameters
        ----------
        name : str
            Name of the frame; ``table`` unless the result hides others too.
        """
        kept = self._kept()
        if name not in kept:
            raise ParameterError(f"{type(self).__name__} hides nothing in {name!r}; it holds {', '.join(kept)}")
        return kept[name]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the result in the house style on an Axes and return it.

        A new figure has the finding as title, a subtitle, and the method as footer. Results without a figure raise
        ``NotImplementedError``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no figure: show its .table")

    def sentence(self) -> str:
        """Return the result in words, with computed numbers."""
        return f"{self.estimand}: {len(self.table):,} rows."

    def figure_title(self) -> str:
        """Return the result in one short sentence, for the title of its figure."""
        return _first_words(self.sentence())

    def to_latex(self, **options: Any) -> str:
        """Return the table for print as LaTeX; options go to :meth:`pandas.DataFrame.to_latex`."""
        from accountability.journal_cells import latex

        return latex(self.table, options)

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV (full precision, no formulas) and return its path."""
        target = Path(path)
        write_csv(self.table, target)
        return target

    def __repr__(self) -> str:
        lines = [type(self).__name__, f"estimand: {self.estimand}", f"method: {self.method}"]
        lines += [f"assumes: {assumption}" for assumption in self.assumptions]
        lines.append(self.table.head(ROWS_SHOWN).to_string(index=False, na_rep=""))
        if len(self.table) > ROWS_SHOWN:
            lines.append(f"… {len(self.table) - ROWS_SHOWN:,} more rows in .table")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Show estimand, method and the first rows as plain HTML, the same at every run."""
        rows = self.table.head(ROWS_SHOWN).to_html(index=False, na_rep="", border=0, escape=True)
        more = len(self.table) - ROWS_SHOWN
        rest = f"<p>{more:,} more rows in <code>.table</code></p>" if more > 0 else ""
        return f"<p><strong>{html.escape(self.estimand)}</strong><br>{html.escape(self.method)}</p>\n{rows}\n{rest}"


def _with_cautions(sentence: Callable[[Any], str]) -> Callable[[Any], str]:
    @functools.wraps(sentence)
    def said(result: Result) -> str:
        text = sentence(result) or "Every count is too small to show."
        return " ".join([text, *(f"{capitalised(note)}." for note in result.cautions if note not in text)])

    return said


def _in_house_style(plot: Callable[..., Axes]) -> Callable[..., Axes]:
    """Draw in the house style and, on a figure of its own, write the finding over it."""

    @functools.wraps(plot)
    def drawn(result: Result, ax: Axes | None = None, **options: Any) -> Axes:
        from accountability import labels
        from accountability.figures.house_style import housed
        from accountability.figures.titles import titled

        with housed():
            axes = plot(result, ax, **options)
            if ax is None:
                said = labels.in_words(result.sentence())
                titled(
                    axes.get_figure(),  # type: ignore[arg-type]
                    capitalised(labels.in_words(result.figure_title())),
                    capitalised(labels.in_words(result.estimand)),
                    capitalised(labels.in_words(result.method)),
                    alt=said,
                )
        return axes

    return drawn


#: A longer title is no title, and a much shorter one leaves out what was found.
_TITLE_LETTERS: Final = 130
_LEAST_LETTERS: Final = 40
#: Where a sentence may end early: after a whole clause.
_CLAUSE: Final = re.compile("; |, and ")


def _first_words(text: str) -> str:
    """The first sentence without brackets, up to the end of a clause where it is long."""
    plain = re.sub(r"(\w)=(?=\w)", r"\1: ", text)
    while (shorter := re.sub(r"\s*[\[(][^\[\]()]*[\])]", "", plain)) != plain:
        plain = shorter
    first = capitalised(re.split(r"(?<=[^.])\.\s+(?=[A-Z])", plain)[0].strip().rstrip("."))
    if len(first) <= _TITLE_LETTERS:
        return first
    ends = [found.start() for found in _CLAUSE.finditer(first) if _stands(first[: found.start()], first)]
    short = [end for end in ends if end <= _TITLE_LETTERS]
    return first[: max(short) if short else min(ends, default=len(first))]


def _stands(part: str, whole: str) -> bool:
    """Whether the beginning of a sentence says enough to stand alone, and ends no list before its last item."""
    told = len(part) >= _LEAST_LETTERS and (any(map(str.isdigit, part)) or not any(map(str.isdigit, whole)))
    return told and (whole.startswith("; ", len(part)) or ", " not in re.split("; |: ", part)[-1])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Refused(Result):
    """A refused estimate, with the reason instead of numbers.

    ``table`` has one row: ``not_estimated``, ``because``.

    Attributes
    ----------
    because : str
        The refusal's text, which names an alternative.
    """

    because: str

    def sentence(self) -> str:
        """Say that there is no estimate, and why."""
        return f"Not estimated: {self.because.removesuffix('.')}."

    def __repr__(self) -> str:
        return f"{self.estimand}\n{self.sentence()}"

    def _repr_html_(self) -> str:
        return f"<p><strong>{html.escape(self.estimand)}</strong><br>{html.escape(self.sentence())}</p>"


def sentences(*results: Result) -> str:
    """State several results in one paragraph, each sentence once."""
    return " ".join(dict.fromkeys(result.sentence() for result in results))


def or_refusal(estimate: Callable[[], T], what: str = "this estimate") -> T | Refused:
    """Return an estimate or, if it is refused, a result with the reason.

    A study of many sources can so show the reason instead of numbers and continue. Only a refusal becomes a result;
    other errors are raised.

    Parameters
    ----------
    estimate : callable
        Function without arguments.
    what : str
        The estimate, in words.

    Returns
    -------
    object
        What `estimate` returns, or :class:`Refused`.

    Examples
    --------
    >>> from accountability.errors import ParameterError, Refusal
    >>> def curve():
    ...     raise Refusal("no case has a closing date")
    >>> or_refusal(curve, "the closing curve").sentence()
    'Not estimated: no case has a closing date.'
    """
    try:
        return estimate()
    except Refusal as refusal:
        because = str(refusal)
    # Imported here because the command line knows results and refuses a wrong request without pandas.
    import pandas as pd

    return Refused(
        estimand=what,
        assumptions=(),
        method="none: the source cannot carry it",
        table=pd.DataFrame({"not_estimated": [what], "because": [because]}, dtype="str"),
        because=because,
    )


def capitalised(text: str) -> str:
    """Return a sentence with a capital first letter."""
    return text[:1].upper() + text[1:]


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 case``, ``1,204 cases``, ``2 agencies``."""
    return f"{count:,} {noun if count == 1 else in_plural(noun)}"


def in_plural(noun: str) -> str:
    """Return a noun in the plural: ``cases``, ``agencies``."""
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"


def percent(share: float, digits: int = 0) -> str:
    """Return a share in per cent: ``48 %``."""
    return f"{100 * share:.{digits}f} %"


def p_words(value: float) -> str:
    """Return a p-value in words: ``p < 0.001`` or ``p = 0.04``."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def interval_said(confidence: float, lower: float, upper: float, digits: int | None = None) -> str:
    """Return an interval in words, of a number or in per cent, or that there is none."""
    if lower != lower or upper != upper:  # missing
        return "no interval: too much rests on one officer or complaint"
    ends = [f"{end:.2f}" if digits is None else percent(end, digits) for end in (lower, upper)]
    return f"{percent(confidence)} interval {ends[0]} to {ends[1]}"


def four_figures(value: float) -> str:
    """Return a number with four figures, or the whole part of a larger one."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def write_csv(table: pd.DataFrame, path: Path | IO[str]) -> None:
    """Write a table as CSV in which no cell is a formula.

    Parameters
    ----------
    table : DataFrame
        Any table; it is not changed.
    path : Path or text file
        The file to write.
    """
    import pandas as pd

    named_index = any(label is not None for label in table.index.names)
    full = table.reset_index() if named_index else table
    inert = full.copy(deep=False)
    inert.columns = [inert_cell(str(column)) for column in full.columns]
    for position, kind in enumerate(full.dtypes):
        if kind.kind not in "biufcmM":
            column = full.iloc[:, position]
            if isinstance(kind, pd.StringDtype) and not _runs_or_breaks(column):
                continue
            cells = column.to_list()
            written = [inert_cell(cell) for cell in cells]
            if any(one is not other for one, other in zip(cells, written, strict=True)):
                inert.isetitem(position, pd.Series(written, dtype=object).to_numpy())
    from accountability.whole_files import whole

    with whole(path) as made:
        inert.to_csv(made, index=False, lineterminator="\n", encoding="utf-8")


def _runs_or_breaks(column: pd.Series) -> bool:
    """Whether some text of a column is not written as it is; most columns hold few texts, many times."""
    return any(inert_cell(text) is not text for text in column.unique())


def inert_cell(value: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    Parameters
    ----------
    value : object
        A cell; other types, and numbers as text, are returned unchanged.

    Returns
    -------
    object
        The cell to write. Its line ends are line feeds, because a lone carriage return would start a new row.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    number = re.fullmatch(r"[+-]?\d+(\.\d+)?", text)
    return f"'{text}" if text.startswith(EXECUTED) and not number else text
