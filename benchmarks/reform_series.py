"""How often an interrupted series calls a change where there is none, by months and autocorrelation.

Run ``python benchmarks/reform_series.py [REPEATS]``; ``tests/reforms/test_interrupted_series.py`` runs it in small.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from accountability import reforms

MONTHS, DECAYS = (24, 48, 72, 120), (0.0, 0.3, 0.6, 0.8, 0.9)
#: Cases a month, and how far the logarithm of their rate swings.
LEVELS = ((30.0, 0.25), (120.0, 0.15))
CHANGE = -0.4


def drawn(rng: np.random.Generator, months: int, mean: float, spread: float, decay: float, change: float) -> np.ndarray:
    """Overdispersed monthly counts with autocorrelated logarithms, with a season, a trend and a step half way."""
    noise, swing = rng.normal(size=months + 60) * np.sqrt(1 - decay**2), np.zeros(months + 60)
    for at in range(1, months + 60):
        swing[at] = decay * swing[at - 1] + noise[at]
    at = np.arange(months)
    log = 0.1 * at / months + 0.15 * np.cos(2 * np.pi * at / 12) + spread * swing[60:] + change * (at >= months // 2)
    return rng.poisson(mean * np.exp(log))


def cell(
    repeats: int, months: int, decay: float, level: tuple[float, float], change: float = 0.0, **options: str
) -> dict[str, float]:
    """Share of draws whose intervals of the step, the change of the trend and the mean leave out what was planted."""
    rng = np.random.default_rng([20, months, int(100 * decay), int(level[0])])
    frame = pd.DataFrame({"unit": "all", "period": np.arange(months), "cohort": float(months // 2)})
    out = np.zeros(3)
    for _ in range(repeats):
        panel = reforms.panel_from_frame(frame.assign(y=drawn(rng, months, *level, decay, change)), ["y"])
        rows = reforms.interrupted_series(panel, "y", **options).table
        truth = np.exp([change, 0.0, change])[: len(rows)]
        out[: len(rows)] += ~((rows["lower"] <= truth) & (truth <= rows["upper"])).to_numpy()
        out[len(rows) :] = np.nan
    return dict(zip(("step", "trend", "mean"), out / repeats, strict=True))


def table(repeats: int) -> pd.DataFrame:
    """Every cell of the grid, without a change."""
    cells = [(n, decay, level) for n in MONTHS for decay in DECAYS for level in LEVELS]
    return pd.DataFrame(
        [
            {"months": n, "decay": decay, "cases": level[0], **cell(repeats, n, decay, level)}
            for n, decay, level in cells
        ]
    )


if __name__ == "__main__":
    found = table(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
    print((100 * found.set_index(["months", "decay", "cases"])).round(1).to_string())
