"""Write the text of a proposed declaration: guesses with their evidence, choices with their meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from accountability.records.onboard.consequences import Counted, in_words
from accountability.records.onboard.hints import FINDING_TERMS, PENALTY_TERMS, penalty_rules, tidy
from accountability.records.onboard.matter import Matter, rows_shown
from accountability.records.onboard.proposal import Proposal, masked_in
from accountability.records.onboard.roles import Role
from accountability.records.yaml_text import CONFIRM, DECIDE
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, IDENTIFYING, PENALTIES, SAMPLING_RULES, STAGES, UNITS

#: Steps of which the first cannot come after the second, and the date not to be used when it does.
NATURAL_ORDER: Final = (
    ("incident", "received", "incident"),
    ("received", "opened", "opened"),
    ("received", "assigned", "assigned"),
    ("received", "findings", "findings"),
    ("received", "closed", "closed"),
    ("opened", "closed", "closed"),
    ("assigned", "closed", "closed"),
    ("incident", "closed", "closed"),
    ("penalty_imposed", "penalty_served", "penalty_served"),
    ("appeal_filed", "appeal_decided", "appeal_decided"),
)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*", re.ASCII)
_NOT_TEXT: Final = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "decide"}
_LONG_KEY: Final = 500
_NO_RECORD: Final = ("total", "header", "note")


def scalar(value: Any) -> str:
    """Return one value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    if value == DECIDE or not isinstance(value, str) or (_PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT):
        return text
    return '"' + "".join(_shown(char) for char in text) + '"'


def rows_of(count: Any) -> str:
    """Return a number of rows in words: ``1 row``, ``1,204 rows``."""
    return f"{int(count):,} row{'' if int(count) == 1 else 's'}"


