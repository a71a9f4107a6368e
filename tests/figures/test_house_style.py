"""Every figure of a public result can be read: no words over words, none cut, title, subtitle, axes, alt text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import front_doors
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import full
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from overlaps import faults

from accountability import delay
from accountability.figures import draw, house_style, letters, titles
from accountability.figures.draw import ranges
from accountability.figures.group_curves import shortened
from accountability.figures.narrow import narrowed
from accountability.figures.share_bars import flow, stacked_shares
from accountability.figures.titles import rewrapped, titled, words_of
from accountability.results import Result
from accountability.study.durations import Durations

STORED = Path(__file__).parent / "stored"
LONG = [
    "Bureau of Internal Affairs and Professional Standards",
    "Civilian Office of Police Accountability",
    "District",
    "Office of the Inspector General",
    *(f"Investigations of district {number}, late watch" for number in range(1, 12)),
]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg", "figure.max_open_warning": 0}):
        yield


def grouped(count: int) -> Durations:
    rng = np.random.default_rng(3)
    group = rng.integers(0, count, 200 * count)
    days = rng.exponential(100 + 30 * group).astype(int)
    watched = rng.integers(300, 1500, len(days))
    return Durations.from_days(
        np.minimum(days, watched), days <= watched, groups={"office": [LONG[place] for place in group]}
    )


@pytest.mark.parametrize("width", [7.0, 4.375])
@pytest.mark.parametrize("count", [2, 3, 8, 15])
def test_curves_of_groups_with_long_names_can_be_read(count: int, width: float) -> None:
    figure = delay.closing_curve(grouped(count), "office").plot().figure
    figure.set_size_inches(width, figure.get_size_inches()[1])
    rewrapped(figure)
    assert faults(figure) == []


@pytest.mark.parametrize("count", [8, 15])
def test_many_groups_have_a_panel_each_with_the_others_in_grey(count: int) -> None:
    figure = delay.closing_curve(grouped(count), "office").plot().figure
    assert len(figure.axes) == count
    (grey,) = (line for line in figure.axes[0].get_lines() if line.get_color() == "0.82")
    curves = np.split(grey.get_xdata(), np.flatnonzero(np.isnan(grey.get_ydata())) + 1)
    assert [len(curve) > 2 for curve in curves] == [True] * (count - 1) + [False]
    assert all((np.diff(curve[:-1]) > 0).all() for curve in curves[:-1])


def test_numbers_at_risk_stand_under_their_days() -> None:
    axes = delay.closing_curve(grouped(3), "office").plot()
    axes.figure.canvas.draw()
    below = axes.figure.axes[1]
    assert len(below.get_yticklabels()) == 3
    assert {text.get_position()[0] for text in below.texts} == set(house_style.day_ticks(axes))
    assert axes.get_position().x0 == pytest.approx(below.get_position().x0)


def test_days_are_years_where_they_are_many_and_shares_are_per_cent() -> None:
    axes = delay.closing_curve(grouped(2), "office").plot()
    axes.figure.canvas.draw()
    assert axes.get_xlabel() in ("years", "months")
    assert [text.get_text() for text in axes.get_yticklabels()][-1] == "100 %"


def test_one_number_is_written_and_not_drawn() -> None:
    axes = house_style.new_axes(height=1.5)
    frame = pd.DataFrame({"who": ["all"], "estimate": [178.0], "lower": [177.0], "upper": [178.0]})
    ranges(axes, frame, label="who", estimate="estimate", lower="lower", upper="upper", kind="days", unit="days")
    assert not axes.get_lines()
    assert {"178 days", "interval: 177 to 178"} <= {text.get_text() for text in axes.texts}


def test_a_hidden_number_is_hatched_and_said_never_left_out() -> None:
    axes = house_style.new_axes()
    frame = pd.DataFrame(
        {
            "who": ["a", "b"],
            "estimate": [0.2, np.nan],
            "lower": [0.1, np.nan],
            "upper": [0.3, np.nan],
            "hidden": [False, True],
        }
    )
    ranges(axes, frame, label="who", estimate="estimate", lower="lower", upper="upper", kind="share")
    assert [text.get_text() for text in axes.texts] == ["20 % (10 % to 30 %)", house_style.HIDDEN]
    assert any(bar.get_hatch() for bar in axes.patches)


def test_a_hidden_share_fills_its_bar_and_a_hidden_way_is_no_end() -> None:
    shares = pd.DataFrame({"g": "x", "term": ["none", "reprimand", "dismissal"], "share": [0.6, 0.3, np.nan]})
    bars = stacked_shares(shares, by=["g"], term="term", share="share", label="share")
    assert sum(bar.get_width() for bar in bars.patches) == pytest.approx(1)
    assert bars.patches[-1].get_hatch()
    states = pd.DataFrame({"step": ["then", "then", "now"], "term": ["none", "reprimand", "none"], "n": [20, 15, 35]})
    ways = pd.DataFrame(
        {
            "before": "then",
            "term_before": ["none", "reprimand"],
            "after": "now",
            "term_after": "none",
            "n": [20, np.nan],
        }
    )
    drawn = flow(states, ways)
    assert sum(bool(band.get_hatch()) for band in drawn.collections) == 2  # it leaves one state and enters another


def test_the_ladder_of_penalties_is_told_from_light_to_dark() -> None:
    colours = house_style.colours_of(["dismissal", "none", "suspension"])
    light = [sum(mpl.colors.to_rgb(colours[name])) for name in ("none", "suspension", "dismissal")]
    assert light == sorted(light, reverse=True)
    assert house_style.in_order(["dismissal", "pending", "none"]) == ["none", "dismissal", "pending"]


def test_words_over_words_and_words_cut_are_noticed() -> None:
    figure = titled(house_style.new_axes().figure, "A finding", "What is shown")
    figure.axes[0].set_xlabel("days")
    for place in (0.5, 0.52, 1.0):
        figure.axes[0].text(place, 0.5, "a word or two", transform=figure.axes[0].transAxes).set_in_layout(False)
    said = faults(figure)
    assert [fault for fault in said if "overlap: 'a word" in fault]
    assert [fault for fault in said if "cut at the edge: 'a word" in fault]


def test_the_words_over_a_figure_are_broken_to_its_width() -> None:
    figure = house_style.new_axes().figure
    titled(figure, "A finding " * 20, "What is shown " * 12, "Source and number " * 15)
    for width in (7.0, 3.5):
        figure.set_size_inches(width, 3)
        assert [said for said in faults(rewrapped(figure)) if "axis" not in said] == []
    assert words_of(figure).alt.startswith("A finding")


@pytest.mark.parametrize("at", [5, 25, 45, 48, 49, 52, 55, 60, 75, 95])
def test_the_label_of_a_limit_stays_within_the_figure_wherever_the_limit_is(at: int) -> None:
    rows = pd.DataFrame({"reading": ["opened, closed", "received, decided", "received, closed"]})
    rows = rows.assign(estimate=[30.0, 50.0, 70.0], lower=[20.0, 40.0, 60.0], upper=[40.0, 60.0, 80.0])
    axes = house_style.new_axes()
    draw.ranges(
        axes, rows, label="reading", estimate="estimate", lower="lower", upper="upper", kind="days", beside=False
    )
    draw.labelled(axes, x="days")
    axes.set_xlim(0, 100)
    draw.limit(axes, at, "limit: 180 calendar days")
    figure = titled(axes.figure, "A finding", "What is shown")
    assert faults(figure) == []
    with narrowed(figure, 4.375):
        assert faults(figure) == []


# ---- every public result ---------------------------------------------------------------------------------------


def results() -> dict[str, Result]:
    """The last result of each class that the examples of the public functions make."""
    return {type(result).__name__: result for ran in front_doors.ran().values() for result in ran.results}


def test_every_figure_of_a_public_result_can_be_read() -> None:
    wrong, drawn = {}, 0
    for name, result in sorted(results().items())[:: 1 if full() else 2]:
        for panel in [each for each in dir(type(result)) if each.startswith("plot")]:
            try:
                axes = getattr(result, panel)()
            except NotImplementedError:
                continue
            drawn += 1
            if found := faults(axes.figure):
                wrong[f"{name}.{panel}"] = found
            with narrowed(axes.figure, 4.375):
                if found := faults(axes.figure):
                    wrong[f"{name}.{panel}, narrow"] = found
            plt.close("all")
    assert wrong == {}
    assert drawn > (35 if full() else 15)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_picture_of_curves_is_the_one_that_is_stored(count: int, tmp_path: Path) -> None:
    """Compared dot by dot with room for another release of the letters' drawing; to renew: save over the stored one."""
    from matplotlib.testing.compare import compare_images

    figure = delay.closing_curve(grouped(count), "office" if count > 1 else None).plot().figure
    now = tmp_path / "now.png"
    figure.savefig(now, dpi=50, metadata={"Software": None})
    assert compare_images(str(STORED / f"curves_{count}.png"), str(now), tol=8) is None


