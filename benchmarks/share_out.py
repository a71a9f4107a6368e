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

    # The workers have the package, and not these programs: what is registered is sent whole, but only within a lambda,
    # as a function of a module is sent by its name.
    for name in {__name__, do.__module__} - {"__main__"}:
        cloudpickle.register_pickle_by_value(sys.modules[name])
    with distributed.Client(scheduler, set_as_default=False, timeout="10s") as client:
        other = {address: found for address, found in client.run(lambda: here()).items() if found != here()}
        if other:
            raise SystemExit(f"these workers have another version of the package or its numbers: {', '.join(other)}")
        try:
            # Futures are kept until they are asked for; a piece whose worker is lost is done by another one.
            for future in [client.submit(lambda piece=piece: do(*piece), pure=False) for piece in pieces]:
                yield future.result()
        except CancelledError:
            raise SystemExit(f"the Dask scheduler at {scheduler} was lost: start it and run this again") from None


def compared(workers: int, agencies: int = 120) -> dict[str, float]:
    """Seconds of the clock for the same simulations and the same sweep: processes here, and workers of a cluster."""
    import logging
    import tempfile
    import time

    import dependence
    import distributed

    from accountability import publish

    pieces = [(cell, agencies, seed) for seed, cell in enumerate(dependence.grid([12]))]
    grid: dict[str, Any] = {"sets": [{"source": "synthetic", "within_days": 100 + day} for day in range(6 * workers)]}
    seconds: dict[str, float] = {}
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
    ) as cluster:
        there = cluster.scheduler_address
        for name, options in (("processes", {"jobs": workers}), ("cluster", {"scheduler": there})):
            begun = time.monotonic()
            found = repr(list(shared_out(dependence.measured, pieces, **options)))  # type: ignore[arg-type]
            seconds[f"simulations, {name}"] = time.monotonic() - begun
            assert seconds.setdefault("equal", hash(found)) == hash(found)
        for name, more in (("processes", {"jobs": workers}), ("cluster", {"executor": "dask", "scheduler": there})):
            with tempfile.TemporaryDirectory() as out:
                begun = time.monotonic()
                made = publish.sweep("how_long_cases_stay_open", grid, out, **more)  # type: ignore[arg-type]
                seconds[f"sweep, {name}"] = time.monotonic() - begun
                assert made.made == len(grid["sets"])
    return seconds


if __name__ == "__main__":
    took = compared(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
    for kind in ("simulations", "sweep"):
        alone, shared = took[f"{kind}, processes"], took[f"{kind}, cluster"]
        print(f"{kind}: {alone:.1f} s in processes, {shared:.1f} s on a cluster, ratio {shared / alone:.2f}")
