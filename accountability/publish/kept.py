"""Save a notebook's tables (CSV), figures and their data for its report.

The runner sets a folder in an environment variable. Without it (in JupyterLab, under nbval) nothing is written and the
notebook shows the same.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from accountability.errors import ParameterError
from accountability.figures.titles import for_hall
from accountability.publish import drawn_once
from accountability.publish.column_kinds import column_kinds
from accountability.publish.drawn import axes_of, data_of
from accountability.publish.pictures import narrow_pictures, pictures, rendered
from accountability.results import Refused, Result, write_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from accountability.casefiles import CaseReport
    from accountability.findings import Finding

#: Set by the runner for the kernel.
FOLDER_VARIABLE: Final = "ACCOUNTABILITY_KEEP_IN"
MANIFEST: Final = "kept.jsonl"
#: What a notebook found, until it stands in the report's record; and the name of the figure that carries it.
FOUND: Final = "finding.json"
LEAD: Final = "lead"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
#: Fine enough for a hall's screen.
_HALL_DPI: Final = 290
#: Ending of a figure drawn for one column of a journal.
NARROW: Final = ".narrow.svg"
NARROW_PNG: Final = ".narrow.png"

T = TypeVar("T")


def folder() -> Path | None:
    """Return the runner's folder, or ``None`` outside a run."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def keep(name: str, result: T, caption: str = "") -> T:
    """Save a table for the report as CSV, with numbers in full precision.

    Parameters
    ----------
    name : str
        File name without suffix: lower-case letters, digits and underscores; unique in a notebook.
    result : Result, DataFrame or Series
        A result's ``.table`` is written. A named index becomes columns, an unnamed one is left out.
    caption : str
        Caption; default the result's estimand.

    Returns
    -------
    Result, DataFrame or Series
        The argument, so that a cell can end with ``keep(...)`` and show it.

    Raises
    ------
    ParameterError
        If the name is invalid or was used before, or there is no table to write.

    Examples
    --------
    >>> from accountability import publish
    >>> import pandas as pd
    >>> counts = publish.keep("by_year", pd.DataFrame({"year": [2019, 2020], "n": [120, 98]}), "cases by year")
    >>> counts.shape
    (2, 2)
    """
    import pandas as pd

    table: Any = getattr(result, "table", result)
    if isinstance(table, pd.Series):
        table = table.to_frame()
    if not isinstance(table, pd.DataFrame):
        raise ParameterError(
            f"keep({name!r}): expected a DataFrame, a Series or a result with a .table, found {type(result).__name__}"
        )
    _check(name)
    target = folder()
    if target is not None:
        sentence = getattr(result, "sentence", None)
        path = target / "tables" / f"{name}.csv"
        entry = {
            "kind": "table",
            "name": name,
            "file": f"tables/{name}.csv",
            "caption": caption or getattr(result, "estimand", ""),
            # A report's headline is an estimate, never the reason why there is none.
            "sentence": sentence() if callable(sentence) and not isinstance(result, Refused) else "",
            "rows": len(table),
            "kinds": column_kinds(table if all(name is None for name in table.index.names) else table.reset_index()),
        }
        _not_there(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_csv(table, path)
        _record(target, entry)
    return result


def keep_parts(report: CaseReport, *names: str) -> None:
    """Show parts of a report on a case, and save their tables and figures.

    Parameters
    ----------
    report : CaseReport
        From :func:`accountability.casefiles.case_report`.
    *names : str
        Names of parts; by default all, each under its heading.

    Raises
    ------
    ParameterError
        For anything but a report on a case.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.keep_parts("news_cases")
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: publish.keep_parts needs the report on a case, and was given a str. Write:
        publish.keep_parts(casefiles.case_report(casefiles.read('news_cases')))
    """
    if not hasattr(report, "named"):
        raise ParameterError(
            f"publish.keep_parts needs the report on a case, and was given a {type(report).__name__}. Write:\n"
            "    publish.keep_parts(casefiles.case_report(casefiles.read('news_cases')))"
        )
    from IPython.display import Markdown, display

    for part in report.named(*names):
        if part.heading and not names:
            display(Markdown(f"### {part.heading}"))
        keep(part.name, part.result, part.caption)
        if part.shown is not None:
            display(part.shown)
        if part.drawn is not None:
            figure(part.drawn, name=part.name)


def figure(drawn: Axes | Figure | Result, alt: str = "", name: str | None = None, *, hall: bool = False) -> None:
    """Show a figure with an alternative text, and save it for the report.

    Parameters
    ----------
    drawn : Axes, Figure or Result
        The figure or one of its Axes, which is closed afterwards. A result is drawn by its ``plot()``; a refused
        estimate shows its reason.
    alt : str
        Alternative text; a result's sentence when left out.
    name : str, optional
        File name without suffix under which it is also saved as SVG and PNG, also drawn for a narrow column, and its
        data as CSV (:func:`accountability.publish.drawn.data_of`).
    hall : bool
        Whether to draw it for a slide, with large letters and without its texts.

    Raises
    ------
    ParameterError
        Without an alternative text, or for a name that :func:`keep` refuses.

    Examples
    --------
    >>> from accountability import publish
    >>> import matplotlib.pyplot as plt
    >>> drawn, axes = plt.subplots()
    >>> bars = axes.bar(["2019", "2020"], [120, 98])
    >>> publish.figure(axes, " ")
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: figure needs alt=: what the figure says, for a reader who cannot see it
    >>> plt.close(drawn)
    """
    from IPython.display import display

    if isinstance(drawn, Result):
        alt = alt or drawn.sentence()
        if isinstance(drawn, Refused):
            display({"text/plain": f"No figure: {drawn.estimand} could not be estimated."}, raw=True)
            return
        _show(drawn.plot, alt, name, (drawn,), hall=hall)
    else:
        _show(lambda: drawn, alt, name, hall=hall)


def _show(
    draw: Callable[[], Any], alt: str, name: str | None, drawn_from: tuple[Any, ...] = (), *, hall: bool = False
) -> None:
    """Show what `draw` returns, and save it; in a grid, what another set has drawn from the same is not drawn again."""
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ParameterError("figure needs alt=: what the figure says, for a reader who cannot see it")
    if name is not None:
        _check(name)
    target = folder()
    image: Any = None
    if name is None or target is None:
        image = _image(draw)
        said = _size(image)
        png = b"" if hall and target is None else rendered(image, "png")
    else:
        path = target / "figures" / name
        _not_there(path.with_suffix(".svg"))
        place = drawn_once.place_of(name, *drawn_from) if drawn_from and not hall else None
        said = drawn_once.taken(place, path)
        if not said:
            image = _image(draw)
            said = _saved(image, path)
            drawn_once.left(place, path, said)
        png = path.with_suffix(".png").read_bytes()
        files = {"file": f"figures/{name}.svg", "data": f"figures/{name}.csv"}
        numbers = {"axes": said.pop("axes"), "rows": said.pop("rows")}
        _record(target, {"kind": "figure", "name": name, **files, "caption": alt, **numbers})
    said = {"alt": alt, **said}
    if hall:
        letters = for_hall(image)
        png = rendered(image, "png", _HALL_DPI)
        wide, high = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        said |= {"height": round(said["width"] * high / wide), "letters": round(letters * _HALL_DPI / 72, 1)}
    if image is not None:
        plt.close(image)
    display({"image/png": png, "text/plain": f"Figure: {alt}"}, raw=True, metadata={"image/png": said})


def _image(draw: Callable[[], Any]) -> Any:
    drawn = draw()
    return drawn.get_figure() if hasattr(drawn, "get_figure") else drawn


def _size(image: Figure) -> dict[str, Any]:
    width, height = (round(side * image.dpi) for side in image.get_size_inches())
    return {"width": width, "height": height}


def _saved(image: Figure, path: Path) -> dict[str, Any]:
    """Write the files of a figure and of its data, and return what is told of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = _size(image)
    for kind, drawn in zip(("png", "svg"), pictures(image, ["png", "svg"]), strict=True):
        path.with_suffix(f".{kind}").write_bytes(drawn)
    # The lead figure is shown on the page, there also on a telephone.
    endings = {NARROW: "svg"} | ({NARROW_PNG: "png"} if path.name == LEAD else {})
    for ending, drawn in zip(endings, narrow_pictures(image, list(endings.values())), strict=True):
        path.with_suffix(ending).write_bytes(drawn)
    numbers = data_of(image)
    write_csv(numbers, path.with_suffix(".csv"))
    return said | {"axes": axes_of(image), "rows": len(numbers)}


def present(finding: Finding, **figures: Result) -> Finding:
    """Show a study's finding with its lead figure, and save both for the report.

    Parameters
    ----------
    finding : Finding
        From :func:`accountability.findings.conclude`.
    **figures : Result
        Results that may lead, by name; one that does is not drawn again, the others follow as by :func:`figure`.

    Returns
    -------
    Finding
        The argument, so that a cell that ends with ``present(...)`` shows it.

    Raises
    ------
    ParameterError
        For anything but a finding.

    Examples
    --------
    >>> from accountability import publish
    >>> publish.present("half were closed within 125 days")
    Traceback (most recent call last):
        ...
    accountability.errors.ParameterError: publish.present needs a finding, and was given a str. Write:
        publish.present(findings.conclude(study, data, parameters, ...))
    """
    if not hasattr(finding, "as_json"):
        raise ParameterError(
            f"publish.present needs a finding, and was given a {type(finding).__name__}. Write:\n"
            "    publish.present(findings.conclude(study, data, parameters, ...))"
        )
    lead = finding.lead
    if lead is not None and lead.drawn is not None:
        drawn_from = (lead.drawn, lead.panel, lead.title, lead.subtitle, lead.footer)
        _show(lambda: lead_image(finding), lead.alt, LEAD, drawn_from)
    leads = lead.drawn if lead is not None and lead.panel == "plot" else None
    for name, drawn in figures.items():
        if drawn is not leads:
            figure(drawn, name=name)
    target = folder()
    if target is not None:
        (target / FOUND).write_text(json.dumps(finding.as_json(), ensure_ascii=False), encoding="utf-8")
    return finding


def lead_image(finding: Finding) -> Figure | None:
    """Draw the lead figure of a finding with its texts; none if nothing could be estimated."""
    from accountability.figures.house_style import housed
    from accountability.figures.titles import titled

    lead = finding.lead
    if lead is None or lead.drawn is None:
        return None
    draws: Any = getattr(lead.drawn, lead.panel, lead.drawn)
    with housed():
        # The finding has its own title: the one of the result need not be written first.
        bare = getattr(draws, "__wrapped__", None) if getattr(draws, "__self__", None) is lead.drawn else None
        axes: Any = bare(lead.drawn) if bare else draws() if callable(draws) else draws
    image: Any = axes.get_figure() if hasattr(axes, "get_figure") else axes
    return titled(image, lead.title, lead.subtitle, lead.footer)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ParameterError(f"{name!r}: expected a name of small letters, digits and underscores, such as 'by_year'")


def _not_there(path: Path) -> None:
    if path.exists():
        raise ParameterError(f"{path.name} is kept twice in this notebook; give each table and figure its own name")


def _record(target: Path, entry: dict[str, Any]) -> None:
    with (target / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")


def kept_in(target: Path) -> list[dict[str, Any]]:
    """Return what a notebook saved in a folder, in order.

    ``kind`` (table or figure), ``name``, ``file``, ``caption``, ``rows``; for a table also ``sentence``, for a figure
    ``data`` (the CSV of its data) and ``axes``.
    """
    manifest = target / MANIFEST
    if not manifest.is_file():
        return []
    return [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
