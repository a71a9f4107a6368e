"""Whether a report may leave: :func:`share` packs it, or refuses and lists what must not."""

from __future__ import annotations

from accountability.publish.sharing.gate import Verdict, look_through, report_folder, share, write_zip
from accountability.records.leaving.leak import FIXES, Leak

__all__ = ["FIXES", "Leak", "Verdict", "look_through", "report_folder", "share", "write_zip"]
