"""Share reports: :func:`share` packs a report, or lists what must not be shared."""

from __future__ import annotations

from accountability.publish.sharing.gate import Verdict, look_through, report_folder, share, write_zip
from accountability.records.leaving.leak import FIXES, Leak

__all__ = ["FIXES", "Leak", "Verdict", "look_through", "report_folder", "share", "write_zip"]
