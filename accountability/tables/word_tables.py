"""The text of tables in a Word document: small enough for columns whose widths are counted in letters."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

#: Half points, and twentieths of a point on each side of a cell.
SIZE: Final = 16
MARGIN: Final = 50
STYLE: Final = "TableText"
_TABLE = re.compile(r"<w:tbl>.*?</w:tbl>", re.DOTALL)
_BARE_ROW = re.compile(r"<w:tr>(?!\s*<w:trPr>)")
_COMPACT = re.compile(r'<w:pStyle w:val="Compact" ?/>')
_SIDES = re.compile(r'(<w:(?:left|right) w:type="dxa" w:w=")\d+(" ?/>)')
_RUN = f'<w:rPr><w:sz w:val="{SIZE}" /><w:szCs w:val="{SIZE}" /></w:rPr>'


def with_table_text(path: Path) -> None:
    """Give the cells of a converter's tables a style of their own, of eight points, which a journal can remap.

    Parameters
    ----------
    path : Path
        A Word document from pandoc, which is rewritten; its dates stay.
    """
    with zipfile.ZipFile(path) as packed:
        parts = [(entry, packed.read(entry)) for entry in packed.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry, held in parts:
            write = {"word/document.xml": _cells, "word/styles.xml": _styles}.get(entry.filename)
            packed.writestr(entry, write(held.decode("utf-8")) if write else held, zipfile.ZIP_DEFLATED)


def _cells(document: str) -> str:
    named = f'<w:pStyle w:val="{STYLE}" />'
    whole = "<w:tr><w:trPr><w:cantSplit /></w:trPr>"  # a row is not broken over two pages
    return _TABLE.sub(lambda table: _BARE_ROW.sub(whole, _COMPACT.sub(named, table[0])), document)


def _styles(styles: str) -> str:
    """Add the style of cells, make notes as small, and cells with less room at their sides."""
    own = (
        f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{STYLE}"><w:name w:val="Table Text" />'
        f'<w:basedOn w:val="Compact" /><w:qFormat />{_RUN}</w:style>'
    )
    narrow = re.sub(
        r"<w:tblCellMar>.*?</w:tblCellMar>",
        lambda sides: _SIDES.sub(rf"\g<1>{MARGIN}\g<2>", sides[0]),
        styles,
        flags=re.DOTALL,
    )
    notes = re.sub(r'(<w:name w:val="Table Note" ?/>.*?)(</w:style>)', rf"\1{_RUN}\2", narrow, count=1, flags=re.DOTALL)
    return notes.replace("</w:styles>", f"{own}</w:styles>")