def test_short_names_beside_the_numbers_at_risk_are_told_apart() -> None:
    assert shortened(["north", "south"]) == ["north", "south"]
    assert shortened(["a name that is long enough", "x" * 40]) == ["a name that is long enough", f"{'x' * 25}…"]
    bureaus = [f"Bureau of investigations and standards, {side}" for side in ("north", "south", "north-west")]
    short = shortened(bureaus)
    assert len(set(short)) == 3
    assert all(len(one) <= 26 and one.endswith(name.split()[-1]) for one, name in zip(short, bureaus, strict=True))
    alike = [f"{'a' * 30} {middle} {'z' * 30}" for middle in ("one", "two")]
    assert shortened(alike) == alike, "no room is better than two names that read the same"


@pytest.mark.parametrize("weight", ["normal", "bold"])
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ABCIMW.,;:()%0123456789–é", min_size=20, max_size=120))
def test_the_sum_of_its_letters_is_the_width_of_a_line(weight: str, text: str) -> None:
    line = text.strip() or "a"
    with mpl.rc_context({"text.hinting": "no_hinting"}):
        face = FontProperties(family=["DejaVu Sans"], size=9.0, weight=weight)
        dots, _, _ = RendererAgg(1, 1, 144).get_text_width_height_descent(line, face, ismath=False)
    # Pairs such as AV stand closer, which only shortens it.
    assert 0.93 * letters.wide(line, 9.0, weight) - 2 / 144 <= dots / 144 <= 1.005 * letters.wide(line, 9.0, weight)


