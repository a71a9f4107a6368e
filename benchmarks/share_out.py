"""Do the pieces of a simulation beside each other: in processes of this machine, or on the workers of a Dask cluster.

Each piece has its own random numbers, so who does it changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from accountability.publish.sweeps.sweep_inputs import code, packages


def options(parser: argparse.ArgumentParser) -> None:
    """Add the two ways to an argument parser."""
    parser.add_argument("--jobs", type=int, default=1, help="processes of this machine (default 1)")
    parser.add_argument("--scheduler", default="", help="address of a Dask scheduler, such as tcp://10.0.0.5:8786")


def shared_out(
    do: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], jobs: int = 1, scheduler: str = ""
) -> Iterator[Any]:
    """Yield what a function gives for each piece, in their order, each as soon as those before it are there."""
    if scheduler:
        yield from _on_cluster(do, pieces, scheduler)
    elif jobs > 1:
        with ProcessPoolExecutor(jobs, mp_context=get_context("forkserver")) as pool:
            yield from pool.map(do, *zip(*pieces, strict=True))
    else:
        yield from (do(*piece) for piece in pieces)


def here() -> str:
    """What must be the same on every worker: this package's code, Python, and the packages that affect numbers."""
    return f"{code()} {packages()}"


def _on_cluster(do: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], scheduler: str) -> Iterator[Any]:
    import cloudpickle
    import distributed

    # The workers have the package, and not these programs.
    for name in {__name__, do.__module__} - {"__main__"}:
        cloudpickle.register_pickle_by_value(sys.modules[name])
    with distributed.Client(scheduler, set_as_default=False, timeout="10s") as client:
        other = {address: found for address, found in client.run(here).items() if found != here()}
        if other:
            raise SystemExit(f"these workers have another version of the package or its numbers: {', '.join(other)}")
        try:
            # Futures are kept until they are asked for; a piece whose worker is lost is done by another one.
            for future in [client.submit(do, *piece, pure=False) for piece in pieces]:
                yield future.result()
        except CancelledError:
            raise SystemExit(f"the Dask scheduler at {scheduler} was lost: start it and run this again") from None
