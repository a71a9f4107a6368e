"""A form for the questions about a new source in JupyterLab, with the resulting counts of each answer."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.delay import limits
from accountability.errors import AccountabilityError, ParameterError, SourceError
from accountability.publish.extras import needs
from accountability.records.onboard.answer_file import answered, checked
from accountability.records.onboard.first_look import looked_at
from accountability.records.onboard.propose import new_source
from accountability.records.onboard.questions import Part, Question

if TYPE_CHECKING:
    from ipywidgets import VBox, Widget

_OPEN: Final = "(left to decide)"


def source_form(name: str, files: Sequence[str | Path], *, into: str | Path | None = None) -> SourceForm:
    r"""Show the questions about a new source as a form in JupyterLab that writes its declaration.

    Parameters
    ----------
    name : str
        Name of the new source.
    files : sequence of paths
        The files as obtained; copied and not changed.
    into : path, optional
        Folder that holds sources. Default: ``data`` in the current folder.

    Returns
    -------
    SourceForm
        It is shown if it is the last line of a cell: at most twelve questions, with masked sample values and the counts
        that follow from each answer. Its button writes ``data/NAME``, with the answers in ``answers.yaml``.

    Raises
    ------
    AccountabilityError
        If the files are not paths, a file cannot be read, or the extra ``lab`` is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from accountability import publish
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "complaints.csv"
    >>> _ = path.write_text("Case No,Date Received\nA1,2020-01-31\nA2,2020-02-28\n")
    >>> asked = publish.source_form("springfield", [path])
    >>> asked.fields["complaint", "complaints"].value
    'Case No'
    """
    needs("lab")
    paths = [files] if isinstance(files, str | Path) else files
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str | Path) for path in paths):
        raise ParameterError(f'files: expected paths, found {type(files).__name__}; write ["complaints.csv"]')
    return SourceForm(name, paths, into)


def limits_of_law() -> dict[str, int]:
    """Return the legal limits with a number, in calendar days: a month as 30.4, a business day as 1.4."""
    days = {"calendar days": 1, "business days": 1.4, "months": 30.4, "years": 365.25}
    return {one.name: round((one.value or 0) * days[one.unit]) for one in limits.numbered()}


class SourceForm:
    """The questions as widgets; made by :func:`source_form`.

    Attributes
    ----------
    fields : dict of (str, str) to Widget
        The widget of each part of each question; its ``value`` can also be set from code.
    folder : Path or None
        The folder of the source, once it is written.
    """

    def __init__(self, name: str, files: Sequence[str | Path], into: str | Path | None = None) -> None:
        import ipywidgets as widgets

        self._name, self._files, self._into = name, [Path(file) for file in files], into
        self.folder: Path | None = None
        absent = [file for file in self._files if not file.is_file()]
        if absent or not files:
            raise SourceError(f"{absent[0]}: expected a file" if absent else "source_form: give at least one file")
        self._found, _ = looked_at([(file, None) for file in self._files])
        self._limits = limits_of_law()
        self.fields: dict[tuple[str, str], Widget] = {}
        self._said = widgets.HTML()
        self._questions = widgets.VBox()
        again = widgets.Button(description="Count again", tooltip="Count what follows from the answers so far")
        write = widgets.Button(description="Write the source", button_style="primary")
        again.on_click(lambda _: self.count())
        write.on_click(lambda _: self.write())
        self.box: VBox = widgets.VBox([self._questions, widgets.HBox([again, write]), self._said])
        self.count()

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """Return the answers in the form, without open ones."""
        said: dict[str, dict[str, Any]] = {}
        for (question, part), widget in self.fields.items():
            if widget.value not in ("", _OPEN):
                said.setdefault(question, {})[part] = widget.value
        return said

    def count(self) -> None:
        """Update the questions with the answers so far, which change later counts."""
        self._said.value = ""
        try:
            asked = answered(self._found, checked(self.answers), self._limits).asked
        except AccountabilityError as error:
            self._said.value = _alert(str(error))
            return
        kept = {place: widget.value for place, widget in self.fields.items()}
        self.fields = {}
        self._questions.children = [self._shown(n, question, kept) for n, question in enumerate(asked, 1)]

    def write(self) -> Path | None:
        """Write the source with the answers of the form; None if refused, as the form then says."""
        try:
            self.folder = new_source(self._name, self._files, self._into, answers=self.answers)
        except AccountabilityError as error:
            self._said.value = _alert(str(error))
            return None
        left = f"<code>accountability check {html.escape(self._name)}</code> lists what is left."
        self._said.value = f"<p>Written: <code>{html.escape(str(self.folder))}</code>. {left}</p>"
        return self.folder

    def _shown(self, number: int, question: Question, kept: Mapping[tuple[str, str], Any]) -> Widget:
        import ipywidgets as widgets

        rows: list[Widget] = [widgets.HTML(f"<strong>{number}. {html.escape(question.asks)}</strong>")]
        for part in question.parts:
            self.fields[question.key, part.key] = widget = _field(part, kept.get((question.key, part.key)))
            then = "".join(
                f"<li><strong>{html.escape(c.answer)}</strong>: {html.escape(c.then)}</li>" for c in part.choices
            )
            rows += [widget, widgets.HTML(f"<p>{html.escape(part.about)}</p><ul>{then}</ul>")]
        return widgets.VBox(rows)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.box._repr_mimebundle_(**options)


def _field(part: Part, before: Any) -> Widget:
    import ipywidgets as widgets

    style = {"description": part.key[:24], "style": {"description_width": "10rem"}, "layout": {"width": "34rem"}}
    if not part.choices:
        return widgets.Text(value=before or part.proposed, **style)
    options = [_OPEN, *dict.fromkeys(choice.answer for choice in part.choices)]
    wanted = before if before in options else part.proposed
    return widgets.Dropdown(options=options, value=wanted if wanted in options else _OPEN, **style)


def _alert(text: str) -> str:
    return f'<p role="alert" style="color: #8c1d18; white-space: pre-wrap">{html.escape(text)}</p>'
