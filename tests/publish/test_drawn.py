"""The data beside a figure are those drawn: every kind of mark is read back as it was given."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from accountability import publish
from accountability.figures import draw
from accountability.figures.titles import titled
from accountability.publish import kept, pictures
from accountability.publish.drawn import axes_of, data_of


@pytest.fixture
def ax() -> Axes:
    mpl.use("agg")
    return draw.new_axes()


def read(ax: Axes) -> pd.DataFrame:
    return data_of(ax.get_figure())


CURVE = pd.DataFrame(
    {"day": [0, 1, 0, 7], "share": [0.0, 1 / 3, 0.1, 0.2], "low": 0.0, "high": 0.5, "unit": ["a", "a", "b", "b"]}
)


def test_a_step_curve_gives_its_points_in_full_precision_and_its_band_both_edges(ax: Axes) -> None:
    for unit, part in CURVE.groupby("unit"):
        ax.step(part["day"], part["share"], where="post", label=unit)
        ax.fill_between(part["day"], part["low"], part["high"], step="post", label=unit)
    found = read(ax)
    curves = found[found["drawn"] == "steps-post"]
    assert curves[["label", "x", "y"]].to_numpy().tolist() == CURVE[["unit", "day", "share"]].to_numpy().tolist()
    band = found[(found["drawn"] == "band") & (found["label"] == "b")]
    assert set(zip(band["x"], band["y"], band["y_end"], strict=True)) == {(0.0, 0.0, 0.5), (7.0, 0.0, 0.5)}
    assert found.groupby("series")["label"].nunique().eq(1).all()


def test_bars_give_their_place_both_ends_and_the_name_on_the_axis(ax: Axes) -> None:
    draw.bars(ax, pd.DataFrame({"year": ["2019", "2020"], "cases": [3, 4]}), x="year", y="cases", label="closed")
    ax.barh([7], [2.5], label="open")
    found = read(ax)
    assert found[found["label"] == "closed"][["x", "y", "y_end", "x_tick"]].to_numpy().tolist() == [
        [0.0, 0.0, 3.0, "2019"],
        [1.0, 0.0, 4.0, "2020"],
    ]
    assert found[found["label"] == "open"][["x", "x_end", "y"]].to_numpy().tolist() == [[0.0, 2.5, 7.0]]


def test_stacked_bars_are_told_apart_by_the_legend(ax: Axes) -> None:
    counts = pd.DataFrame({"year": [2019, 2019, 2020], "n": [10, 20, 30], "kind": ["open", "closed", "open"]})
    draw.stacked(ax, counts, x="year", height="n", by="kind")
    found = read(ax)
    height = (found["y_end"] - found["y"]).groupby([found["label"], found["x"]]).sum()
    assert height[height > 0].to_dict() == {("closed", 2019.0): 20.0, ("open", 2019.0): 10.0, ("open", 2020.0): 30.0}


def test_intervals_segments_and_lines_across_the_figure_are_kept_apart(ax: Axes) -> None:
    frame = pd.DataFrame({"what": ["x", "y"], "low": [1.0, 2.0], "mid": [1.5, 2.5], "high": [2.0, 3.0]})
    draw.ranges(ax, frame, label="what", estimate="mid", lower="low", upper="high", null=1.0)
    found = read(ax)
    across = found[found["drawn"] == "segment"]
    assert across[["x", "x_end", "y", "y_tick"]].to_numpy().tolist() == [[1.0, 2.0, 1.0, "x"], [2.0, 3.0, 0.0, "y"]]
    null = found[(found["drawn"] == "line")]
    assert (null["x"] == 1.0).all()
    assert null["y"].isna().all(), "a line across the figure has no height in the axis's unit"
    assert found[found["drawn"] == "points"]["x"].tolist() == [1.5, 2.5]


def test_days_come_back_as_days_and_marks_above_the_figure_have_no_height(ax: Axes) -> None:
    days = pd.Series(pd.to_datetime(["2020-02-29", "2021-03-01"]))
    draw.lines(ax, pd.DataFrame({"day": days, "n": [1, 2]}), x="day", y="n", label="open")
    draw.marks(ax, days.iloc[:1], label="mass closure", number=1)
    found = read(ax)
    assert found[found["label"] == "open"]["x"].tolist() == ["2020-02-29", "2021-03-01"]
    marked = found[found["label"] == "mass closure"]
    assert marked["x"].tolist() == ["2020-02-29"]
    assert marked["y"].isna().all()


def test_a_picture_gives_one_row_a_cell_with_both_names_and_the_words_in_it(ax: Axes) -> None:
    ax.imshow([[0.25, np.nan]], aspect="auto")
    ax.set_xticks([0, 1], ["race", "rank"])
    ax.text(1, 0, "hidden")
    found = read(ax)
    cells = found[found["drawn"] == "cell"]
    assert cells["x_tick"].tolist() == ["race", "rank"]
    assert cells["value"].tolist()[0] == 0.25
    assert pd.isna(cells["value"].tolist()[1])
    assert found[found["drawn"] == "text"][["x", "y", "text"]].to_numpy().tolist() == [[1.0, 0.0, "hidden"]]


def test_other_shapes_give_their_corners_and_what_is_not_shown_gives_nothing(ax: Axes) -> None:
    ax.axvspan(2, 3)
    ax.fill([0, 1, 1], [0, 0, 1])
    (hidden,) = ax.plot([99], [99])
    hidden.set_visible(False)
    found = read(ax)
    box = found[found["drawn"] == "box"].iloc[0]
    assert (box["x"], box["x_end"], pd.isna(box["y"])) == (2.0, 3.0, True)
    assert found[found["drawn"] == "area"][["x", "y"]].to_numpy().tolist()[:3] == [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    assert 99 not in found["x"].tolist()


@given(values=st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=6))
def test_a_number_drawn_is_the_number_written(values: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept")
    ax = Figure().subplots()
    ax.plot(range(len(values)), values)
    kept.write_csv(read(ax), folder / "line.csv")
    written = pd.read_csv(folder / "line.csv")
    assert written["y"].tolist() == values


def test_the_manifest_names_the_data_and_the_words_on_the_axes(ax: Axes, tmp_path: Path) -> None:
    ax.plot([1, 2], [3, 4], label="=danger")
    ax.set(xlabel="days", ylabel="share", title="Curve")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(kept.FOLDER_VARIABLE, str(tmp_path))
        publish.figure(ax, alt="a line", name="line")
    (entry,) = kept.kept_in(tmp_path)
    assert entry["data"] == "figures/line.csv"
    assert entry["axes"] == [{"title": "Curve", "x": "days", "y": "share"}]
    assert entry["rows"] == 2
    assert "'=danger" in (tmp_path / entry["data"]).read_text(), "a label is not run by a spreadsheet"


def in_two_passes(figure: Figure, kind: str) -> bytes:
    """The file as Matplotlib writes it, laid out once more before it is drawn."""
    stamps: dict[str, dict[str, None]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    buffer, engine = io.BytesIO(), figure.get_layout_engine()
    with mpl.rc_context(pictures._SETTINGS):
        figure.dpi = pictures.DPI
        figure.draw_without_rendering()
        box = figure.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
        figure.set_layout_engine("none" if engine is not None else None)
        figure.savefig(buffer, format=kind, dpi=pictures.DPI, bbox_inches=box, metadata=stamps[kind])
    return buffer.getvalue()


def shown(file: bytes, kind: str) -> bytes:
    """What a file shows: a PNG may be packed in more ways than one, and places in an SVG are rounded."""
    if kind == "png":
        return Image.open(io.BytesIO(file)).tobytes()
    rounded = re.sub(rb"\d+\.\d+", lambda number: b"%.3f" % float(number[0]), file)
    return re.sub(rb"\bp[0-9a-f]{10}\b", b"clip", rounded)


@pytest.mark.parametrize("layout", ["constrained", "tight", None])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_file_drawn_once_is_the_one_that_matplotlib_draws_twice(layout: Any, kind: str) -> None:
    found = []
    for way in (in_two_passes, pictures.rendered):
        figure, panels = plt.subplots(1, 2, layout=layout)
        panels[0].plot([1, 2, 3], [3, 1, 2], label="a line")
        panels[0].legend()
        panels[1].barh(["a label that is long", "short"], [1, 2])
        file = way(figure, kind)
        found.append(shown(file, kind))
        plt.close(figure)
    assert found[0] == found[1]
    blank = plt.figure(layout=layout)
    assert len(file) > 2 * len(pictures.rendered(blank, kind)), "something is drawn"
    plt.close(blank)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_text_looked_up_is_as_large_as_one_that_is_set(kind: str) -> None:
    def drawn(dpi: int) -> bytes:
        figure, axes = plt.subplots(layout="constrained")
        for size, weight, loc in ((8, "normal", "center"), (12, "normal", "right"), (12, "bold", "left")):
            axes.set_title("half", fontsize=size, fontweight=weight, loc=loc)
        file = pictures.rendered(figure, kind, dpi)
        plt.close(figure)
        return shown(file, kind)

    looked_up = [drawn(dpi) for dpi in (60, 144, 60, 144)]
    assert {key[:2] for key in pictures._SET if key[2] == "half"} >= {(kind, 60), (kind, 144)}
    assert looked_up[:2] == looked_up[2:]
    for dpi, file in zip((60, 144), looked_up[:2], strict=True):
        pictures._SET.clear()
        assert drawn(dpi) == file


def test_a_figure_with_texts_is_drawn_with_the_margins_of_its_file() -> None:
    ax = plt.subplots(layout="constrained")[1]
    ax.plot([1, 2, 3], [3, 1, 2])
    figure = titled(ax.get_figure(), "Half were closed within 125 days", "Complaints of 2019", "Kaplan-Meier")
    fast = Image.open(io.BytesIO(pictures.rendered(figure, "png"))).convert("RGB")
    slow = Image.open(io.BytesIO(in_two_passes(figure, "png"))).convert("RGB")
    plt.close(figure)
    assert all(abs(one - other) <= 2 for one, other in zip(fast.size, slow.size, strict=True))
    small = [np.asarray(one.resize((100, 80)), dtype=float) for one in (fast, slow)]
    assert abs(small[0] - small[1]).mean() < 2, "the same picture, moved by less than a dot"


def test_every_panel_is_read() -> None:
    figure = Figure()
    panels = figure.subplots(1, 2)
    panels[0].plot([1], [1], "o")
    panels[1].plot([2], [2], "o")
    found = data_of(figure)
    assert found[["panel", "x"]].to_numpy().tolist() == [[1, 1.0], [2, 2.0]]
    assert len(axes_of(figure)) == 2


def test_a_word_placed_at_a_day_is_read_as_that_day(ax: Axes) -> None:
    ax.plot(pd.to_datetime(["2010-01-01", "2012-01-01"]), [0, 1])
    ax.text(pd.Timestamp("2011-06-01"), 0.5, "opened")
    found = read(ax)
    assert found.loc[found["drawn"] == "text", ["x", "text"]].to_numpy().tolist() == [["2011-06-01", "opened"]]


def test_axes_inside_others_and_printed_tables_are_read(ax: Axes) -> None:
    ax.plot([1, 2])
    inner = ax.inset_axes([0.5, 0.5, 0.4, 0.4])
    inner.bar([0, 1], [57, 3])
    inner.set_ylabel("complaints")
    ax.secondary_xaxis("top")
    ax.table(cellText=[["North", "3"]])
    found = data_of(ax.get_figure())
    assert found.loc[found["panel"] == 2, "y_end"].tolist() == [57.0, 3.0]
    assert [said["y"] for said in axes_of(ax.get_figure())] == ["", "complaints"]
    assert {"North", "3"} <= set(found["text"].dropna())
