"""All lead figures of some sources on one sheet, and what is wrong with their words.

``python benchmarks/lead_figures.py [SHEET.png [synthetic chicago_2000_2016 ...]]``
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

from accountability.publish import kept, runner
from accountability.publish.pictures import rendered
from accountability.publish.replay import Replay
from accountability.studies import registry

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "figures"))
from overlaps import faults

WIDE, COLUMNS, GAP = 700, 3, 12


def main(sheet: str = "lead_figures.png", *sources: str) -> None:
    plt.switch_backend("agg")
    replay, pictures = Replay(), []
    for source in sources or ("synthetic",):
        for study in runner.studies_of(source)[1]:
            literals = registry.get(study).parameters.model_validate({"source": source}).literals()
            figure = kept.lead_image(replay.finding(study, literals, whole=False))
            if figure is None:
                print(f"{source} {study}: no figure")
                continue
            print(f"{source} {study}: {'; '.join(faults(figure)) or 'can be read'}")
            picture = Image.open(io.BytesIO(rendered(figure, "png"))).convert("RGB")
            pictures.append(picture.resize((WIDE, round(picture.height * WIDE / picture.width))))
            plt.close(figure)
    heights, places = [0] * COLUMNS, []
    for picture in pictures:
        column = heights.index(min(heights))
        places.append((column * (WIDE + GAP), heights[column]))
        heights[column] += picture.height + GAP
    whole = Image.new("RGB", (COLUMNS * (WIDE + GAP), max(heights)), "lightgrey")
    for picture, place in zip(pictures, places, strict=True):
        whole.paste(picture, place)
    whole.save(sheet)


if __name__ == "__main__":
    main(*sys.argv[1:])
