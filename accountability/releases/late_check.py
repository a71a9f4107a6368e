"""Compare a release's closing curve with the curve corrected for late recording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.counts import days_asked
from accountability.delay.product_limit import closing_curve
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.figures.house_style import labelled
from accountability.records.dataset import Dataset
from accountability.releases.corrected_shares import corrected, corrected_by
from accountability.releases.lag_by_release import lag_of
from accountability.releases.late_closings import RecordingLag
from accountability.results import Refused, Result, or_refusal, percent, plural
from accountability.stats.recording_lag import RecordedShare
from accountability.study.clocks import durations as timed
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.follow_up import seen_late
from accountability.study.inputs import takes
from accountability.study.overview import year_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PUBLISHED: Final = "as published"
CORRECTED: Final = "corrected for late recording"
SHOWN: Final = "as the later release shows it"
_GRID: Final = tuple(range(0, 1096, 15))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LateRecording(Result):
    """Shares closed as published, and under other readings.

    ``table``: one row per ``reading`` and ``day``: ``estimate``, the share closed by that day, with ``lower`` and
    ``upper`` where there is an interval, and ``n`` complaints. The readings are the curve as published; with another
    release, the curve corrected for late recording, the curve with an earlier cut-off, and the curve of a later
    release; with one release only, the curve if closings were recorded as late as in other agencies.

    Attributes
    ----------
    curves : DataFrame
        The same for every 15 days, for the figure.
    lag : RecordingLag or None
        Lag used for the correction; ``None`` with one release.
    basis : str
        Origin of the lag, or why there is none.
    """

    curves: pd.DataFrame
    lag: RecordingLag | None
    basis: str
    confidence: float

    def at(self, day: int, reading: str = CORRECTED) -> pd.Series | None:
        """Return one row of the table, if it has an estimate."""
        rows = self.table[(self.table["day"] == day) & (self.table["reading"] == reading)].dropna(subset="estimate")
        return rows.iloc[0] if len(rows) else None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curves, each with its label at the end."""
        axes = draw.new_axes(ax)
        names = self.curves["reading"].drop_duplicates().tolist()
        for number, name in enumerate(names):
            draw.lines(
                axes, self.curves[self.curves["reading"] == name], x="day", y="estimate", label=name, number=number
            )
        axes.set_ylim(0, 1)
        draw.lines_named(axes)
        return labelled(axes, "days", "share closed", x_kind="days", y_kind="share")

    def sentence(self) -> str:
        """State the share at the last day asked for, in each reading."""
        known = self.table.dropna(subset="estimate")
        first = known[known["reading"].isin([PUBLISHED, CORRECTED])]
        first = first[first["reading"] == (CORRECTED if CORRECTED in set(first["reading"]) else PUBLISHED)]
        if not len(first):
            return f"No complaint was watched so long. {self.basis}"
        day = int(first["day"].max())
        rows = known[known["day"] == day]
        said = "; ".join(f"{row['reading']} {percent(row['estimate'], 1)}" for row in rows.to_dict("records"))
        return f"Closed within {plural(day, 'day')}: {said}. {self.basis}"