def _shown(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def entry(indent: int, key: str, value: Any, mark: str = "", why: str = "") -> str:
    """Return one line ``key: value  # MARK: why``; a too long key gets its own line."""
    shown, pad = scalar(key), " " * indent
    note = " ".join(part for part in (f"{mark}:" if mark else "", _one_line(why)) if part)
    comment = f"  # {note}" if note else ""
    if len(shown) > _LONG_KEY:
        return f"{pad}? {shown}\n{pad}: {scalar(value)}{comment}"
    return f"{pad}{shown}: {scalar(value)}{comment}"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _marked(indent: int, key: str, value: Any, why: str, confirm: bool = False, said: bool = False) -> str:
    """A line with its evidence, marked as a guess unless it says itself that something is to decide."""
    mark = f"{CONFIRM}ED" if said else CONFIRM if confirm else "GUESS"
    return entry(indent, key, value, "" if DECIDE in scalar(value) else mark, why)


def _choices(terms: Mapping[str, str], indent: int = 4) -> list[str]:
    return [f"{' ' * indent}#   {term}: {meaning}" for term, meaning in terms.items()]


def source_text(name: str, proposals: Sequence[Proposal], left: Sequence[str]) -> str:
    """Return the text of the proposed ``source.yaml``."""
    lines = [
        f"# Proposed by `accountability new-source {name}`. Nothing here has been confirmed by anybody.",
        f"# Replace every {DECIDE} by what you know; `accountability check {name}` lists what is left.",
        f"# {CONFIRM} marks a guess that, if wrong, gives a wrong number in silence: write {CONFIRM}ED once you know.",
        "# GUESS marks what the files suggest, with the evidence: read each, correct it or delete the comment.",
        "# A date column says which step it dates, one of:",
        *_choices(STAGES, 0),
        "# An identifying column is removed when the file is read; the kinds are:",
        *_choices(IDENTIFYING, 0),
        "",
        entry(0, "source", name),
        _marked(0, "title", DECIDE, "one line: whose complaints, from when to when"),
        "generated: false  # true only for invented records",
        "",
        *_card(proposals),
        "",
        "files:",
    ]
    for proposal in proposals:
        lines += _file(proposal)
    for line in left:
        lines.append(f"  # not declared: {_one_line(line)}")
    return "\n".join([*lines, *_order(proposals)]) + "\n"


def _dates(proposals: Sequence[Proposal], stage: str | None = None) -> list[Role]:
    every = [role for p in proposals for role in p.roles if role.reading is not None]
    return [role for role in every if stage is None or role.says("stage") == stage]


def _card(proposals: Sequence[Proposal]) -> list[str]:
    received = _dates(proposals, "received") or _dates(proposals, "incident")
    closed = [role for p in proposals for role in p.roles if role.says("stage") == "closed"]
    last = max((r.reading.last for r in _dates(proposals) if r.reading is not None), default=None)
    lines = ["card:"]
    for key, why in (
        ("jurisdiction", "city, county or state"),
        ("agency", "whose officers are complained of, and who investigates"),
        ("publisher", "who put the file out, and where"),
        ("obtained", "how and when you got it"),
        ("row_is", f"what one row is, in words; {'; '.join(f'{p.path}: {p.why}' for p in proposals)}"),
    ):
        lines.append(_marked(2, key, DECIDE, why))
    unit, why = unit_of(proposals)
    lines += ["  # unit, what one row counts:", *_choices(UNITS, 2), _marked(2, "unit", unit, why, True)]
    if received and (reading := received[0].reading) is not None and pd.notna(reading.first):
        days = {"from": reading.first.date(), "to": reading.last.date()}
        lines.append(_marked(2, "period", days, f"first and last day in {scalar(received[0].column.name)}"))
    found = f"; the last date in the files is {last:%Y-%m-%d}" if last is not None and pd.notna(last) else ""
    lines.append(
        _marked(
            2, "observed_until", DECIDE, f"last day on which a closing would be in the file, null if not known{found}"
        )
    )
    lines += ["  sampling:", "    # rule, how complaints came to be in the file:", *_choices(SAMPLING_RULES)]
    lines.append(
        _marked(4, "rule", DECIDE, f"one of {', '.join(SAMPLING_RULES)}; it decides which estimates agree to run")
    )
    stop = closed[0].column if closed else None
    empty = f"; {rows_of(stop.rows - stop.filled)} of {stop.rows:,} without a closing date" if stop else ""
    lines.append(
        _marked(
            4,
            "open_cases",
            DECIDE,
            f"included, excluded, status_only (open is said, dates are not) or unknown{empty}",
        )
    )
    why = f"{scalar(stop.name)} looks like it" if stop else "no column looks like it"
    lines += [
        _marked(4, "closing_date", bool(closed), why),
        _marked(4, "selected_on", [], "nothing known; list outcomes or years the file is filtered on"),
        _marked(4, "window", DECIDE, "which complaints are in the file, in words"),
        _marked(2, "internal_complaints", "unknown", "the files do not say; included, excluded or unknown"),
        _marked(2, "licence", "not stated", "the files do not say"),
        _marked(2, "citation", DECIDE, "how to cite the file"),
    ]
    return lines


def unit_of(proposals: Sequence[Proposal]) -> tuple[str, str]:
    """Return the likely unit of a row, and the evidence."""
    rows = [p for p in proposals if p.table == "allegations"]
    if not rows:
        cases = any(p.table == "cases" for p in proposals)
        return ("complaint", "one row a case number") if cases else (DECIDE, f"one of {', '.join(UNITS)}")
    case, officer = rows[0].column(to="case_id"), rows[0].column(to="officer_id")
    held = Counted(rows[0].frame, rows[0].roles).units()
    counted = "; ".join(f"as {unit}: {in_words(held[unit], 'record')}" for unit in UNITS if unit in held)
    if case is not None and case.column.unique and officer is None:
        return "complaint", f"every case number has one row, and no column tells officers apart; {counted}"
    if case is not None and officer is not None:
        pairs = rows[0].frame[[case.column.name, officer.column.name]].dropna()
        if not pairs.duplicated().any():
            return "officer_complaint", f"no officer is in two rows of a case; {counted}"
        return "allegation", f"{int(pairs.duplicated().sum()):,} rows repeat the officer of a case; {counted}"
    return DECIDE, f"one of {', '.join(UNITS)}; {counted}; {rows[0].why}"


def _file(proposal: Proposal) -> list[str]:
    fmt = {k: v for k, v in proposal.fmt.model_dump(exclude_defaults=True).items() if k not in ("type", "quote")}
    if proposal.fmt.type in ("csv", "tsv") and proposal.fmt.quote is None:
        fmt["quote"] = "none"
    layout = proposal.layout
    fmt |= dict.fromkeys(layout.undecided, DECIDE)
    frame = proposal.frame
    lines = [
        f"  {scalar(proposal.key)}:",
        entry(4, "path", proposal.path),
        entry(4, "sha256", proposal.sha256),
        entry(4, "bytes", proposal.bytes),
        entry(4, "rows", proposal.raw_rows or len(frame)),
        _marked(4, "format", {"type": proposal.fmt.type, **fmt}, layout.why, layout.confirm),
    ]
    if layout.prepare:
        why = "; ".join(evidence for _, evidence in layout.prepare)
        steps = [step for step, _ in layout.prepare]
        lines.append(_marked(4, "prepare", steps, why, True))
    if layout.beside:
        lines.append(entry(4, "beside", dict(layout.beside)))
    kinds = "cases, allegations, officers, events or complainants; " if proposal.table == DECIDE else ""
    units = Counted(frame, proposal.roles).units()
    counts = ", ".join(in_words(units[u], u) for u in ("allegation", "complaint", "officer") if u in units)
    why = f"{kinds}{proposal.why}; rows as accusations, case numbers, officers: {counts}"
    lines.append(_marked(4, "table", proposal.table, why, True))
    lines += _rows(proposal)
    held = frame[~proposal.blank]
    settle = [m for m in proposal.matters if m.kind != "repeats" and not (m.kind in _NO_RECORD and named_by(held, m))]
    if settle:
        lines.append("    settled:  # what the cells show: say how it was settled, in words; rows are counted from 1")
        masked = masked_in(proposal.roles)
        for matter in settle:
            lines.append(entry(6, matter_key(matter), DECIDE, "", _matter_text(matter)))
            lines += [f"      #   {_one_line(row)}" for row in rows_shown(frame, matter, masked)]
    lines.append("    columns:")
    lines += [_marked(6, role.column.name, role.declared, role.why, role.confirm, role.said) for role in proposal.roles]
    return lines


def matter_key(matter: Matter) -> str:
    """Return the key of a matter under ``settled``."""
    return f"{matter.kind} {matter.column}" if matter.column is not None else matter.kind


def _matter_text(matter: Matter) -> str:
    where = f"{matter.column}: " if matter.column is not None else ""
    rows = f"; first data rows {', '.join(map(str, matter.rows[:3]))}" if matter.rows else ""
    settle = f"; {matter.settle}" if matter.settle else ""
    return f"{where}{matter.what}{rows}{settle}"


def named_by(frame: pd.DataFrame, matter: Matter) -> str | None:
    """Return a column that is empty exactly in the rows of a matter, so that a declaration can name them."""
    rows = frame.index.isin([row - 1 for row in matter.rows])
    empty = (name for name in frame if frame[name][rows].isna().all() and frame[name][~rows].notna().all())
    return next((str(name) for name in empty), None)


def _rows(proposal: Proposal) -> list[str]:
    """What the file's rows need said: blank, unusable and repeated ones, and the key."""
    lines = []
    frame, blank = proposal.frame, proposal.blank
    if blank.any():
        why = f"{rows_of(blank.sum())} with nothing in it, first data row {_first(blank)}"
        lines.append(_marked(4, "blank_rows", "drop", why))
    frame = frame[~blank]
    again = frame.duplicated()
    case, officer = proposal.column(to="case_id"), proposal.column(to="officer_id")
    main = officer if proposal.table == "officers" else case
    held = frame
    unusable: list[dict[str, Any]] = []
    reasons: list[str] = []
    for matter in (m for m in proposal.matters if m.kind in _NO_RECORD and named_by(held, m)):
        unusable.append({"blank": [named_by(held, matter)], "because": f"a {matter.kind}, not a record"})
        reasons.append(_matter_text(matter))
    confirm = bool(unusable)
    if main is not None and (lacks := frame[main.column.name].isna()).any():
        unusable.append({"blank": [main.column.name], "because": "no number, so the row belongs to no case"})
        reasons.append(f"{rows_of(lacks.sum())} without a number, first data row {_first(lacks)}")
        frame, again = frame[~lacks], again[~lacks]
    if unusable:
        lines.append(_marked(4, "unusable", unusable, "; ".join(reasons), confirm))
    behind = next((m for m in proposal.matters if m.kind == "repeats"), None)
    if behind is not None and not again.any():
        rule = {"exact": DECIDE, "apart_from": [behind.column], "because": DECIDE}
        return [*lines, _marked(4, "repeats", [rule], f"{behind.what}; exact: drop (printed twice) or keep")]
    if again.any():
        why = (
            f"{rows_of(again.sum())} equal to an earlier row in every column, first data row {_first(again)}; "
            "exact: drop (printed twice) or keep (records that look alike)"
        )
        alike = proposal.layout.alike
        said = [{"exact": "keep" if alike else DECIDE, "because": alike or DECIDE}]
        lines.append(_marked(4, "repeats", said, why, bool(alike)))
        return lines  # whether a key holds depends on what these rows are
    if main is None or frame.empty:
        return lines
    for key in ([main], [case, officer]):
        names = [role.column.name for role in key if role is not None]
        if len(names) == len(key) and frame[names].notna().all(axis=None) and not frame.duplicated(names).any():
            alone = f"no two of {rows_of(len(frame))} share it"
            return [*lines, _marked(4, "key", names, alone, True)]
    return lines


def _first(marked: pd.Series) -> int:
    return int(marked.index[marked.to_numpy()][0]) + 1


def _order(proposals: Sequence[Proposal]) -> list[str]:
    stages = {str(role.says("stage")): role for p in proposals for role in p.roles if role.says("stage")}
    lines = []
    for first, then, aside in NATURAL_ORDER:
        if first in stages and then in stages:
            why = _disorder(stages[first], stages[then])
            lines.append(f"  - {scalar({'first': first, 'then': then, 'aside': aside})}  # GUESS: {why}")
    if not lines:
        return []
    return [
        "",
        "# A step that cannot come before another; when it does, the date named in `aside` is not used.",
        "order:",
        *lines,
    ]


def _disorder(first: Role, then: Role) -> str:
    if first.reading is None or then.reading is None or not first.column.values.index.equals(then.column.values.index):
        return "a closing follows what it closes; not counted yet"
    days = []
    for role in (first, then):
        assert role.reading is not None  # checked above
        days.append(role.column.values.map(dict(zip(role.column.counts.index, role.reading.days, strict=True))))
    return f"{rows_of((days[1] < days[0]).sum())} with the dates the other way round"


def codebook_text(proposals: Sequence[Proposal]) -> str:
    """Return the text of the proposed ``codebook.yaml``: established words as guesses, other values to decide."""
    lines = [
        "# What every value means. Established words are coded as a GUESS; replace every other "
        + DECIDE
        + " by a term",
        "# (or by {finding: ..., lossy: what is lost}), and say in `authority` who says so.",
    ]
    for block, gives, known, terms in (
        ("finding", ["finding", "closing_reason"], FINDING_TERMS, FINDINGS),
        ("penalty", ["penalty", "days"], PENALTY_TERMS, PENALTIES),
    ):
        columns = [(p, role) for p in proposals for role in p.roles if role.says("codebook") == block]
        if columns:
            lines += ["", *_block(block, gives, known, terms, columns)]
    return "\n".join(lines) + "\n"


def _block(
    block: str,
    gives: list[str],
    known: Mapping[str, Any],
    terms: Mapping[str, str],
    columns: list[tuple[Proposal, Role]],
) -> list[str]:
    counts: dict[str, int] = {}
    for p, role in columns:
        none = [row - 1 for m in p.matters if m.kind in _NO_RECORD for row in m.rows]
        for text, count in p.frame[role.column.name].drop(index=none).value_counts().items():
            counts[str(text)] = counts.get(str(text), 0) + int(count)
    spelt: dict[str, list[str]] = {}
    for text in sorted(counts, key=lambda text: -counts[text]):
        spelt.setdefault(tidy(text), []).append(text)
    rules = penalty_rules(counts) if block == "penalty" else []
    ruled = {tidy(text) for rule in rules for text in rule.examples}
    lines = [f"# {block}: one of", *_choices(terms, 0)]
    if block == "finding":
        lines += [
            "# {finding: closed_without_finding, closing_reason: ...} takes one of",
            *_choices(CLOSING_REASONS, 0),
        ]
    where = ", ".join(f"{p.path}: {scalar(role.column.name)}" for p, role in columns)
    lines += [
        f"{block}:",
        _marked(2, "authority", DECIDE, f"the document, page or person that says what the values of {where} mean"),
        "  normalise: [strip, collapse_blanks, casefold]",
        f"  gives: {scalar(gives)}",
    ]
    values = []
    for key, texts in spelt.items():
        if key in ruled:
            continue
        rows = rows_of(sum(counts[text] for text in texts))
        if key == "":
            values.append(_marked(4, texts[0], None, f"{rows} of nothing but blanks"))
        else:
            values.append(_marked(4, texts[0], known.get(key, DECIDE), rows))
    lines += ["  values:", *values] if values else []
    if rules:
        lines.append("  rules:")
    for rule in rules:
        shown = {text: {"penalty": "suspension", "days": days} for text, days in list(rule.examples.items())[:3]}
        lines += [
            f"    - pattern: '{rule.pattern.replace(chr(39), chr(39) * 2)}'  # GUESS: {len(rule.examples):,} texts",
            r"      gives: {penalty: suspension, days: '\1'}",
            f"      examples: {scalar(shown)}",
        ]
    empty = sum(role.column.rows - role.column.filled for _, role in columns)
    lines.append(_marked(2, "blank", None, f"{empty:,} empty cells say nothing; or the term they stand for"))
    return lines
