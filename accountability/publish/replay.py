"""Compute a study's finding without running its notebook, from cached statements.

The statements on which ``conclude(...)`` depends are taken from the notebook; a statement is run again only if a
parameter on which it depends changed.
"""

from __future__ import annotations

import ast
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from accountability.publish.runner import notebook_of
from accountability.remembered import Kept, remembering
from accountability.studies import registry

if TYPE_CHECKING:
    from accountability.findings import Finding

_KEPT: Final = 120  # results of statements, over all studies
_SOUGHT: Final = "conclude"
_KEPT_BY: Final = "keep"
_SHOWN: Final = "from accountability.publish import present"
#: Results that say only how firm an answer is; they cost most and are computed after the answer is shown.
_LATER: Final = frozenset(
    {"cutoffs", "clocks", "closed_only", "late", "tipping", "others", "by_unit", "reprimand", "yearly", "served"}
    | {"by_lot", "shorter", "gaps", "by_incident", "choices"}
)


@dataclass(frozen=True, slots=True)
class Slice:
    """The statements on which a study's finding depends.

    Attributes
    ----------
    statements : tuple of ast.stmt
        Imports and assignments in order; the last is the finding.
    """

    statements: tuple[ast.stmt, ...]

    def code(self, values: Mapping[str, Any]) -> str:
        """Return the statements as a program, with parameter values after the imports."""
        used = {name for one in self.statements for name in _read(one)}
        lines = [f"{name} = {value!r}" for name, value in values.items() if name in used]
        imports = [ast.unparse(one) for one in self.statements if _imports(one)]
        rest = [ast.unparse(one) for one in self.statements if not _imports(one)]
        return "\n".join([*imports, _SHOWN, "", *lines, "", *rest, "present(finding)"])


@cache
def sliced(study: str, whole: bool = True) -> Slice:
    """Return the statements of a notebook on which its finding depends; without `whole`, without its sensitivity."""
    parsed = _parsed(study) if whole else ast.fix_missing_locations(_Less().visit(_parsed(study)))
    body = [_plain(one) for one in parsed.body]
    return Slice(_behind(body, next(_calls(body, _SOUGHT))))


@cache
def sliced_tables(study: str) -> dict[str, Slice]:
    """Return the statements of a notebook on which each saved table depends, by the table's name."""
    found = {}
    for place, call in ((n, one) for n, said in enumerate(_parsed(study).body) for one in _calls([said], _KEPT_BY)):
        body = [_plain(_Bare().visit(one)) for one in _parsed(study).body[:place]]
        if len(call.args) > 1 and isinstance(call.args[0], ast.Constant):
            found[str(call.args[0].value)] = Slice(_behind(body, _Bare().visit(call.args[1])))
    return found


def _parsed(study: str) -> ast.Module:
    cells = json.loads(notebook_of(registry.get(study)).read_text(encoding="utf-8"))["cells"]
    code = "\n".join(
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", [])
    )
    return ast.parse(code)


def _calls(body: list[ast.stmt], name: str) -> Iterator[ast.Call]:
    nodes = (node for one in body for node in ast.walk(one))
    return (n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name)


def _behind(body: list[ast.stmt], sought: ast.expr) -> tuple[ast.stmt, ...]:
    """The statements on which an expression rests, and last the expression under the name ``finding``."""
    last = ast.fix_missing_locations(ast.Assign([ast.Name("finding", ast.Store())], sought))
    wanted = _read(last)
    taken: list[ast.stmt] = [last]
    for one in reversed(body):
        found = _written(one) & wanted
        if not found:
            continue
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            one.names = [name for name in one.names if (name.asname or name.name).split(".")[0] in found]
        else:
            # What an assignment writes is not wanted of an earlier one, unless it reads it too.
            wanted -= found
        wanted |= _read(one)
        taken.append(one)
    return tuple(reversed(taken))


