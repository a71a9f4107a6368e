"""Federal matters become declared reforms, from the published table."""

from __future__ import annotations

import pandas as pd
import pytest

from accountability import reforms
from accountability.errors import ParameterError

ROW = {
    "matter_case_name": "U.S. V. SPRINGFIELD POLICE DEPARTMENT", "start_date": "4/11/96", "agreement_date": "4/16/97",
    "closed_date": "6/16/05", "closure_type": "Consent Decrees", "incident_state": "NO",
}  # fmt: skip


@pytest.mark.real_data
def test_every_agreement_of_the_published_table_is_declared(real_data) -> None:
    table = pd.read_csv(real_data("laws") / "doj_data.csv", dtype="str", lineterminator="\r")
    with pytest.raises(ParameterError, match="found others in 1 of 43 matters, first '4-Jun'"):
        reforms.federal_matters(table)
    found = reforms.federal_matters(table, leave_out_unreadable=True)
    assert (len(table), len(found)) == (68, 42)
    pittsburgh = next(one for one in found if "pittsburgh" in one.name)
    assert (str(pittsburgh.start), str(pittsburgh.end), str(pittsburgh.announced)) == (
        "1997-04-16", "2005-06-16", "1996-04-11",
    )  # fmt: skip


def test_a_matter_without_agreement_is_no_reform() -> None:
    rows = [ROW, ROW | {"closure_type": "Closed without agreement"}, ROW | {"agreement_date": None}]
    (only,) = reforms.federal_matters(pd.DataFrame(rows))
    assert only.what == "a consent decree of Springfield Police Department with the Department of Justice"
    assert only.anticipation_months == 12


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match="found others in 1 of 1 matters, first 'spring 1997'"):
        reforms.federal_matters(pd.DataFrame([ROW | {"agreement_date": "spring 1997"}]))
    with pytest.raises(ParameterError, match="no column closure_type"):
        reforms.federal_matters(pd.DataFrame([ROW]).drop(columns="closure_type"))