@takes("durations")
def late_recording(
    durations: Durations,
    data: Dataset,
    days: int | Sequence[int] = (90, 180, 365, 730),
    *,
    year: int | None = None,
    received_before: dt.date | str | None = None,
    recorded: float = 0.95,
    draws: int = 200,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> LateRecording:
    """Estimate the share closed as published, and as if every closing had been recorded at once.

    Parameters
    ----------
    durations : Durations, cohort or dataset
        Days to the closing, dated to the day.
    data : Dataset
        Their release; the agency's other releases are loaded.
    days : int or sequence of int
        Days of age.
    year : int, optional
        Use only complaints received in this year; the lag is then estimated on those received before the previous year.
    received_before : date, optional
        Estimate the lag only on complaints received before this day, so that later ones are predicted.
    recorded : float
        Share of closings recorded that sets the earlier cut-off.
    draws, confidence, seed
        As for :func:`corrected`.

    Returns
    -------
    LateRecording

    Raises
    ------
    Refusal
        If dates are coarser than a day, or there is late entry.

    Notes
    -----
    One release does not identify the lag. The readings then use the lags of other agencies' releases, stored in
    ``study/recorded_late.yaml`` by ``benchmarks/releases.py seen``.

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> data = accountability.load("generated_2019")
    >>> found = releases.late_recording(data, data, 365, draws=20)
    >>> found.table["reading"].tolist()[:2]
    ['as published', 'corrected for late recording']
    """
    if not isinstance(data, Dataset):
        raise ParameterError(
            f"releases.late_recording needs the dataset that the durations are from, and was given a "
            f"{type(data).__name__}. Write:\n    releases.late_recording(durations, accountability.load('new_orleans'))"
        )
    if year is not None:
        begun = year_of(Cohort.of(data), "received", which="first")
        own = set(data.cases["case_id"].to_numpy()[(begun == year).fillna(False).to_numpy(bool)])
        inside = durations.table["case_id"].isin(own)
        if not inside.any():
            raise Refusal(f"no complaint of {data.name} was received in {year}; ask for a year that it covers")
        durations = replace(durations, table=durations.table[inside].reset_index(drop=True))
        received_before = received_before or f"{year - 1}-01-01"
    asked = days_asked([days] if isinstance(days, int) else list(days))
    every = np.union1d(asked, _GRID)
    published = 1 - closing_curve(durations, confidence=confidence).true_at(every.tolist())[
        ["estimate", "upper", "lower"]
    ].set_axis(["estimate", "lower", "upper"], axis=1)
    n = len(durations)
    readings = {PUBLISHED: published.assign(day=every, n=n)}
    lag, newer = None, None
    try:
        lag, newer, basis = lag_of(data, received_before=received_before, stop=durations.stop)
        basis = f"Corrected by the lag {basis}."
    except Refusal as refusal:
        reason = str(refusal).split("; a later one begins with:")[0]  # a figure's caption holds no command
        basis = f"From one release the lag of recording is not known ({reason})."
    if lag is not None:
        known_later = _known_later(durations, data)
        how: dict[str, Any] = {"draws": draws, "confidence": confidence, "seed": seed}
        readings[CORRECTED] = corrected(durations, lag, every.tolist(), known_later=known_later, **how).table.assign(
            n=n
        )
        moved = or_refusal(lambda: _moved_back(durations, lag, recorded, known_later, every), "the cut-off moved back")
        if not isinstance(moved, Refused):  # else no age has that share: the corrected curve stands alone
            readings |= moved
        if newer is not None:
            readings[SHOWN] = _shown(durations, newer, every, confidence)
    else:
        for seen in seen_late():
            share = RecordedShare(np.array(seen["ages"]), np.array(seen["shares"]), int(seen["ages"][0]))
            share = share.after(_known_later(durations, data))
            made = pd.DataFrame({"day": every, "estimate": corrected_by(durations, share, every)})
            readings[f"if recorded as late as in {seen['label']}"] = made.assign(n=n)
    curves = pd.concat([one.assign(reading=name) for name, one in readings.items()], ignore_index=True)
    curves = curves.reindex(columns=["reading", "day", "estimate", "lower", "upper", "n"])
    return LateRecording(
        estimand=f"share closed, as published and had every closing been recorded at once ({durations.clock})",
        assumptions=() if lag is None else lag.assumptions,
        method="closing curve (Kaplan-Meier); corrected by inverse-probability weights by the share recorded",
        table=curves[curves["day"].isin(asked)].reset_index(drop=True),
        curves=curves[curves["day"].isin(_GRID)].dropna(subset="estimate").reset_index(drop=True),
        lag=lag,
        basis=basis,
        confidence=confidence,
    )


def _moved_back(
    durations: Durations, lag: RecordingLag, recorded: float, known_later: int, every: np.ndarray
) -> dict[str, pd.DataFrame]:
    """The curve with the cut-off moved back to where a share of closings is recorded, under its name."""
    back = max(lag.cutoff_back(recorded) - known_later, 0)
    share = RecordedShare(np.array([0]), np.array([1.0]), back)
    name = f"cut-off moved back {plural(back, 'day')}, where {percent(recorded)} are recorded"
    return {name: pd.DataFrame({"day": every, "estimate": corrected_by(durations, share, every), "n": len(durations)})}


def _known_later(durations: Durations, data: Dataset) -> int:
    """Days from the cut-off of the durations to the last day of the release."""
    last = data.card.observed_until
    return 0 if last is None or durations.cutoff is None else max((last - durations.cutoff).days, 0)


def _shown(durations: Durations, newer: Dataset, every: np.ndarray, confidence: float) -> pd.DataFrame:
    """The closing curve of the same complaints in a later release."""
    later = timed(newer, durations.start, durations.stop)
    same = later.table["case_id"].isin(set(durations.table["case_id"]))
    part = replace(later, table=later.table[same].reset_index(drop=True))
    found = closing_curve(part, confidence=confidence).true_at(every.tolist())
    return pd.DataFrame(
        {
            "day": every,
            "estimate": 1 - found["estimate"],
            "lower": 1 - found["upper"],
            "upper": 1 - found["lower"],
            "n": len(part),
        }
    )
