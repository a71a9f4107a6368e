"""The closed form of Efron's sums against the sums written out with more digits."""

import numpy as np
import pytest

from accountability.stats.ties import efron


def written_out(total, tied, closings):
    """In long double, one closing after the other."""
    f = np.arange(closings, dtype=np.longdouble) / closings
    left = np.longdouble(total) - f * np.longdouble(tied)
    parts = (1 / left, f / left, 1 / left**2, f / left**2, f**2 / left**2, np.log(left))
    return [float(part.sum()) for part in parts]


@pytest.mark.parametrize("closings", [1, 2, 15, 16, 60, 500, 4_000])
@pytest.mark.parametrize("share", [1e-5, 1e-3, 0.0099, 0.0101, 0.2, 0.5, 0.9, 0.99, 1.0])
def test_closed_forms_are_the_sums(closings, share):
    total = 1_234.5
    made = efron(np.array([total]), np.array([share * total]), np.array([closings]))
    ours = [float(getattr(made, name)[0]) for name in ("a", "b", "c0", "c1", "c2", "log")]
    theirs = written_out(total, share * total, closings)
    # What multiplies b, c1 and c2 is smaller than what multiplies a and c0 by the share and its square.
    loss = [1e-12, 1e-12 / share, 1e-12, 1e-12 / share, 1e-12 / share**2, 1e-13]
    for one, other, tolerance in zip(ours, theirs, loss, strict=True):
        assert one == pytest.approx(other, rel=tolerance, abs=1e-300)
