"""Run a source's own script on the rows of a file in a sandboxed process.

As a program, this module is that process: it applies the locks, then calls the script's ``prepare``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

SECONDS: Final = 300
_LOCKS: Final = Path(__file__).resolve().with_name("locks.py")
_LONGEST: Final = 300


def scripted(frame: pd.DataFrame, script: Path, where: str) -> pd.DataFrame:
    """Return the rows as changed by a script.

    Parameters
    ----------
    frame : DataFrame of str
        The columns as text, and ``source_row``; the script should keep that column, so that rows can be followed.
    script : Path
        Defines ``prepare(frame)``, which returns the new frame.
    where : str
        For messages.

    Raises
    ------
    SourceError
        If the script fails, takes longer than ``SECONDS``, or does not return a table of text.
    """
    import pandas as pd

    from accountability.errors import SourceError
    from accountability.records.locks import readable

    with tempfile.TemporaryDirectory(prefix="prepare-") as place:
        scratch = Path(place).resolve()
        (scratch / "script.py").write_bytes(script.read_bytes())
        frame.reset_index(drop=True).to_feather(scratch / "in.arrow")
        job = {"scratch": str(scratch), "read": readable()}
        (scratch / "job.json").write_text(json.dumps(job), encoding="utf-8")
        own = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(scratch), "TMPDIR": str(scratch)}
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
        try:
            ran = subprocess.run(
                [sys.executable, "-I", "-B", __file__, str(scratch / "job.json")],
                cwd=scratch, env={**own, **one}, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                check=False, start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SourceError(f"{where}: {script.name} had not ended after {SECONDS} s") from None
        said = scratch / "fault.txt"
        if ran.returncode or not (scratch / "out.arrow").is_file():
            fault = said.read_text(encoding="utf-8") if said.is_file() else f"its process ended ({ran.returncode})"
            raise SourceError(f"{where}: {script.name} failed: {fault}")
        made = pd.read_feather(scratch / "out.arrow")
    if "source_row" not in made:
        made = made.assign(source_row=range(1, len(made) + 1))
    elif not made["source_row"].isin(frame["source_row"]).all():
        raise SourceError(f"{where}: {script.name} changed `source_row`; hand on the number each row had")
    return made.astype({name: "str" for name in made.columns if name != "source_row"} | {"source_row": "int64"})


def main() -> None:
    """Apply the locks and call the script."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    scratch = Path(job["scratch"])
    spec = importlib.util.spec_from_file_location("locks", _LOCKS)
    assert spec is not None
    assert spec.loader is not None
    locks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(locks)
    locks.landlock([str(scratch)], job["read"], [])
    locks.seccomp()
    locks.audit(str(scratch), [])
    import pandas as pd

    try:
        space: dict[str, object] = {"__name__": "script"}
        exec(compile((scratch / "script.py").read_text(encoding="utf-8"), "script.py", "exec"), space)
        if not callable(space.get("prepare")):
            raise TypeError("it defines no function prepare(frame)")
        made = space["prepare"](pd.read_feather(scratch / "in.arrow"))  # type: ignore[operator]
        if not isinstance(made, pd.DataFrame):
            raise TypeError(f"prepare gave {type(made).__name__}, expected a DataFrame")
        numbers = [n for n in made.columns if n != "source_row" and not pd.api.types.is_string_dtype(made[n].dtype)]
        if numbers:
            raise TypeError(f"column {numbers[0]!r} is {made[numbers[0]].dtype}; cells stay text until they are coded")
        made.reset_index(drop=True).to_feather(scratch / "out.arrow")
    except BaseException as fault:
        (scratch / "fault.txt").write_text(f"{type(fault).__name__}: {fault}"[:_LONGEST], encoding="utf-8")
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
