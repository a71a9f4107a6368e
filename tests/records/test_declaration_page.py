"""The page of all keys is made from the models, is in step with them, and its examples are what the loader takes."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
import yaml
from conftest import ROOT
from pydantic import BaseModel, TypeAdapter

from accountability.records.codebook import Block
from accountability.records.dates import DateSpec

spec = importlib.util.spec_from_file_location("make_declaration", ROOT / "docs" / "make_declaration.py")
assert spec is not None
assert spec.loader is not None
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

EVERY = [(section, key) for section in make.MODELS for key in make.keys_of(section)]


def test_the_page_is_in_step_with_the_models() -> None:
    now = (ROOT / "docs" / "declaration.md").read_text(encoding="utf-8")
    assert now == make.page(), "run python docs/make_declaration.py"


def test_no_model_of_a_declaration_is_left_out() -> None:
    def within(model: type[BaseModel]) -> set[type[BaseModel]]:
        found = {model}
        for field in model.model_fields.values():
            for part in _parts(field.annotation):
                if part not in found:
                    found |= within(part) if part is not model else set()
        return found

    shown = {model for model, _ in make.MODELS.values()}
    assert within(make.contract.Source) <= shown


def _parts(annotation: Any) -> set[type[BaseModel]]:
    inner = getattr(annotation, "__args__", ())
    own = {annotation} if isinstance(annotation, type) and issubclass(annotation, BaseModel) else set()
    return own.union(*(_parts(part) for part in inner)) if inner else own


@pytest.mark.parametrize(("section", "key"), EVERY)
def test_a_key_has_a_sentence_and_an_example_the_loader_takes(section: str, key: str) -> None:
    assert make.said_of(section, key)
    read = yaml.safe_load(make.example_of(section, key))
    assert list(read) == [key]
    model = make.MODELS[section][0]
    if section in ("Date", "Lie", "Words"):
        return
    if issubclass(model, BaseModel):
        name = next(n for n, field in model.model_fields.items() if key in (n, field.alias))
        kind = model.model_fields[name].annotation
        if section not in ("Source", "File") and not isinstance(read[key], dict):
            TypeAdapter(kind).validate_python(read[key])


@pytest.mark.parametrize("key", [key for section, key in EVERY if section == "Date"])
def test_the_examples_of_dates_are_read(key: str) -> None:
    DateSpec.of({"date": "%m/%d/%Y", **yaml.safe_load(make.example_of("Date", key))})


@pytest.mark.parametrize("key", ["normalise", "gives", "values", "rules", "blank"])
def test_the_examples_of_a_block_are_read(key: str) -> None:
    main = {"authority": "a page", "gives": ["penalty", "days"] if key == "rules" else ["finding", "closing_reason"]}
    Block.of("made", main | yaml.safe_load(make.example_of("Block", key)))
