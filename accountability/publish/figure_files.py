"""Write a report's figures at the width of a journal's column, as SVG, PNG and PDF, from the saved SVG."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from accountability.publish.kept import NARROW

#: Inches: one column, and two with the gap between.
SINGLE: Final = 3.5
DOUBLE: Final = 7.0
_POINTS: Final = 72
_ROOT: Final = re.compile(r'(<svg\b[^>]*?) width="([\d.]+)pt" height="([\d.]+)pt"', re.S)


def figure_files(folder: Path, record: Mapping[str, Any], target: Path, dpi: int) -> list[Path]:
    """Write every figure at one and two columns' width, as SVG and PNG, and its data as CSV."""
    written = []
    for entry in record["tables"]:
        if entry["kind"] != "figure":
            continue
        name = entry["name"]
        for column, inches in (("single", SINGLE), ("double", DOUBLE)):
            svg = target / f"{name}-{column}.svg"
            svg.write_text(sized(folder, name, inches), encoding="utf-8")
            png = svg.with_suffix(".png")
            png.write_bytes(png_figure(folder, name, inches, dpi))
            written += [svg, png]
        data = target / f"{name}.csv"
        data.write_bytes((folder / entry["data"]).read_bytes())
        written.append(data)
    return written


def sized(folder: Path, name: str, inches: float) -> str:
    """Return a figure's SVG at a width in inches, with ``width`` and ``height`` in points.

    Up to 3.5 the drawing for a narrow column is used, which has readable letters.
    """
    narrow = folder / "figures" / f"{name}{NARROW}"
    chosen = narrow if inches <= SINGLE and narrow.is_file() else folder / "figures" / f"{name}.svg"

    def resized(root: re.Match[str]) -> str:
        width, height = inches * _POINTS, inches * _POINTS * float(root[3]) / float(root[2])
        return f'{root[1]} width="{width:g}pt" height="{height:.3f}pt"'

    return _ROOT.sub(resized, chosen.read_text(encoding="utf-8"), count=1)


def png_figure(folder: Path, name: str, inches: float, dpi: int) -> bytes:
    """Return a figure as PNG with its size, `inches` times `dpi` pixels wide."""
    from PIL import Image

    drawn = _typeset(folder, name, inches, "png", ppi=float(dpi))
    stated = io.BytesIO()
    Image.open(io.BytesIO(drawn)).convert("RGB").save(stated, format="PNG", dpi=(dpi, dpi), optimize=True)
    return stated.getvalue()


def pdf_figure(folder: Path, name: str, inches: float) -> bytes:
    """Return a figure as a PDF page of its size, with letters as text."""
    return _typeset(folder, name, inches, "pdf")


def _typeset(folder: Path, name: str, inches: float, kind: Literal["pdf", "png"], **options: Any) -> bytes:
    with tempfile.TemporaryDirectory(prefix="accountability-") as made:
        work = Path(made)
        (work / "figure.svg").write_text(sized(folder, name, inches), encoding="utf-8")
        page = (
            f'#set page(width: {inches}in, height: auto, margin: 0pt, fill: white)\n#image("figure.svg", width: 100%)\n'
        )
        (work / "figure.typ").write_text(page, encoding="utf-8")
        return compiled(work / "figure.typ", kind, **options)


def compiled(source: Path, kind: Literal["pdf", "png"], *, system_fonts: bool = False, **options: Any) -> bytes:
    """Typeset a file with only the fonts of Typst and Matplotlib, so that every run gives the same.

    `system_fonts` adds the machine's fonts, for scripts that these lack. The file can only read files of its own
    folder; options are those of :func:`typst.compile`.
    """
    import matplotlib as mpl
    import typst

    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    root, paths = str(source.parent), [str(fonts)]
    return typst.compile(
        str(source), root=root, font_paths=paths, ignore_system_fonts=not system_fonts, format=kind, **options
    )
