"""Some of the registered studies for the length of a test, and then all of them in their order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from accountability.studies import registry


@contextlib.contextmanager
def only_studies(studies: Iterable[registry.Study]) -> Iterator[None]:
    """Put these studies in the registry's place; what is deleted one by one comes back at the end, out of order."""
    before = dict(registry.STUDIES)
    kept = {study.name: study for study in studies}
    registry.STUDIES.clear()
    registry.STUDIES.update(kept)
    try:
        yield
    finally:
        registry.STUDIES.clear()
        registry.STUDIES.update(before)
