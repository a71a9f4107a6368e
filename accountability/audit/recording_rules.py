"""Dates whose meaning changed between releases, as warnings on the card, with the studies affected."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from accountability.records.dataset import Dataset
from accountability.studies.registry import STUDIES
from accountability.study.inputs import takes


def studies_touched(stage: str) -> str:
    """Return the studies that use the date of a stage by default."""
    names = []
    for name, study in STUDIES.items():
        fields = study.parameters.model_fields
        if not study.of_a_case and stage in [fields[key].default for key in ("start", "stop") if key in fields]:
            names.append(name.replace("_", " "))
    if not names:
        return "No study reads this date unless it is asked to."
    return f"It touches the studies {', '.join(names)}."


@takes("dataset")
def with_release_traps(data: Dataset) -> Dataset:
    """Return a dataset whose card warns of dates whose meaning changed from or to another release.

    Parameters
    ----------
    data : Dataset
        A release; the others are looked up and loaded. If none is available, it is returned unchanged.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> import accountability
    >>> from accountability import audit
    >>> data = accountability.load("generated_2021")
    >>> len(audit.with_release_traps(data).card.traps) - len(data.card.traps)
    1
    """
    from accountability.releases.record_changes import changes
    from accountability.releases.release_line import other_releases
    from accountability.results import Refused, or_refusal

    held = or_refusal(lambda: other_releases(data))
    if isinstance(held, Refused):
        return data
    traps = list(data.card.traps)
    for pair in [*((one, data) for one in held[0][-1:]), *((data, one) for one in held[1][:1])]:
        found = or_refusal(partial(changes, *pair))
        if not isinstance(found, Refused):
            said = f"Between the releases {pair[0].name} and {pair[1].name}: "
            traps += [f"{said}{text} {studies_touched(stage)}" for stage, text in found.traps()]
    return (
        data
        if len(traps) == len(data.card.traps)
        else replace(data, card=data.card.model_copy(update={"traps": traps}))
    )
