"""What a reader sees of a source's reports, as pictures.

``python benchmarks/look.py FOLDER [synthetic chicago_2000_2016 ...]`` writes for each source its reports, their PDF and
Word files, all lead figures on one sheet, and the first screen of every page at 1,280 and 390 pixels, light and dark.
It needs Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

import lead_figures

from accountability import publish
from accountability.publish.documents import export
from accountability.publish.finished import reports_in

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from chromium import DESK, PHONE, launched


def main(folder: str, *sources: str) -> None:
    for source in sources or ("synthetic",):
        place = Path(folder) / source
        publish.report(source, place)
        lead_figures.main(str(place / "lead_figures.png"), source)
        (place / "screens").mkdir(exist_ok=True)
        with launched() as browser:
            for report in reports_in(place):
                for kind in ("pdf", "docx"):
                    export(report, kind, place / "documents")
                for width, height in (DESK, PHONE):
                    for scheme in ("light", "dark"):
                        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                        page.goto((report / "report.html").resolve().as_uri())
                        page.screenshot(path=place / "screens" / f"{report.name}-{width}-{scheme}.png")
                        page.close()
        print(place)


if __name__ == "__main__":
    main(*sys.argv[1:])
