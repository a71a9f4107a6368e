"""Tables for print: title, headings, text cells and notes, as HTML, LaTeX and Word."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accountability.errors import ParameterError, Refusal
from accountability.journal_cells import ABSENT, HIDDEN
from accountability.results import Result
from accountability.tables.document_tables import document_table
from accountability.tables.word_tables import with_table_text


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Printed(Result):
    """A table for print: text cells, with labels in the first column.

    Attributes
    ----------
    title : str
    notes : tuple of str
        Notes below the table.
    """

    title: str
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Return the title."""
        return f"{self.title}."

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return the table as HTML, with its caption and notes."""
        cells = [[str(cell) for cell in row] for row in self.table.itertuples(index=False)]
        return document_table(self.title, [*map(str, self.table)], cells, [False] + [True] * (self.table.shape[1] - 1),
                              self.notes)  # fmt: skip

    def to_latex(self, **options: Any) -> str:
        """Return the table as LaTeX (booktabs), with its caption and notes."""
        form = "l" + "r" * (self.table.shape[1] - 1)
        given: dict[str, Any] = {"index": False, "escape": True, "column_format": form, "caption": _tex(self.title)}
        given |= options
        text: str = self.table.to_latex(**given)
        text = text.replace("‡", r"\ddag{}").replace("–", "--").replace("\u2003", r"\quad ")
        below = "".join(f"\\par\\footnotesize {_tex(note)}\n" for note in self.notes)
        return text.replace(r"\end{table}", below + r"\end{table}")

    def to_word(self, path: str | Path) -> Path:
        """Write the table as a Word document and return its path.

        Raises
        ------
        Refusal
            Without the extra ``documents``, which installs pandoc.
        """
        target = Path(path)
        if target.suffix != ".docx":
            raise ParameterError(f"a Word document ends in .docx, found {target.name!r}")
        try:
            import pypandoc
        except ImportError as error:
            raise Refusal("a Word document needs pandoc; write: pip install 'accountability[documents]'") from error
        page = (
            f'<html lang="en"><head><title>{html.escape(self.title)}</title></head><body>{self.to_html()}</body></html>'
        )
        pypandoc.convert_text(page, "docx", format="html", outputfile=str(target))
        with_table_text(target)
        return target


def _tex(text: str) -> str:
    for mark in "&%$#_{}":
        text = text.replace(mark, f"\\{mark}")
    return text.replace(HIDDEN, r"\ddag{}").replace(ABSENT, "--")