class Replay:
    """Findings of studies under changing parameters, with cached statements.

    Parameters
    ----------
    given : mapping, optional
        Sources already loaded: name to dataset.
    """

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        self._given = dict(given or {})
        self._kept: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()
        self._derived: Kept = OrderedDict()

    def finding(
        self, study: str, values: Mapping[str, Any], *, whole: bool = True, told: Callable[[str], None] | None = None
    ) -> Finding:
        """Return the finding of a study under complete parameters; raises what a statement raises.

        Without `whole`, its sensitivity is left out. `told` is called with what is being computed, in words.
        """
        finding: Finding = self._last(sliced(study, whole), values, told)
        return finding

    def kept(self, study: str, name: str, values: Mapping[str, Any]) -> Any:
        """Return one saved table of a study, as :func:`finding` returns its finding."""
        return self._last(sliced_tables(study)[name], values, None)

    def _last(self, behind: Slice, values: Mapping[str, Any], told: Callable[[str], None] | None) -> Any:
        names: dict[str, tuple[Any, ...]] = {name: (repr(value),) for name, value in values.items()}
        held: dict[str, Any] = dict(values)
        for one in behind.statements:
            read = sorted(_read(one) & set(names))
            key = (ast.unparse(one), *((name, names[name]) for name in read))
            made = self._kept.get(key)
            if made is None:
                if told is not None:
                    told(_words(one))
                made = self._made(one, {name: held[name] for name in read})
                self._kept[key] = made
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            held |= made
            # A key names all it rests on; its hash stands for it, or keys would double with every statement.
            names |= dict.fromkeys(made, (hash(key),))
        return held["finding"]

    def data(self, source: str) -> Any:
        """Return a source, loaded once."""
        if source not in self._given:
            import accountability

            self._given[source] = accountability.load(source)
        return self._given[source]

    def _made(self, one: ast.stmt, space: dict[str, Any]) -> dict[str, Any]:
        written = _written(one)
        if written == {"data"} and set(space) & {"source", "reference"}:
            return {"data": self.data(next(space[name] for name in ("source", "reference") if name in space))}
        with remembering(self._derived):
            exec(compile(ast.Module([one], []), "<study>", "exec"), space)
        return {name: space[name] for name in written}


def _plain(one: ast.stmt) -> ast.stmt:
    """``a |= b`` as ``a = a | b``: what is kept must not be changed in place."""
    if not isinstance(one, ast.AugAssign) or not isinstance(one.target, ast.Name):
        return one
    value = ast.BinOp(ast.Name(one.target.id, ast.Load()), one.op, one.value)
    return ast.fix_missing_locations(ast.Assign([one.target], value))


class _Bare(ast.NodeTransformer):
    """Puts in the place of ``keep(name, what)`` what is kept."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        kept = isinstance(node.func, ast.Name) and node.func.id == _KEPT_BY and len(node.args) > 1
        return node.args[1] if kept else node


class _Less(ast.NodeTransformer):
    """Leaves out of dictionaries and calls what only says how firm an answer is."""

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        pairs = [
            (key, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if not (isinstance(key, ast.Constant) and key.value in _LATER)
        ]
        return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])

    def visit_keyword(self, node: ast.keyword) -> ast.keyword | None:
        return None if node.arg in _LATER else node


def _words(one: ast.stmt) -> str:
    """What a statement computes, in the notebook's own words."""
    texts = [node.value for node in ast.walk(one) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if _written(one) == {"data"}:
        return "reading the source"
    return next((text for text in texts if " " in text), "the answer")


def later(study: str) -> bool:
    """Return whether part of a study's finding is computed after the answer."""
    return sliced(study).code({}) != sliced(study, False).code({})


def _imports(one: ast.stmt) -> bool:
    return isinstance(one, (ast.Import, ast.ImportFrom))


def _written(one: ast.stmt) -> set[str]:
    if isinstance(one, (ast.Import, ast.ImportFrom)):
        return {(name.asname or name.name).split(".")[0] for name in one.names}
    if not isinstance(one, ast.Assign):
        return set()
    return {node.id for node in ast.walk(one) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _read(one: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(one) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
