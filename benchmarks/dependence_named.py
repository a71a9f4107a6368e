"""Named cells of dependence that are no shares: days, rungs, resamples, spreads, complaints of several officers.

    python benchmarks/dependence_named.py [--agencies 300] [--again 1500] [--seed 0] [--only cox]
        [--jobs 2 | --scheduler ADDRESS]

prints one line a cell: how often the interval holds the truth, or a true null is not rejected at 5 %, of those given.
A cell with a number below 93.5 or above 97 % is run again with a new seed and `--again` agencies (five times as many
unless told); its line is that of the second run.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from dependence import LEAST, MOST, Cell, sizes
from share_out import options, shared_out

from accountability import delay, officers, outcomes
from accountability.agencies.agencies_compared import apart, at_one_mix
from accountability.errors import Refusal
from accountability.officers.officer_events import UNDATED, OfficerRecords
from accountability.stats.clustered_rates import compared
from accountability.stats.intervals import student
from accountability.stats.multinomial import fit_multinomial
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.sandwich import ways_of
from accountability.study.durations import Durations
from accountability.tables.share_tests import tested

Rng = np.random.Generator


def officers_of(number: int, shape: str, each: int) -> np.ndarray:
    """The officer of each row."""
    rows = sizes(Cell(number, shape, 1, 0.2, False))
    return np.repeat(np.arange(number), np.maximum(np.round(rows * each / 40), 2).astype(int))


def grouped(rng: Rng, number: int, groups: int, held: int | None) -> np.ndarray:
    """The group of each officer: even groups, or a group of so many officers and the rest."""
    place = rng.permutation(number)
    return place % groups if held is None else (place < held).astype(int)


def days(rng: Rng, number: int, shape: str, each: int, groups: int = 2, held: int | None = None) -> Durations:
    """Officers' paces differ by 0.6 on the log scale; each officer is of one group, which makes no difference."""
    who = officers_of(number, shape, each)
    group, lean = grouped(rng, number, groups, held)[who], rng.normal(0, 0.6, number)[who]
    day = np.ceil(rng.exponential(200 * np.exp(-lean))).astype(int)
    until = rng.integers(100, 500, len(who))
    closed = day <= until
    way = np.where(closed, np.where(rng.random(len(who)) < 0.6, "other", "sustained"), None)
    columns = {"unit": pd.Series(group.astype(str)), "officer": pd.Series(who.astype(str)), "way": pd.Series(way)}
    return Durations.from_days(np.minimum(day, until), closed, groups=columns, longest=until)


PACE: dict[str, Callable[[Durations], float]] = {
    "log-rank": lambda d: delay.compare(d, "unit", "logrank", cluster="officer").p_value,
    "cox": lambda d: delay.cox(d, "unit", cluster="officer").table["p_value"].iloc[0],
    "parametric": lambda d: delay.parametric(d, "unit", cluster="officer").table["p_value"].iloc[0],
    "fine-gray": lambda d: delay.fine_gray(d, "unit", "way", "other", cluster="officer").table["p_value"].iloc[0],
    "discrete": lambda d: delay.discrete_time(d, "unit", cluster="officer").table["p_value"].iloc[0],
}


def pace(model: str, *agency: Any) -> Callable[[Rng], list[float]]:
    """A model of days."""
    return lambda rng: [kept(PACE[model](days(rng, *agency)))]


def kept(p: float) -> float:
    """Whether a true null is kept; missing without a p-value."""
    return np.nan if p != p else float(p >= 0.05)


def rungs(model: str, number: int, held: int | None = None) -> Callable[[Rng], list[float]]:
    """An ordered or multinomial logit, twenty rows an officer."""

    def run(rng: Rng) -> list[float]:
        who = np.repeat(np.arange(number), 20)
        unit, lean = grouped(rng, number, 2, held)[who], rng.normal(0, 0.5, number)[who]
        rung = np.digitize(lean + rng.logistic(size=len(who)), [-0.3, 1.2])
        if model == "ordered":
            fit, place = fit_ordered(np.array([[0.0], [1.0]]), unit, rung, who), 2
        else:
            fit, place = fit_multinomial(np.array([[1.0, 0.0], [1.0, 1.0]]), unit, rung, who), 1
        pick = np.eye(len(fit.coefficients))[:, place : place + 1]
        return [kept(student(fit.coefficients[place : place + 1], pick, fit.errors, 0.95)["p_value"][0])]

    return run


