"""Time every benchmark of concentration against chance on a million officer-complaints, 1,000 draws each.

Run from the checkout: ``python benchmarks/concentration.py [complaints] [officers]`` (1,000,000 of 130,000 officers by
default, risks gamma with shape 1). Beside each time stands that of brute force, one number an officer and draw, where
numpy can do it. The command exits with 1 when a benchmark takes 2 s of the processor or longer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from accountability import officers as conc
from accountability.stats.concentration import measures_of_each

LONGEST = 2.0
DRAWS = 1_000
BRUTE = 20
"""Draws of brute force that are timed; its time is scaled up."""


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, best of three: a busy machine stretches the first."""
    times = []
    for _ in range(3):
        start = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return min(clock for clock, _ in times), min(own for _, own in times)


def main() -> int:
    """Print the table."""
    complaints, officers = (int(text) for text in (sys.argv[1:] + ["1000000", "130000"][len(sys.argv) - 1 :])[:2])
    rng = np.random.default_rng(20130206)
    risk = rng.gamma(1.0, size=officers)
    counts = rng.multinomial(complaints, risk / risk.sum())
    years = rng.integers(1, 17, officers).astype(float)
    whole, exposed = conc.Tally.of_counts(counts, zeros=True), conc.Tally.of_counts(counts, years, zeros=True)
    seconds(lambda: conc.against_chance(whole, draws=99))  # what is imported on first use

    def brute() -> None:
        drawn = rng.multinomial(complaints, np.full(officers, 1 / officers), BRUTE)
        measures_of_each(drawn.astype(float), None, 0.1)

    runs: dict[str, Callable[[], object]] = {
        name: lambda name=name: conc.against_chance(whole, [name], draws=DRAWS) for name in conc.BENCHMARKS
    }
    runs |= {
        f"{name}, 16 levels of exposure": lambda name=name: conc.against_chance(exposed, [name], draws=DRAWS)
        for name in conc.BENCHMARKS
    }
    runs["empirical Bayes"] = lambda: conc.empirical_bayes(whole)
    runs["empirical Bayes, 16 levels of exposure"] = lambda: conc.empirical_bayes(exposed)
    print(f"{complaints:,} officer-complaints of {officers:,} officers, {DRAWS:,} draws, best of three")
    print("| benchmark | seconds, clock | seconds, processor |")
    print("|---|---|---|")
    slow = []
    for name, run in runs.items():
        clock, own = seconds(run)
        slow += [name] if own >= LONGEST else []
        print(f"| {name.replace('_', ' ')} | {clock:.2f} | {own:.2f} |", flush=True)
    clock, own = (DRAWS / BRUTE * one for one in seconds(brute))
    print(f"| equal risk by brute force, scaled up from {BRUTE} draws | {clock:.0f} | {own:.0f} |")
    if slow:
        print(f"{LONGEST:g} s or longer: {', '.join(slow)}")
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
