"""The ten-minute tutorial, timed block by block: from a clone to a finding about Chicago.

Run ``python benchmarks/tutorial.py [FOLDER_OF_EXTRACTS]``. With it files come from there and not from the network.
The first block makes the environment in a fresh clone. Seconds are those of the clock; beside them stands the processor
time, which a busy machine does not change. Reading is not in them: ten minutes are for both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from page_blocks import blocks  # noqa: E402


def main(extracts: str = "") -> None:
    """Clone, run every block of the page in order, and print what each took."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "accountability"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        path = os.pathsep.join([str(clone / ".venv" / "bin"), os.environ["PATH"]])
        held = os.environ | {"PATH": path, "ACCOUNTABILITY_CACHE": str(Path(folder) / "cache")}
        whole = 0.0
        for block in blocks((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
            code = block.code
            if extracts:
                code = code.replace(
                    "fetch chicago_2000_2016", f"fetch chicago_2000_2016 --from {extracts}/chicago_2000_2016"
                )
            began, used = time.monotonic(), sum(os.times()[:4])
            program = ["sh", "-eu"] if block.language == "sh" else [shutil.which("python", path=path) or "python"]
            done = subprocess.run(
                [*program, "-c", code], cwd=clone, env=held, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"line {block.line} of docs/tutorial.md ended with {done.returncode}:\n{done.stderr}")
            clock, spent = time.monotonic() - began, sum(os.times()[:4]) - used
            whole += clock
            print(f"line {block.line:3}: {clock:5.0f} s, {spent:4.0f} s of processor time: {code.splitlines()[0]}")
        print(f"{whole:.0f} s in all; 600 s less these are left for reading")


if __name__ == "__main__":
    main(*(str(Path(one).resolve()) for one in sys.argv[1:]))