def allegations_of(rng: Rng, complaints: int, late: bool = False) -> Durations:
    """Complaints of one, two or four allegations, most of which close on the day of the first; mean 100 days."""
    who = np.repeat(np.arange(complaints), rng.choice([1, 2, 4], complaints, p=[0.5, 0.3, 0.2]))
    alike = rng.random(len(who)) < 0.7
    day = np.ceil(np.where(alike, rng.exponential(100, complaints)[who], rng.exponential(100, len(who)))).astype(int)
    until, entry = rng.integers(50, 300, complaints)[who], rng.integers(0, 40, len(who)) * late
    seen = np.minimum(day, until) > entry
    who, day, until, entry = who[seen], day[seen], until[seen], entry[seen]
    groups = {"complaint": pd.Series(who.astype(str)), "rank": pd.Series(rng.choice(["a", "b"], len(who)))}
    made = Durations.from_days(np.minimum(day, until), day <= until, entry_time=entry, longest=until, groups=groups)
    number = pd.Series(who).groupby(who).cumcount() + 1
    return replace(made, table=made.table.assign(case_id=[f"{a}#{b}" for a, b in zip(who, number, strict=True)]))


def curved(complaints: int) -> Callable[[Rng], list[float]]:
    """The share of allegations still open after 50 days."""

    def run(rng: Rng) -> list[float]:
        row = delay.closing_curve(allegations_of(rng, complaints)).true_at([50]).iloc[0]
        return [float(row["lower"] <= np.exp(-0.5) <= row["upper"])]

    return run


def accused(rng: Rng, number: int, shape: str, cases: int) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """One to three officers a complaint, and their mean log odds."""
    part = np.arange(1.0, number + 1) ** (1.5 if shape == "skewed" else 0)
    many, lean = rng.choice([1, 2, 3], cases, p=[0.6, 0.25, 0.15]), rng.normal(0, 0.7, number)
    named = [tuple(rng.choice(number, k, replace=False, p=part / part.sum())) for k in many]
    return named, np.array([lean[list(each)].mean() for each in named])


def complaints(number: int, shape: str, cases: int) -> Callable[[Rng], list[float]]:
    """The difference of two shares of complaints that name one to three officers."""

    def run(rng: Rng) -> list[float]:
        (named, lean), group = accused(rng, number, shape, cases), rng.permutation(number) % 2
        rows = pd.DataFrame({"case_id": np.arange(cases), "officer_ids": named})
        hits = rng.random(cases) < 1 / (1 + np.exp(1.5 - lean))
        found = compared(hits, np.array([group[each[0]] for each in named]), ways_of(rows))
        return [np.nan if found.df == 0 else float(found.difference_lower <= 0 <= found.difference_upper)]

    return run


def beside(number: int, cases: int) -> Callable[[Rng], list[float]]:
    """Two agencies of one truth at one mix of three words."""
    words, mix = np.array(["a", "b", "c"]), np.array([0.5, 0.3, 0.2])
    common = pd.DataFrame({"level": words, "weight": mix})

    def run(rng: Rng) -> list[float]:
        parts = []
        for agency in ("first", "second"):
            (named, lean), word = accused(rng, number, "even", cases), rng.choice(3, cases, p=mix)
            value = (rng.random(cases) < 1 / (1 + np.exp(1.5 - lean - np.array([0, 0.5, -0.5])[word]))).astype(float)
            columns = {"agency": agency, "case_id": np.arange(cases), "officer_ids": named, "mix": words[word]}
            parts.append(pd.DataFrame(columns | {"value": value}))
        table = at_one_mix(pd.concat(parts, ignore_index=True), common, "sustained_share", 0.95)
        row = apart(table, 0.95).iloc[0]
        return [float(row["lower"] <= 0 <= row["upper"])]

    return run


def described(number: int, shape: str, groups: int, outcomes: int) -> Callable[[Rng], list[float]]:
    """The chi-square of a description: officers, each of one group, differ by 0.7 in the log odds of one outcome."""

    def run(rng: Rng) -> list[float]:
        who = officers_of(number, shape, 20)
        odds = rng.normal(0, 0.7, number)[who] - 1.0
        value = np.where(rng.random(len(who)) < 1 / (1 + np.exp(-odds)), 0, rng.integers(1, outcomes, len(who)))
        group = grouped(rng, number, groups, None)[who]
        rows = pd.DataFrame({"officer_id": who.astype(str), "group": group, "value": value})
        return [kept(float(tested(rows, "chi_square", "made up").table["p_value"].iloc[0]))]

    return run


