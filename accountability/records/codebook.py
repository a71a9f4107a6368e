"""Codebooks: cited tables that map every raw value to exactly one term.

A block of ``codebook.yaml`` maps the values of one kind of column. Values are compared exactly after the block's
declared normalisation (case, blanks). A value without exactly one entry stops the load with a table of values, counts
and example rows, and the lines to paste.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from accountability.errors import CodebookError, did_you_mean
from accountability.records import kept_declaration
from accountability.records.column import NORMALISERS
from accountability.records.inherited import declared as declared_in
from accountability.records.yaml_text import lines_of, refuse_undecided
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES, STAGES

CLOSED_FIELDS: Mapping[str, Mapping[str, str]] = {
    "finding": FINDINGS,
    "closing_reason": CLOSING_REASONS,
    "penalty": PENALTIES,
    "stage": STAGES,
}
NUMERIC_FIELDS = ("days", "days_low", "days_high", "probation_days")
FREE_FIELDS = ("parts", "condition", "note")
BLOCK_KEYS = ("authority", "normalise", "gives", "values", "rules", "blank", "terms", "published", "lossy")

Coded = Mapping[str, Any]


def _wrong(block: str, what: str) -> CodebookError:
    """What is wrong with a block, or with the part of it that the words name first."""
    return CodebookError(f"codebook block {block!r}{what if what.startswith(', ') else f': {what}'}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A regular expression for many values, with examples that are tested."""

    pattern: re.Pattern[str]
    gives: Mapping[str, Any]
    examples: Mapping[str, Coded]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a codebook: the raw values of a kind of column and the terms they stand for.

    Attributes
    ----------
    name : str
        Name of the block in ``codebook.yaml``.
    authority : str
        Source of the mapping: a document or page.
    gives : tuple of str
        The fields a value is coded to, for instance ``("finding", "closing_reason")``.
    values : mapping
        Normalised raw value to its coded fields.
    rules : tuple of Rule
    blank : mapping or None
        What an empty cell means: fields, or all missing. Only used when ``blank_declared``.
    published : bool
        Whether values are kept as published (after normalisation of blanks), without a list.
    lossy : mapping
        Raw value to the distinction it loses.
    merges : mapping
        Raw value to the terms it may stand for, where one word of the agency covers several.
    """

    name: str
    authority: str
    normalise: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    values: Mapping[str, Coded] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    blank: Coded | None = None
    blank_declared: bool = False
    published: bool = False
    lossy: Mapping[str, str] = field(default_factory=dict)
    merges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, declared: Mapping[str, Any]) -> Block:
        """Read a block from its declaration.

        Raises
        ------
        CodebookError
            For an unknown key, a term outside the vocabulary, a value listed twice once normalised, a rule without
            examples, or an example that its rule does not code as stated.
        """
        if not isinstance(declared, Mapping):
            raise _wrong(name, f"expected a mapping, found {type(declared).__name__}")
        for key in declared:
            if key not in BLOCK_KEYS:
                hint = did_you_mean(key, BLOCK_KEYS, f"; expected one of {', '.join(BLOCK_KEYS)}")
                raise _wrong(name, f"unknown key {key!r}{hint}")
        _check_form(name, declared)
        authority = str(declared.get("authority") or "").strip()
        if not authority:
            raise _wrong(name, "no authority; cite who says what these values mean")
        normalise = tuple(declared.get("normalise") or ())
        for step in normalise:
            if step not in NORMALISERS:
                raise _wrong(name, f"unknown normalisation {step!r}; expected {list(NORMALISERS)}")
        if declared.get("published"):
            return cls(name, authority, normalise, published=True, blank_declared="blank" in declared)
        gives = tuple(declared.get("gives") or (name,))
        terms = declared.get("terms")
        draft = cls(name, authority, normalise, gives)
        values: dict[str, Coded] = {}
        lossy: dict[str, str] = {}
        merges: dict[str, tuple[str, ...]] = {}
        for raw, stated in (declared.get("values") or {}).items():
            key = draft.normal(str(raw))
            if key in values:
                raise _wrong(name, f"{raw!r} is listed twice (as {key!r} after normalisation)")
            values[key] = draft._fields(stated, f"value {raw!r}", terms)
            if isinstance(stated, Mapping) and stated.get("lossy"):
                lossy[str(raw)] = str(stated["lossy"])
            if isinstance(stated, Mapping) and stated.get("merges"):
                merges[str(raw)] = draft._merged(str(raw), stated, terms)
        rules = tuple(draft._rule(stated, terms) for stated in declared.get("rules") or ())
        blank_declared = "blank" in declared
        stated_blank = declared.get("blank")
        blank = None if stated_blank is None else draft._fields(stated_blank, "blank", terms)
        block = cls(name, authority, normalise, gives, values, rules, blank, blank_declared, False, lossy, merges)
        block._test_rules()
        return block

    def normal(self, raw: str) -> str:
        """Return the raw value after the block's declared normalisation."""
        for step in self.normalise:
            raw = NORMALISERS[step](raw)
        return raw

    def code(self, raw: str) -> Coded:
        """Return the coded fields of one raw value.

        Raises
        ------
        LookupError
            With the word ``unmapped`` or ``doubly matched``; :meth:`apply` collects these in one message.
        """
        text = self.normal(raw)
        found = [self.values[text]] if text in self.values else []
        for rule in self.rules:
            match = rule.pattern.fullmatch(text)
            if match:
                found.append({k: self._expanded(match, k, v) for k, v in rule.gives.items()})
        if len(found) == 1:
            return found[0]
        raise LookupError("doubly matched" if found else "unmapped")

    def apply(self, values: pd.Series, where: str) -> pd.DataFrame:
        """Code a column.

        Parameters
        ----------
        values : Series of str
            Raw text; missing where the cell is empty.
        where : str
            File and column, for messages.

        Returns
        -------
        DataFrame
            One column for each field of ``gives``, the same index.

        Raises
        ------
        CodebookError
            For values without exactly one term, with counts, example rows and YAML to paste.
        """
        if self.published:
            return pd.DataFrame({self.name: values}, index=values.index)
        codes, distinct = pd.factorize(values)
        coded: list[Coded] = []
        wrong: list[tuple[str, str, int]] = []
        for i, raw in enumerate(distinct.tolist()):  # an Arrow array is slow to go through one by one
            try:
                coded.append(self.code(raw))
            except LookupError as problem:
                wrong.append((raw, str(problem), i))
        blanks = codes == -1
        if blanks.any() and not self.blank_declared:
            wrong.append(("", "unmapped blank", -1))
        if wrong:
            raise CodebookError(self._complaint(wrong, codes, where))
        columns: dict[str, Any] = {}
        for name in self.gives:
            numeric = name in NUMERIC_FIELDS
            pool = [*(entry.get(name) for entry in coded), (self.blank or {}).get(name)]
            lookup = pd.array(pool, dtype="float64") if numeric else pd.array(pool, dtype="str")
            columns[name] = lookup.take(codes)  # code -1, a blank cell, takes the last entry
        return pd.DataFrame(columns, index=values.index)

    def _complaint(self, wrong: Sequence[tuple[str, str, int]], codes: Any, where: str) -> str:
        lines, paste = [], []
        for raw, problem, i in wrong:
            rows = (codes == i).nonzero()[0]
            lines.append(f"  {raw!r:40} {problem:15} {len(rows):>8,} rows, first at row {rows[0] + 1}")
            if problem == "unmapped":
                paste.append(f"    {_quoted(raw)}:   # {len(rows):,} rows; one of the fields {', '.join(self.gives)}")
            elif problem == "unmapped blank":
                paste.append("  blank: null   # or the term an empty cell stands for")
        advice = (
            "\n".join(["Add to the block's values in codebook.yaml, with the authority:", *paste])
            if paste
            else ("Make one entry or rule match each value.")
        )
        shown = "\n".join(lines[:40]) + (f"\n  … and {len(lines) - 40} more" if len(lines) > 40 else "")
        return (
            f"{where}: codebook block {self.name!r} must code every value exactly once; "
            f"{len(wrong)} distinct value(s) are not:\n{shown}\n{advice}"
        )

    def _fields(self, stated: Any, what: str, terms: Any) -> Coded:
        if not isinstance(stated, Mapping):
            stated = {self.gives[0]: stated}
        fields = {key: value for key, value in stated.items() if key not in ("lossy", "merges")}
        for key, value in fields.items():
            if key not in self.gives:
                raise _wrong(self.name, f", {what}: {key!r} is not one of its fields {self.gives}")
            _check_term(self.name, what, key, value, terms)
        return fields

    def _expanded(self, match: re.Match[str], field_name: str, template: Any) -> Any:
        try:
            return _expand(match, field_name, template)
        except (re.error, IndexError, ValueError) as error:
            raise _wrong(
                self.name,
                f"rule {match.re.pattern!r} cannot make {field_name!r} of {template!r} for {match.string!r}: {error}",
            ) from None

    def _merged(self, raw: str, stated: Mapping[str, Any], terms: Any) -> tuple[str, ...]:
        merged = stated["merges"]
        if not stated.get("lossy") or not isinstance(merged, list) or len(set(map(str, merged))) < 2:
            raise _wrong(
                self.name,
                f", value {raw!r}: merges lists the two or more {self.gives[0]} terms the "
                f"value may stand for, and lossy says why; found {merged!r}",
            )
        for term in merged:
            _check_term(self.name, f"value {raw!r}, merges", self.gives[0], term, terms)
        return tuple(merged)

    def _rule(self, stated: Mapping[str, Any], terms: Any) -> Rule:
        if not stated.get("examples"):
            raise _wrong(self.name, f"rule {stated.get('pattern')!r} carries no examples")
        if not isinstance(stated["examples"], Mapping) or not isinstance(stated.get("pattern"), str):
            raise _wrong(
                self.name, f"a rule is {{pattern: text, gives: ..., examples: {{raw: coded}}}}, found {stated!r}"
            )
        if "gives" not in stated:
            raise _wrong(self.name, f"rule {stated['pattern']!r} does not say what it gives")
        examples = {raw: self._fields(v, f"example {raw!r}", terms) for raw, v in stated["examples"].items()}
        try:
            pattern = re.compile(stated["pattern"])
        except (re.error, OverflowError, RecursionError) as error:
            raise _wrong(self.name, f"rule {stated['pattern']!r}: {error}") from None
        gives = stated["gives"]
        return Rule(pattern, gives if isinstance(gives, Mapping) else {self.gives[0]: gives}, examples)

    def _test_rules(self) -> None:
        for rule in self.rules:
            for raw, expected in rule.examples.items():
                if not rule.pattern.fullmatch(self.normal(raw)):
                    raise _wrong(self.name, f"{rule.pattern.pattern!r} does not match its example {raw!r}")
                try:
                    found = self.code(raw)
                except LookupError as problem:
                    raise _wrong(self.name, f"example {raw!r} is {problem}") from None
                if dict(found) != dict(expected):
                    raise _wrong(self.name, f"example {raw!r} gives {dict(found)}, stated {dict(expected)}")


