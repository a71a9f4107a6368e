"""A multiverse declared in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from accountability.errors import ParameterError
from accountability.multiverse.choices import specifications
from accountability.multiverse.multiverse_result import Multiverse
from accountability.multiverse.specifications import FEWEST_SHUFFLES, asked_question, specification_curve
from accountability.parameters import MaybeText, Parameters, Real, Whole, nearest
from accountability.parameters import read as read_parameters
from accountability.records.capabilities import groups
from accountability.records.contract import read_source
from accountability.records.places import source_folder
from accountability.records.yaml_text import read_yaml
from accountability.study.cohort import Cohort, DatasetLike


class Declared(Parameters):
    """The arguments of :func:`accountability.multiverse.specification_curve`; ``group`` is its ``by``."""

    question: str = Field(default="median_delay", description="median_delay, share or mean_rung")
    first: str = Field(default="", description="the group of which something is said")
    second: str = Field(default="", description="the group it is compared with")
    choices: dict[str, list[Any]] = Field(default_factory=dict, description="each choice with its options")
    claim: Literal["more", "less"] | None = Field(default=None, description="what is said of the first group")
    within: MaybeText = Field(default=None, description="column within whose values names are shuffled")
    shuffles: Whole = Field(default=499, description="shuffles of the groups' names", ge=FEWEST_SHUFFLES, le=100_000)
    confidence: Real = Field(default=0.95, description="a p-value of at most one less this holds", gt=0, lt=1)
    seed: Whole = Field(default=1, description="seed of the shuffles", ge=0)

    def ask(self, data: Cohort | DatasetLike) -> Multiverse:
        """Compute the multiverse on loaded data with :func:`accountability.multiverse.specification_curve`."""
        return specification_curve(
            data,
            self.question,
            self.choices,
            by=str(self.group),
            first=self.first,
            second=self.second,
            seed=self.seed,
            claim=self.claim,
            shuffles=self.shuffles,
            confidence=self.confidence,
            within=self.within,
        )


def read(declared: str | Path | Mapping[str, Any]) -> Declared:
    """Read a declaration, and check it as far as possible without loading data.

    Parameters
    ----------
    declared : path or mapping
        A YAML file or a mapping of ``source``, ``question``, ``group``, ``first``, ``second``, ``choices`` and
        optionally ``claim``, ``within``, ``shuffles``, ``confidence``, ``seed``.

    Returns
    -------
    Declared
        The checked declaration.

    Raises
    ------
    ParameterError
        For unknown keys, wrong values or faults in the choices; the message lists all.
    SourceError
        If the file is not valid YAML, or there is no such source.

    Examples
    --------
    >>> from accountability import load, multiverse
    >>> declared = multiverse.read({
    ...     "question": "share", "group": "investigated_by", "first": "Oversight office", "second": "District",
    ...     "choices": {"unit": ["complaint", "officer_complaint"]}, "shuffles": 19,
    ... })
    >>> declared.ask(load("synthetic")).table[["unit", "estimate"]].round(1)
                    unit  estimate
    0          complaint     -10.7
    1  officer_complaint      -9.5
    """
    if not isinstance(declared, str | Path | Mapping):
        raise ParameterError(
            "multiverse.read needs a YAML file or a mapping that declares a multiverse, and was given an object of "
            f"type {type(declared).__name__}: multiverse.read('delay.yaml')"
        )
    said = dict(declared) if isinstance(declared, Mapping) else read_yaml(Path(declared))
    made = read_parameters(Declared, said, "multiverse")
    missing = [name for name in ("group", "first", "second", "choices") if not getattr(made, name)]
    if missing:
        raise ParameterError(f"multiverse: {', '.join(missing)} must be declared")
    asked = asked_question(made.question)
    specifications(made.choices, asked.known)
    known = groups(read_source(source_folder(made.source)))
    if made.group not in known:
        raise ParameterError(f"multiverse: no column {made.group!r} to compare by. {nearest(str(made.group), known)}")
    return made