def force(rng: Rng, planted: tuple[float, ...], bosses: int, squads: int = 3, size: int = 8) -> OfficerRecords:
    """Officers of squads of supervisors, about six complaints each, with gamma laws of these relative variances."""

    def law(variance: float, *shape: int) -> np.ndarray:
        return rng.gamma(1 / variance, variance, shape) if variance else np.ones(shape)

    rate = law(planted[0], bosses)[:, None, None] * law(planted[1], bosses, squads)[:, :, None]
    drawn = rng.poisson(6 * (rate * law(planted[2], bosses, squads, size)).ravel())
    there, unit = drawn > 0, np.repeat(np.arange(bosses * squads), size)
    who, n = np.repeat(np.arange(there.sum()), drawn[there]), int(drawn.sum())
    flags, zeros = np.zeros(n, bool), np.zeros(int(there.sum()), np.int64)
    return OfficerRecords(
        officer=who, case=np.arange(n), sustained=flags, decided=flags, received=rng.integers(0, 2000, n),
        closed=np.full(n, UNDATED), unit=unit[there], supervisor=unit[there] // squads, begin=zeros,
        end=zeros + 2001, first=0, last=2000, units=bosses * squads, supervisors=bosses, unit_word="squad",
    )  # fmt: skip


def spread(*planted: float, bosses: int) -> Callable[[Rng], list[float]]:
    """Variance components: supervisors, squads, officers."""

    def run(rng: Rng) -> list[float]:
        table = officers.variance_components(force(rng, planted, bosses), draws=199, seed=int(rng.integers(1e9))).table
        ends = zip(planted, table["lower"], table["upper"], strict=True)
        return [np.nan if high != high else float(low <= one <= high) for one, low, high in ends]

    return run


def shrunken(holders: int, variance: float) -> Callable[[Rng], list[float]]:
    """The Gini coefficient of underlying rates, three complaints a holder."""

    def run(rng: Rng) -> list[float]:
        rate = rng.gamma(1 / variance, variance, holders) if variance else np.ones(holders)
        counts = rng.poisson(3 * rate)
        row = officers.empirical_bayes(officers.Tally.of_counts(counts)).risk.iloc[0]
        from accountability.stats.count_laws import gamma_concentration

        truth = float(gamma_concentration(np.array([1 / variance if variance else np.inf]), 0.1)[0][0])
        return [np.nan if row["upper"] != row["upper"] else float(row["lower"] <= truth <= row["upper"])]

    return run


def source(rows: pd.DataFrame) -> Any:
    """A made-up agency of these allegations."""
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(
        name="made_up", ledger=None, cases=rows[["case_id"]].drop_duplicates(), allegations=rows, events=events,
        card=card, flow=lambda: None,
    )  # fmt: skip


def lost(family: Any, number: int, each: int, held: int | None = None) -> Callable[[Rng], list[float]]:
    """Days lost: whether any, and how many if so; officers differ by 0.7 in both."""

    def run(rng: Rng) -> list[float]:
        who, lean = np.repeat(np.arange(number), each), rng.normal(0, 0.7, number)
        group, some = grouped(rng, number, 2, held)[who], rng.random(len(who)) < 1 / (1 + np.exp(-lean[who]))
        rows = pd.DataFrame({"case_id": np.arange(len(who)), "officer_id": who}).astype("str")
        rows = rows.assign(
            unit_of=np.where(group, "z", "a"),
            finding="sustained",
            imposed_penalty=np.where(some, "suspension", "reprimand"),
            imposed_days=np.where(some, 1 + rng.poisson(np.exp(1.5 + lean[who])), np.nan),
        )
        found = outcomes.days_hurdle(source(rows), "unit_of", family=family, reference={"unit_of": "a"})
        return [kept(p) for p in found.true_numbers()["p_value"]]

    return run


def gap(number: int) -> Callable[[Rng], list[float]]:
    """The contribution of being sustained to a gap of nothing, by officer and complaint."""

    def run(rng: Rng) -> list[float]:
        who = rng.permutation(np.repeat(np.arange(number), 40))
        case = np.arange(len(who)) // 3
        odds = -1.4 + rng.normal(0, 0.5, number)[who] + rng.normal(0, 0.5, int(case.max()) + 1)[case]
        hit = rng.random(len(who)) < 1 / (1 + np.exp(-odds))
        group = (rng.permutation(number) % 2)[who]
        rows = pd.DataFrame({"case_id": case, "officer_id": who}).astype("str")
        rows = rows.assign(finding=np.where(hit, "sustained", "unfounded"), unit_of=np.where(group, "a", "b"))
        data = source(rows.drop_duplicates(["case_id", "officer_id"]))
        row = outcomes.decompose_gap(data, "unit_of", "a", "b").overall.iloc[0]
        return [float(row["difference_lower"] <= 0 <= row["difference_upper"])]

    return run


