"""Do slow cases end lighter? Three views side by side, and what each of them identifies.

A case must be closed to have a penalty, and a case that has been open for long has had longer to be sustained. So the
penalties of closed cases by how long they took compare cases by their own future. The landmark view compares what is
still to come for cases open on the same day of their age; the view of competing ways counts every case received.
"""

from accountability.slow_cases.result import SlowCases, delay_and_penalty

__all__ = ["SlowCases", "delay_and_penalty"]
