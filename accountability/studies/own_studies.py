"""A user's own studies: the module beside the notebook declares question, needs, parameters and finding."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from accountability.errors import ParameterError
from accountability.parameters import Parameters
from accountability.vocabulary import SAMPLING_RULES


@cache
def own_module(path: Path) -> ModuleType:
    """Run the module of a user's study once; refused with its path if it fails."""
    name = f"accountability_own_study_{path.stem}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # its parameter model is built on first use, and looks its own names up
    try:
        # Past the import system's cache: no bytecode stays beside the study, an edit of the same second is seen.
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)
    except Exception as error:
        del sys.modules[name]
        raise ParameterError(f"{path}: cannot be run: {type(error).__name__}: {error}") from error
    return module


def own_study(home: Path) -> dict[str, Any]:
    """Return a user's study as :class:`accountability.studies.registry.Study`."""
    path = home / f"{home.name}.py"
    module = own_module(path)
    models = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Parameters)]
    models = [one for one in models if one.__module__ == module.__name__]
    question, needs = getattr(module, "QUESTION", None), getattr(module, "NEEDS_COLUMNS", {})
    rules = getattr(module, "REFUSED_RULES", {})
    faults = [
        *(["QUESTION, a text"] if not isinstance(question, str) or not question.strip() else []),
        *([f"one subclass of Parameters, found {len(models)}"] if len(models) != 1 else []),
        *(["a function found(asked, ...)"] if not callable(getattr(module, "found", None)) else []),
        *([f"REFUSED_RULES of {', '.join(SAMPLING_RULES)}, found {sorted(set(rules) - set(SAMPLING_RULES))}"]
          if set(rules) - set(SAMPLING_RULES) else []),
        *([f"the notebook {home.name}.ipynb beside it"] if not (home / f"{home.name}.ipynb").is_file() else []),
    ]  # fmt: skip
    if faults:
        raise ParameterError(f"{path}: expected {'; '.join(faults)}. `accountability new-study` writes all of them")
    return {"name": home.name, "question": question, "parameters": models[0], "needs_columns": dict(needs),
            "refused_rules": dict(rules), "home": home}  # fmt: skip