NAMED: dict[str, Callable[[Rng], list[float]]] = {
    "log-rank, 8 even": pace("log-rank", 8, "even", 30),
    "log-rank, 20 even": pace("log-rank", 20, "even", 20),
    "log-rank, 20 even, 4 groups": pace("log-rank", 20, "even", 20, 4),
    "log-rank, 20 skewed": pace("log-rank", 20, "skewed", 20),
    "cox, 8 even": pace("cox", 8, "even", 30),
    "cox, 20 skewed": pace("cox", 20, "skewed", 20),
    "parametric, 8 even": pace("parametric", 8, "even", 30),
    "parametric, 20 skewed": pace("parametric", 20, "skewed", 20),
    "fine-gray, 8 even": pace("fine-gray", 8, "even", 30),
    "fine-gray, 20 skewed": pace("fine-gray", 20, "skewed", 20),
    "discrete, 8 even": pace("discrete", 8, "even", 30),
    "discrete, 20 skewed": pace("discrete", 20, "skewed", 20),
    "ordered, 8 even": rungs("ordered", 8),
    "ordered, 20 even": rungs("ordered", 20),
    "multinomial, 8 even": rungs("multinomial", 8),
    "multinomial, 20 even": rungs("multinomial", 20),
    "cox, 300 officers, a level on 5": pace("cox", 300, "even", 15, 2, 5),
    "parametric, 300 officers, a level on 5": pace("parametric", 300, "even", 15, 2, 5),
    "fine-gray, 300 officers, a level on 5": pace("fine-gray", 300, "even", 15, 2, 5),
    "discrete, 300 officers, a level on 5": pace("discrete", 300, "even", 15, 2, 5),
    "ordered, 300 officers, a level on 5": rungs("ordered", 300, 5),
    "multinomial, 300 officers, a level on 5": rungs("multinomial", 300, 5),
    "days lost, 8 even": lost("quasi_poisson", 8, 40),
    "days lost, 20 even": lost("quasi_poisson", 20, 20),
    "days lost, 300 officers, a level on 5": lost("quasi_poisson", 300, 15, 5),
    "complaints, 20 even": complaints(20, "even", 300),
    "complaints, 20 skewed": complaints(20, "skewed", 300),
    "closing curve, allegations of 120 complaints": curved(120),
    "closing curve, allegations of 30 complaints": curved(30),
    "agencies side by side, 20 even": beside(20, 300),
    "agencies side by side, 60 even": beside(60, 600),
    "chi-square, 8 even": described(8, "even", 2, 2),
    "chi-square, 20 even, 4 groups": described(20, "even", 4, 2),
    "chi-square, 20 skewed, 3 outcomes": described(20, "skewed", 2, 3),
    "chi-square, 60 even, 4 groups, 4 outcomes": described(60, "even", 4, 4),
    "variances, 8 supervisors": spread(0.25, 0.125, 0.5, bosses=8),
    "variances, 8 supervisors alike": spread(0.0, 0.0, 0.5, bosses=8),
    "variances, 20 supervisors": spread(0.25, 0.125, 0.5, bosses=20),
    "empirical Bayes, 60 holders": shrunken(60, 0.5),
    "empirical Bayes, 60 alike": shrunken(60, 0.0),
    "gap, 30 even": gap(30),
    "gap, 12 even": gap(12),
}


def measured(run: Callable[[Rng], list[float]], agencies: int, seed: int) -> np.ndarray:
    """Whether it is right, agencies by numbers; missing where nothing is given."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(agencies):
        try:
            found.append(run(rng))
        except Refusal:
            found.append([np.nan])
    width = max(map(len, found))
    return np.array([one if len(one) == width else [np.nan] * width for one in found])


def named(name: str, number: int, again: int, seed: int) -> np.ndarray:
    """What a named cell gives, run again where it lies outside or is wide."""
    warnings.simplefilter("ignore")
    found = measured(NAMED[name], number, seed)
    means = np.nanmean(found, axis=0)
    return found if (means >= LEAST).all() and (means <= MOST).all() else measured(NAMED[name], again, 1000 + seed)


def main() -> int:
    """Print the cells; the number of those outside is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=300)
    parser.add_argument("--again", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    options(parser)
    asked = parser.parse_args()
    bad = 0
    print("| cell | agencies | right | not given | |\n|---|---|---|---|---|")
    again = asked.again or 5 * asked.agencies
    pieces = [(name, asked.agencies, again, asked.seed + k) for k, name in enumerate(NAMED) if asked.only in name]
    for (name, *_), right in zip(pieces, shared_out(named, pieces, asked.jobs, asked.scheduler), strict=True):
        means = np.nanmean(right, axis=0)
        bad += int((means < LEAST).any())
        mark = "outside" if (means < LEAST).any() else "wide" if (means > MOST).any() else ""
        said = ", ".join(f"{one:.1%}" for one in means)
        print(f"| {name} | {len(right):,} | {said} | {np.isnan(right).mean():.1%} | {mark} |", flush=True)
    return min(bad, 100)


if __name__ == "__main__":
    sys.exit(main())