def _check_form(block: str, declared: Mapping[str, Any]) -> None:
    """Refuse what YAML lets through but no block can mean: a text for a list, a list for a mapping."""
    texts = {"normalise", "gives", "terms"}
    for key, value in declared.items():
        items = list(value) if isinstance(value, list | Mapping) else []
        if value is None:
            continue
        if key == "values" and not isinstance(value, Mapping):
            expected = "a mapping of raw values to terms"
        elif key == "rules" and not (isinstance(value, list) and all(isinstance(item, Mapping) for item in items)):
            expected = "a list of rules, each a mapping"
        elif key in texts and not (items and all(isinstance(item, str) for item in items)) and value != []:
            expected = "a list of texts"
        elif key == "authority" and not isinstance(value, str):
            expected = "text"
        elif key == "published" and not isinstance(value, bool):
            expected = "true or false"
        else:
            continue
        raise _wrong(block, f", {key}: expected {expected}, found {value!r}")


def _check_term(block: str, what: str, field_name: str, value: Any, terms: Any) -> None:
    if isinstance(value, list | Mapping) or (field_name in FREE_FIELDS and not isinstance(value, str | None)):
        raise _wrong(block, f", {what}: {field_name} must be text, found {value!r}")
    if value is None or field_name in FREE_FIELDS:
        return
    if field_name in NUMERIC_FIELDS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise _wrong(block, f", {what}: {field_name} must be a number of days, found {value!r}")
        return
    closed = CLOSED_FIELDS.get(field_name, terms)
    if closed is None:
        raise _wrong(block, f"list the terms of {field_name!r} under 'terms'")
    if value not in closed:
        raise _wrong(
            block,
            f", {what}: {value!r} is not a term of {field_name} "
            f"({', '.join(map(str, closed))}){did_you_mean(value, closed)}",
        )


