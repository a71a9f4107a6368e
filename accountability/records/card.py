"""The card of a source: the facts a reader needs before trusting any number from it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator

from accountability.records.strict import Strict, known_term
from accountability.vocabulary import SAMPLING_RULES, UNITS


class Sampling(Strict):
    """How records came to be in the release: the facts an estimator reads before it agrees to run."""

    rule: str = Field(description="one of the vocabulary's sampling rules")
    open_cases: Literal["included", "excluded", "status_only", "unknown"]
    closing_date: bool = Field(description="whether the day a case closed is published")
    selected_on: list[str] = Field(default_factory=list, description="outcomes or years the release is filtered on")
    window: str = Field(description="which complaints, in words")

    @field_validator("rule")
    @classmethod
    def _known_rule(cls, rule: str) -> str:
        return known_term(rule, SAMPLING_RULES, "sampling rule")


class Period(Strict):
    """First and last day of receipt covered."""

    start: dt.date = Field(alias="from")
    end: dt.date = Field(alias="to")


class Card(Strict):
    """The facts a reader needs before trusting any number from this source."""

    jurisdiction: str
    agency: str
    publisher: str
    obtained: str
    row_is: str
    unit: str
    period: Period | None = None
    observed_until: dt.date | None
    sampling: Sampling
    internal_complaints: Literal["included", "excluded", "unknown"]
    licence: str
    citation: str
    checked: str = Field(default="", description="what was checked against what, and when")
    traps: list[str] = Field(default_factory=list)

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        return known_term(unit, UNITS, "unit")
