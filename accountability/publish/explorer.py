"""The explorer of a source: change a study or parameter and see figure, table and sentence at once."""

from __future__ import annotations

import base64
import html
import threading
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from accountability.errors import AccountabilityError, ParameterError
from accountability.labels import label
from accountability.parameters import MaybeUnit, Stage
from accountability.privacy import MIN_CELL
from accountability.publish import kept, runner
from accountability.publish.execute import StudyFailed
from accountability.publish.explorer_server import Served, serve
from accountability.publish.page import meaning
from accountability.publish.pictures import rendered
from accountability.publish.replay import Replay, later, sliced
from accountability.publish.request import Request, request
from accountability.records.capabilities import groups, stages
from accountability.records.contract import declared_source
from accountability.records.places import source_folder, source_names
from accountability.studies import registry
from accountability.vocabulary import STAGES, UNITS

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from accountability.findings import Finding
    from accountability.records.contract import Source
    from accountability.records.dataset import Dataset
    from accountability.studies.registry import Study

_NONE: Final = "none"
_FIRST: Final = "how_long_cases_stay_open"


def explore(
    data: Dataset | str = "synthetic", study: str | None = None, *, out: str | Path | None = None, port: int = 0
) -> Explorer:
    """Start the explorer of a source: controls for source, study and parameters, and the finding under them.

    Parameters
    ----------
    data : Dataset or str
        A loaded source, or its name or folder.
    study : str, optional
        The first study; by default the first that the source can answer.
    out : path, optional
        Folder of saved reports; default ``reports/<source>``.
    port : int
        Port on this machine; 0 for a free one.

    Returns
    -------
    Explorer
        It is shown if it is the last line of a notebook's cell. Its ``address`` opens in any browser of this machine.

    Raises
    ------
    AccountabilityError
        For an unknown source or study, or a source that can answer none.

    Examples
    --------
    >>> from accountability import publish
    >>> explorer = publish.explore("synthetic", "were_deadlines_met")
    >>> explorer.answer("were_deadlines_met", {"source": "synthetic"})["command"]
    'accountability run were_deadlines_met --source synthetic'
    >>> explorer.close()
    """
    if not isinstance(data, str | Path) and not hasattr(data, "card"):
        raise ParameterError(
            f"publish.explore needs a dataset or the name of a source, and was given a {type(data).__name__}. Write:\n"
            "    publish.explore(accountability.load('synthetic'))"
        )
    name = str(data) if isinstance(data, str | Path) else data.name
    given = {} if isinstance(data, str | Path) else {name: data}
    _, able, _ = runner.studies_of(name)
    if study is not None:
        registry.get(study)
    first = study or (_FIRST if _FIRST in able else able[0])
    return Explorer(name, first, given, None if out is None else Path(out), port)


class Explorer:
    """A running explorer, served only to browsers of this machine; made by :func:`explore`.

    Attributes
    ----------
    address : str
        Its address, including the required token.
    """

    def __init__(self, source: str, study: str, given: Mapping[str, Dataset], out: Path | None, port: int) -> None:
        self._start = {"study": study, "values": {"source": source}}
        self._out = out
        self._replay = Replay(given)
        self._busy = threading.Lock()
        self._now = ""
        self._served: Served = serve(
            {"start": lambda _: self._start, "answer": self._asked, "save": self._saved, "now": lambda _: self._now},
            port,
        )

    @property
    def address(self) -> str:
        """Address of the explorer."""
        return self._served.address

    def close(self) -> None:
        """Stop serving."""
        self._served.close()

    def wait(self) -> None:
        """Serve until interrupted."""
        self._served.thread.join()

    def answer(self, study: str, values: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
        """Return what is shown for a study under parameters.

        Parameters
        ----------
        study : str
            Name of a study.
        values : mapping
            Parameters; missing ones, and values that the source does not have, get their default.
        whole : bool
            Whether to include the sensitivity of the answer, which may take longer.

        Returns
        -------
        dict
            ``controls``, and either ``refused`` (why there is no answer) or ``setting``, ``answer``, ``figure``,
            ``rest`` (inert HTML), ``command``, ``code`` and ``later`` (whether part of it is still to come).
        """
        controls: list[dict[str, Any]] = []
        try:
            controls = _controls(study, values, self._values)
            wanted = _wanted(study, controls)
            literals = wanted.parameters.literals()
            found = self._replay.finding(study, literals, whole=whole, told=self._tell)
            setting, answer, *rest = found.to_html().replace("h4>", "h2>").split("\n")
            shown = {"setting": setting, "answer": answer, "figure": _figure(found), "rest": "\n".join(rest)}
        except AccountabilityError as error:
            return {"controls": controls or None, "refused": str(error)}
        finally:
            self._tell("")
        copied = {"command": wanted.command, "code": sliced(study).code(literals)}
        return {"controls": controls, **shown, **copied, "later": not whole and later(study)}

    def save(self, study: str, values: Mapping[str, Any]) -> Path:
        """Write the full report of what is shown, and return its page."""

        def told(name: str, done: int, cells: int) -> None:
            del name
            self._tell(f"the report, {100 * done // max(cells, 1)} %")

        try:
            return runner.answer(_wanted(study, _controls(study, values, self._values)), self._out, told)
        finally:
            self._tell("")

    def _values(self, source: str, column: str) -> list[str]:
        """List what a column holds in at least ten complaints, most frequent first."""
        data = self._replay.data(source)
        held = data.cases if column in data.cases else data.allegations
        if column not in held:
            return []
        counts = held.groupby(column, observed=True)["case_id"].nunique().sort_values(ascending=False, kind="stable")
        return [str(value) for value in counts.index[counts >= MIN_CELL] if not {"|", "="} & set(str(value))]

    def _tell(self, what: str) -> None:
        self._now = what

    def _asked(self, said: Mapping[str, Any]) -> dict[str, Any]:
        # One at a time: figures are drawn with one set of settings.
        with self._busy:
            return self.answer(str(said["study"]), dict(said["values"]), whole=bool(said["whole"]))

    def _saved(self, said: Mapping[str, Any]) -> dict[str, Any]:
        try:
            with self._busy:
                return {"saved": str(self.save(str(said["study"]), dict(said["values"])))}
        except (AccountabilityError, StudyFailed) as error:
            return {"refused": str(error)}

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{html.escape(self.address)}" title="Explorer" width="100%" height="900" '
            'style="border: 1px solid #ccc"></iframe>'
        )