def test_a_letter_that_the_face_lacks_is_taken_for_the_widest() -> None:
    assert letters.wide("中", 9.0, "normal") == 9.0 / 72


def test_of_many_groups_those_with_the_most_cases_are_drawn_and_the_figure_says_so() -> None:
    many = len(LONG) * 4
    names = [f"district {number:02}" for number in range(many)]
    sizes = [20 + number for number in range(many)]
    days = [5 + place for size in sizes for place in range(size)]
    made = Durations.from_days(days, [True] * len(days), groups={"district": np.repeat(names, sizes).tolist()})
    figure = delay.closing_curve(made, "district").plot().figure
    words = words_of(figure)
    assert words is not None
    assert f"the {titles.MOST_DRAWN - 1} groups with the most cases and that with the least value, of {many}" in (
        words.footer
    )
    drawn = {axes.get_title(loc="left") or axes.get_title() for axes in figure.axes}
    assert {names[-1], names[0]} <= drawn, "the title names the ends"
    assert names[1] not in drawn
    assert len(figure.axes) <= 2 * titles.MOST_DRAWN
    few = delay.closing_curve(grouped(15), "office").plot().figure
    assert "with the most cases" not in str(words_of(few))
    rows = delay.compare_groups(made, "district").plot()
    assert f"of {many}; the tables hold all" in str(words_of(rows.figure))
    said = [label.get_text() for label in rows.get_yticklabels()]
    assert len(said) == titles.MOST_DRAWN + 1, "all cases, and the groups"
    shares = pd.DataFrame(
        {"district": np.repeat(names, 2), "term": ["a", "b"] * many, "share": 0.5, "n": np.repeat(sizes, 2)}
    )
    bars = stacked_shares(shares, by=["district"], term="term", share="share", label="share")
    assert len(bars.get_yticks()) == titles.MOST_DRAWN
    told = words_of(titled(bars.figure, "Half were upheld"))
    assert told is not None
    assert f"of {many}" in told.footer


def test_numbers_in_narrow_bars_never_stand_over_one_another() -> None:
    shares = [0.07, 0.06, 0.06, 0.81]
    rows = pd.DataFrame({"office": "the office of the north", "term": list("abcd"), "share": shares, "n": 500})
    rows = pd.concat([rows, rows.assign(office="south")])
    bars = stacked_shares(rows, by=["office"], term="term", share="share", label="share")
    figure = titled(bars.figure, "Most ended so", "Share by end")
    assert faults(figure) == []
    with narrowed(figure, 4.375):
        assert faults(figure) == []
        shown = [text.get_text() for text in bars.texts if text.get_visible()]
    assert "81 %" in shown
    assert len(shown) < len(bars.texts)
    assert all(text.get_visible() for text in bars.texts)


def test_a_number_and_its_per_cent_stay_in_one_line() -> None:
    said = "closings were 96.2 % of receipts (Hispanic) to 123.1 % (Black)"
    for inches in np.linspace(0.8, 4.0, 30):
        lines = letters.broken(said, float(inches), 9.0).split("\n")
        assert not [line for line in lines if line.startswith("%")]
        assert " ".join(lines) == said
    assert letters.broken("  ", 1.0, 9.0) == ""


@pytest.mark.parametrize("number", range(3))
def test_no_test_finds_the_figure_of_another_open(number: int) -> None:
    """What a test draws is closed behind it, whoever drew it and in whatever order tests run."""
    assert plt.get_fignums() == []
    plt.figure(number)
