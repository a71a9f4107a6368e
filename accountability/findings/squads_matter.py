"""Do complaints follow findings against squad-mates: the finding of ``do_squads_matter``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from accountability.decimals import decimals
from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding import Finding
from accountability.findings.finding_parts import KeyNumber
from accountability.findings.frame_tables import ratios, raw, reading
from accountability.results import Refused, plural

if TYPE_CHECKING:
    import pandas as pd

    from accountability.officers import Contagion, Network, VarianceComponents
    from accountability.results import Result


def found(
    asked: Asked,
    *,
    peers: Contagion | Refused,
    network: Network | Refused,
    differ: VarianceComponents | Refused,
    again: Result,
    left_out: pd.DataFrame,
    shorter: Contagion | Refused | None = None,
) -> Finding:
    """State whether a finding against a peer changes an officer's complaint rate, beyond chance."""
    if isinstance(peers, Refused):
        return asked.not_answered(
            peers, "whether complaints follow findings against peers", method=asked.method(network, differ)
        )
    row = peers.table.iloc[0]
    unit = peers.unit_word
    low, high = float(row["lower"]), float(row["upper"])
    fine = decimals(low, high)
    ratio, ends = f"{float(row['estimate']):.{fine}f}", f"{low:.{fine}f} to {high:.{fine}f}"
    p = row["permutation_p_value"]
    if low > 1:
        verdict, title = "Yes", f"Complaints follow findings against peers of the {unit}"
    elif high < 1:
        verdict, title = "No, the other way round", f"Fewer complaints follow findings against peers of the {unit}"
    else:
        verdict, title = "Not beyond chance", f"No sign that complaints follow findings against peers of the {unit}"
    main = (
        f"{verdict}: for each finding sustained against a peer of the same {unit} in the "
        f"{plural(peers.window, 'day')} before, an "
        f"officer's rate of complaints was {ratio} times its own at other times ({asked.confidence} interval {ends}; "
        f"{wording.p_value(p)} by permutation)."
    )
    compared = f"{peers.officers:,} officers in {plural(peers.units, unit)}, {plural(peers.complaints, 'complaint')}"
    caveat = (
        f"{wording.share(peers.joint)} of accusations stand in complaints against several officers, which makes "
        f"records of peers go "
        "together; those that name the officer are left out."
    )
    return asked.finding(
        f"{main} This compares {compared}. {caveat}",
        lead=asked.lead(
            peers,
            title,
            "Ratio of an officer's rate of complaints, by what is compared; 1 is no difference",
            compared,
        ),
        numbers=(
            KeyNumber(
                value=ratio,
                label="times the rate after a finding against a peer",
                note=f"{asked.confidence} interval {ends}",
                **raw(row["estimate"], low, high),
            ),
            *_levels(differ, unit),
        ),
        tables=(
            reading(
                "The rate after a complaint against a peer, times that at other times",
                peers.table,
                {
                    "for each": lambda one: str(one["for_each"]),
                    "compares": lambda one: str(one["compares"]),
                    "ratio (interval)": ratios(),
                },
            ),
            *(
                (
                    reading(
                        "Who is accused together, and by chance",
                        network.table,
                        {
                            "measure": lambda one: str(one["says"]),
                            "observed": lambda one: wording.number(one["estimate"]),
                            "by chance": lambda one: wording.number_interval(
                                one["expected"], one["expected_lower"], one["expected_upper"]
                            ),
                        },
                    ),
                )
                if not isinstance(network, Refused)
                else ()
            ),
        ),
        firm=()
        if shorter is None or isinstance(shorter, Refused)
        else (
            f"With half the window and permutations over all years the ratio is "
            f"{wording.number_interval(*(shorter.table.iloc[0][name] for name in ('estimate', 'lower', 'upper')))}.",
        ),
        breaks=_breaks(left_out, unit),
        method=asked.method(peers, network, differ),
    )


def _levels(differ: VarianceComponents | Refused, unit: str) -> tuple[KeyNumber, ...]:
    if isinstance(differ, Refused):
        return ()
    return tuple(
        KeyNumber(
            value=wording.number(row["estimate"], row["lower"], row["upper"]),
            label=f"relative variance between {row['between']}",
            note=wording.number_ends(row["lower"], row["upper"])
            if wording.known(row["lower"]) and math.isfinite(row["upper"])
            else "",
        )
        for row in differ.table.to_dict("records")
        if wording.known(row["estimate"]) and math.isfinite(row["estimate"])
    )[:3]


def _breaks(left_out: pd.DataFrame, unit: str) -> tuple[str, ...]:
    said = [
        f"What the {unit} shares (beats, shifts, a supervisor's reporting) moves its records together without one "
        f"officer moving another."
    ]
    numbers = left_out.select_dtypes("number")
    if len(left_out) > 1 and not numbers.empty:
        said.append(
            "Accusations without an identified officer, unit or usable date are left out; the appendix counts them."
        )
    said.append("A ratio is of records: who is complained about, and what is recorded, may change after a finding.")
    return tuple(said)