def _wanted(study: str, controls: list[dict[str, Any]]) -> Request:
    return request(study, None, {one["name"]: one["value"] for one in controls if one["name"] != "study"})


def _figure(found: Finding) -> str:
    import matplotlib.pyplot as plt

    image = kept.lead_image(found)
    if image is None or found.lead is None:
        return ""
    try:
        png = base64.b64encode(rendered(image, "png")).decode()
    finally:
        plt.close(image)
    return f'<img src="data:image/png;base64,{png}" alt="{html.escape(found.lead.alt)}">'


def _controls(study: str, given: Mapping[str, Any], values_of: Callable[[str, str], list[str]]) -> list[dict[str, Any]]:
    """Describe the controls, source and study first, with what stands in them."""
    asked = registry.get(study)
    source = str(given.get("source") or asked.parameters.model_fields["source"].default)
    declared, place = declared_source(source), source_folder(source)
    defaults = asked.parameters.model_validate({}).literals()
    names = source_names()
    found = [
        _control("source", "source", source, names if source in names else [source, *names], "which release"),
        _control("study", "question", study, [[one.name, one.question] for one in registry.STUDIES.values()], ""),
    ]
    for name, field in asked.parameters.model_fields.items():
        if name == "source":
            continue
        if name == "only":
            found.append(_filter(given.get(name), source, declared, values_of))
            continue
        options = _choices(asked, name, field, declared, place)
        plain = _NONE if defaults[name] is None else defaults[name]
        value = given.get(name, plain)
        value = _NONE if value in (None, "") else value
        if options is not None and value not in options:
            # Another source has other columns and other stages; what it lacks goes back to the default.
            value = plain if plain in options else options[0]
        said = [[one, one if one == _NONE else label(one, declared.labels)] for one in options] if options else None
        shown = "law" if name == "rule" else label(name)
        found.append(
            _control(name, shown, value, said, meaning(field.description or "")) | {"kind": _kind(field, options)}
        )
    return found


def _filter(given: Any, source: str, declared: Source, values_of: Callable[[str, str], list[str]]) -> dict[str, Any]:
    """Describe the control that keeps the complaints with some values of one column; a column alone keeps all."""
    column, _, said = ("" if given in (None, _NONE) else str(given)).partition("=")
    columns = groups(declared)
    column = column if column in columns else _NONE
    values = values_of(source, column) if column != _NONE else []
    chosen = [value for value in said.split("|") if value in values]
    one = _control(
        "only", "only complaints where", f"{column}={'|'.join(chosen)}" if chosen else _NONE,
        [[name, name if name == _NONE else label(name, declared.labels)] for name in (_NONE, *columns)], "",
    )  # fmt: skip
    return one | {
        "kind": "filter",
        "column": column,
        "chosen": chosen,
        "values": [[value, label(value, declared.labels)] for value in values],
    }


def _control(name: str, shown: str, value: Any, options: list[Any] | None, help_: str) -> dict[str, Any]:
    return {"name": name, "label": shown, "value": value, "options": options, "help": help_, "kind": "select"}


def _kind(field: FieldInfo, options: list[Any] | None) -> str:
    kinds = {kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not NoneType}
    if options is not None:
        return "select"
    return "date" if date in kinds else "number" if kinds & {int, float} else "text"


def _choices(study: Study, name: str, field: FieldInfo, source: Source, place: Path) -> list[Any] | None:
    """List what a parameter may be, where that is known without asking."""
    if name in ("group", "alike") and field.annotation == (str | None):
        return [_NONE, *(study.groups(source) if name == "group" else groups(source))]
    if name == "rule":
        from accountability.delay import limits

        return [_NONE, *(one.name for one in limits.numbered())]
    if get_args(Stage)[1] in field.metadata:
        dated = stages(source, place)
        return [stage for stage in STAGES if dated is None or stage in dated]
    if get_args(MaybeUnit)[1] in field.metadata:
        return [_NONE, *UNITS]
    options = [field.annotation, *get_args(field.annotation)]
    listed = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
    return [*([_NONE] if NoneType in options else []), *listed] if listed else None
