"""A checked request: one study, complete parameters, and the name of their report."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accountability.errors import FetchError, ParameterError
from accountability.parameters import Parameters
from accountability.records.cache import cache_dir
from accountability.records.contract import declared_source
from accountability.studies import registry
from accountability.studies.registry import Study

if TYPE_CHECKING:
    from accountability.records.contract import Source


@dataclass(frozen=True, slots=True)
class Request:
    """One study with complete parameters, checked against its source.

    Attributes
    ----------
    study : Study
        What to run.
    parameters : Parameters
        Complete and typed.
    source : Source
        Declaration of the source.
    """

    study: Study
    parameters: Parameters
    source: Source

    @property
    def changed(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults, except the source."""
        defaults = self.study.parameters.model_validate({}).literals()
        given = self.parameters.literals()
        return {name: value for name, value in given.items() if name != "source" and value != defaults[name]}

    @property
    def folder(self) -> str:
        """Name of the report's folder: the study, and its non-default parameters."""
        if not self.changed:
            return self.study.name
        said = "+".join(f"{name}={value}" for name, value in self.changed.items())
        name = f"{self.study.name}+{said}"
        safe = re.sub(r"[^A-Za-z0-9+=._-]", "_", name)
        if safe == name and len(safe) <= 120:
            return safe
        # Two values that look alike once made safe must not share a folder.
        return f"{safe[:100]}+{hashlib.sha256(name.encode()).hexdigest()[:10]}"

    @property
    def command(self) -> str:
        """Command line that makes the same report."""
        words = ["accountability", "run", self.study.name, "--source", self.parameters.source]
        for name, value in self.changed.items():
            words += ["-p", f"{name}={'none' if value is None else value}"]
        return shlex.join(words)


def request(study: str, source: str | None, parameters: Mapping[str, Any]) -> Request:
    """Check a request, without loading data or starting a kernel.

    With ``None`` the parameters name the source. Refused as by :func:`accountability.studies.registry.check`, and if
    two different sources are given.
    """
    wanted = registry.get(study)
    given = dict(parameters)
    if source is not None and given.setdefault("source", source) != source:
        raise ParameterError(f"{study}: source is given twice, as {source!r} and as {given['source']!r}; give it once.")
    complete, declared = registry.check(wanted, given)
    _check_fetched(declared)
    # Second sources: on which a single case is placed, and with which agencies are compared.
    for other in (getattr(complete, "reference", None), *(getattr(complete, "others", None) or "").split("+")):
        if other:
            _check_fetched(declared_source(other.strip()))
    return Request(wanted, complete, declared)


def _check_fetched(source: Source) -> None:
    # Whether a file is there is seen at once; whether it is unaltered is for the loader to say.
    files = [file for file in source.files.values() if file.url is not None]
    folder = cache_dir() / source.source
    missing = [file.path for file in files if not (folder / file.path).is_file()]
    if missing:
        raise FetchError(
            f"{len(missing)} of the {len(files)} files of {source.source!r} are not in {folder}, for example "
            f"{missing[0]}. Run `accountability fetch {source.source}`, or, with the files at hand, "
            f"`accountability fetch {source.source} --from FOLDER`."
        )
