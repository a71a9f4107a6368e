"""A study's parameters as a form in JupyterLab: change one, run, and see the headline, figures and tables in place.

The form is read off the study's parameter model, so it cannot ask for what the study does not take; what is typed is
checked as on the command line, and the equivalent command line is always shown.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from accountability.errors import AccountabilityError
from accountability.findings import Finding
from accountability.parameters import MaybeUnit, Stage
from accountability.publish import page, runner
from accountability.publish.execute import StudyFailed
from accountability.publish.extras import needs
from accountability.publish.finished import any_record
from accountability.publish.request import Request, request
from accountability.records.capabilities import groups, stages
from accountability.records.contract import Source, read_source
from accountability.records.places import source_folder, source_names
from accountability.studies import registry
from accountability.vocabulary import STAGES, UNITS

if TYPE_CHECKING:
    from ipywidgets import VBox, Widget
    from pydantic.fields import FieldInfo

_WIDTH: Final = "8.5rem"
_NONE: Final = "none"


def form(study: str, *, out: str | Path | None = None, **parameters: Any) -> Form:
    """Show a study's parameters as a form in JupyterLab, which runs it in place.

    Parameters
    ----------
    study : str
        Name of a study.
    out : path, optional
        Folder of the reports; default ``reports/<source>`` under the current folder.
    **parameters
        Values the form starts with, such as ``source="synthetic"``; the others start at their defaults.

    Returns
    -------
    Form
        Shows itself as the last line of a cell: a widget for each parameter, the command line that does the same, and
        after a run the headline, figures and tables.

    Raises
    ------
    AccountabilityError
        No such study, values it does not take, or the extra ``lab`` is not installed.

    Examples
    --------
    >>> from accountability import publish
    >>> asked = publish.form("how_long_cases_stay_open")
    >>> asked.fields["confidence"].value = 0.9
    >>> asked.command
    'accountability run how_long_cases_stay_open --source synthetic -p confidence=0.9'
    """
    needs("lab")
    return Form(study, parameters, out)


class Form:
    """A study's parameters as widgets, and its result below them; made by :func:`form`.

    Attributes
    ----------
    study : Study
        What is run.
    fields : dict of str to Widget
        The widget of each parameter; its ``value`` can be set from code too.
    out : Path or None
        Folder of the reports; ``None`` for ``reports/<source>`` under the current folder.
    page : Path or None
        The page of the last report made.
    """

    def __init__(self, study: str, given: Mapping[str, Any], out: str | Path | None = None) -> None:
        import ipywidgets as widgets

        self.study = registry.get(study)
        self.out = None if out is None else Path(out)
        self.page: Path | None = None
        complete, declared = registry.check(self.study, given)
        values = complete.model_dump()
        self.fields: dict[str, Widget] = {
            name: _field(name, field, values[name], declared, source_folder(complete.source))
            for name, field in self.study.parameters.model_fields.items()
        }
        self._button = widgets.Button(description="Run", button_style="primary")
        self._progress = widgets.IntProgress(value=0, max=1, description="", layout={"visibility": "hidden"})
        self._command = widgets.HTML()
        self._said = widgets.HTML()
        self._result = widgets.HTML()
        for name, widget in self.fields.items():
            widget.observe(self._source_changed if name == "source" else self._changed, names="value")
        self._button.on_click(lambda _: self.run())
        self._show_command()
        rows = [
            widgets.HBox(
                [widget, widgets.HTML(html.escape(self.study.parameters.model_fields[name].description or ""))]
            )
            for name, widget in self.fields.items()
        ]
        title = widgets.HTML(f"<h3>{html.escape(self.study.question)}</h3>")
        run = widgets.HBox([self._button, self._progress])
        self.box: VBox = widgets.VBox([title, *rows, self._command, run, self._said, self._result])

    @property
    def values(self) -> dict[str, Any]:
        """The parameters as they stand in the form; not checked."""
        return {name: widget.value for name, widget in self.fields.items()}

    @property
    def command(self) -> str:
        """The command line that makes the same report; raises what the request is refused with."""
        return self._request().command

    def run(self) -> Path | None:
        """Run the study with the parameters of the form and show what it found.

        Returns
        -------
        Path or None
            The report's page; ``None`` when the request was refused, which the form says.
        """
        self._said.value = self._result.value = ""
        try:
            wanted = self._request()
            self._busy(True)
            self.page = runner.answer(wanted, self.out, self._step)
        except AccountabilityError as error:
            self._said.value = _alert(str(error))
            return None
        except StudyFailed as failed:
            self.page = failed.page
            self._said.value = _alert(f"{failed}. Its page shows where: {failed.page}")
            return failed.page
        finally:
            self._busy(False)
        self._said.value = f"<p>Report: <code>{html.escape(str(self.page))}</code></p>"
        self._result.value = result_html(self.page.parent, wanted)
        return self.page

    def _changed(self, change: Mapping[str, Any]) -> None:
        del change
        self._show_command()

    def _source_changed(self, change: Mapping[str, Any]) -> None:
        # Another source has other columns and other stages; what it lacks goes back to the default.
        place = source_folder(change["new"])
        declared = read_source(place)
        for name, field in self.study.parameters.model_fields.items():
            choices = None if name == "source" else _choices(name, field, declared, place)
            if choices is not None:
                widget = self.fields[name]
                before = widget.value
                widget.options = choices
                widget.value = next((value for value in (before, field.default) if value in choices), choices[0])
        self._show_command()

    def _request(self) -> Request:
        return request(self.study.name, None, self.values)

    def _show_command(self) -> None:
        try:
            self._command.value = f"<p>The same on a command line: <code>{html.escape(self.command)}</code></p>"
        except AccountabilityError as error:
            self._command.value = _alert(str(error))

    def _busy(self, busy: bool) -> None:
        self._button.disabled = busy
        self._progress.value = 0
        self._progress.layout.visibility = "visible" if busy else "hidden"

    def _step(self, study: str, done: int, cells: int) -> None:
        del study
        self._progress.max, self._progress.value = cells, done

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.box._repr_mimebundle_(**options)


def _field(name: str, field: FieldInfo, value: Any, source: Source, place: Path) -> Widget:
    """Choose the widget for a parameter by its type; what is typed freely is checked by the model."""
    import ipywidgets as widgets

    common: dict[str, Any] = {
        "description": name,
        "value": value,
        "style": {"description_width": _WIDTH},
        "layout": {"width": "26rem"},
        "tooltip": field.description or name,
    }
    choices = _choices(name, field, source, place)
    if choices is not None:
        # A drop-down takes None for "nothing chosen" and shows a blank; the model reads the word.
        chosen = _NONE if value is None else value
        return widgets.Dropdown(options=list(dict.fromkeys([*choices, chosen])), **(common | {"value": chosen}))
    kinds = {kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not NoneType}
    if bool in kinds:
        return widgets.Checkbox(**common)
    if date in kinds:
        return widgets.DatePicker(**common)
    if int in kinds:
        return widgets.IntText(**common)
    if float in kinds:
        return widgets.FloatText(step=0.01, **common)
    return widgets.Text(**(common | {"value": value or ""}))


def _choices(name: str, field: FieldInfo, source: Source, place: Path) -> list[Any] | None:
    """List what a parameter may be, where that is known without asking."""
    if name == "source":
        return source_names()
    if name == "group" and field.annotation == (str | None):
        return [_NONE, *groups(source)]
    if get_args(Stage)[1] in field.metadata:
        dated = stages(source, place)
        return [stage for stage in STAGES if dated is None or stage in dated]
    if get_args(MaybeUnit)[1] in field.metadata:
        return [_NONE, *UNITS]
    options = [field.annotation, *get_args(field.annotation)]
    listed = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
    return [*([_NONE] if NoneType in options else []), *listed] if listed else None


def result_html(folder: Path, wanted: Request) -> str:
    """Write what a finished report found as inert HTML: the finding under its figure, then every figure and table."""
    record = any_record(folder)
    pictures = [
        f'<figure><img src="{one["image"]}" alt="{html.escape(one["alt"])}"></figure>'
        for one in page.figures_of(record, folder)
    ]
    found = "" if record["failure"] else Finding.from_json(record["finding"]).to_html()
    whole = [
        f"<details><summary>{html.escape(table['caption'])} ({table['file']})</summary>{table['html']}</details>"
        for table in page.tables_of(record, folder)
    ]
    return "\n".join([*pictures[:1], found, *pictures[1:], *whole])


def _alert(text: str) -> str:
    return f'<p role="alert" style="color: #8c1d18; white-space: pre-wrap">{html.escape(text)}</p>'