def _expand(match: re.Match[str], field_name: str, template: Any) -> Any:
    if not isinstance(template, str):
        return template
    text = match.expand(template) if "\\" in template else template
    if field_name in NUMERIC_FIELDS:
        return float(text) if "." in text else int(text)
    return text


def _quoted(raw: str) -> str:
    return "'" + raw.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Codebook:
    """All blocks of a source."""

    blocks: Mapping[str, Block]

    @classmethod
    def of(cls, declared: Mapping[str, Any]) -> Codebook:
        """Read every block; the first invalid one is refused by name."""
        return cls({name: Block.of(name, block) for name, block in (declared or {}).items()})

    def __getitem__(self, name: str) -> Block:
        if name not in self.blocks:
            raise CodebookError(
                f"no codebook block {name!r}; the codebook has {', '.join(self.blocks) or 'none'}"
                + did_you_mean(name, self.blocks)
            )
        return self.blocks[name]

    def lossy(self) -> pd.DataFrame:
        """The mappings that lose a distinction: ``block, raw, term, loses, may_be`` (terms, joined by a comma)."""
        rows = [
            (b.name, raw, str(b.code(raw).get(b.gives[0])), why, ", ".join(b.merges.get(raw, ())))
            for b in self.blocks.values()
            for raw, why in b.lossy.items()
        ]
        return pd.DataFrame(rows, columns=["block", "raw", "term", "loses", "may_be"], dtype="str")


def _line_of(path: Path, name: str) -> str:
    line = lines_of(path).get((name,)) if path.is_file() else None
    return "" if line is None else f", line {line}"


def read_codebook(folder: Path, *, keep: bool = False) -> Codebook:
    """Read the codebook beside a ``source.yaml``; empty if there is none. Where asked, keep what it says."""
    path, blocks = folder / "codebook.yaml", {}
    held = kept_declaration.kept(folder, path.name)
    declared = declared_in(folder, path.name) if held is None else held
    refuse_undecided(declared, path)
    for name, block in declared.items():
        try:
            blocks[name] = Block.of(name, block)
        except CodebookError as error:
            raise CodebookError(f"{path}{_line_of(path, name)}: {error}") from None
    if keep and held is None:
        kept_declaration.keep(folder, declared, path.name)
    return Codebook(blocks)
