"""A source of counts by agency and year (``counts.yaml``): what it declares, and the table its file becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
from pydantic import Field, ValidationError

from accountability.errors import SourceError
from accountability.records import cache
from accountability.records.column import Strict, problems
from accountability.records.places import counts_folder
from accountability.records.yaml_text import lines_of, read_yaml

#: Why a cell of counts is left out, in the order in which reasons are looked for.
REASONS: Final = (
    "neither number published",
    "complaints published, those sustained not",
    "those sustained published, complaints not",
    "more sustained than complaints",
)


class CountFile(Strict):
    """The published file."""

    path: str
    url: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int | None = None


class Kind(Strict):
    """The two columns of one kind of complaint; ``{year}`` stands for the year."""

    n: str
    events: str


class CountSource(Strict):
    """A whole ``counts.yaml``."""

    counts: str
    title: str
    publisher: str
    obtained: str
    row_is: str
    licence: str
    citation: str
    traps: list[str] = Field(min_length=1)
    file: CountFile
    agency: str = Field(description="column that tells agencies apart")
    name: str = Field(description="column with the agency's name")
    state: str | None = None
    years: list[int] = Field(min_length=1)
    kinds: dict[str, Kind] = Field(min_length=1)

    @property
    def remote(self) -> cache.RemoteFile:
        """The file as the cache knows it."""
        return cache.RemoteFile(self.file.path, self.file.url, self.file.sha256, self.file.bytes)


def declared_counts(name: str | Path) -> CountSource:
    """Read and check the ``counts.yaml`` of a source.

    Raises
    ------
    SourceError
        There is none, or it lists what is to mend.
    """
    folder = counts_folder(name)
    if folder is None:
        raise SourceError(f"{str(name)!r} declares no counts by agency and year: expected a folder with a counts.yaml")
    path = folder / "counts.yaml"
    try:
        source = CountSource.model_validate(read_yaml(path))
    except ValidationError as error:
        found = problems(error, lines_of(path))
        raise SourceError(f"{path}: {error.error_count()} thing(s) to mend:\n{found}") from None
    if source.counts != folder.name:
        raise SourceError(f"{path}: counts is {source.counts!r}, the folder is named {folder.name!r}; make them equal")
    return source


def counted(source: CountSource, path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counts of a file, one row an agency, kind and year, and what was left out.

    Returns
    -------
    table : DataFrame
        ``agency``, ``name``, ``state``, ``kind``, ``year``, ``n``, ``events``.
    left_out : DataFrame
        ``kind``, ``reason``, ``cells``: agency-years, each counted once.

    Raises
    ------
    SourceError
        A column is missing, an agency stands in two rows, or a cell is no whole number.
    """
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    frame = frame.apply(lambda column: column.str.strip())
    wanted = [
        one.format(year=year)
        for kind in source.kinds.values()
        for one in (kind.n, kind.events)
        for year in source.years
    ]
    named = [source.agency, source.name, *([source.state] if source.state else [])]
    if missing := [name for name in dict.fromkeys((*named, *wanted)) if name not in frame]:
        raise SourceError(f"{path.name}: {len(missing)} declared columns are not there, first {missing[0]!r}")
    if double := [name for name in (*named, *wanted) if f"{name}.1" in frame]:  # pandas numbers the second of a name
        raise SourceError(f"{path.name}: {len(double)} declared columns stand twice, first {double[0]!r}; rename one")
    if (blank := frame[source.agency].eq("")).any():
        raise SourceError(
            f"{path.name}: {int(blank.sum()):,} rows name no agency in {source.agency!r}; name them, or drop them"
        )
    if (twice := frame[source.agency][frame[source.agency].duplicated()]).size:
        raise SourceError(
            f"{path.name}: {twice.nunique():,} agencies stand in several rows, for instance {twice.iloc[0]!r}: "
            "their counts "
            "would be counted twice; declare as `agency` a column that differs, or merge the rows"
        )
    parts = []
    for word, kind in source.kinds.items():
        for year in source.years:
            cells = {"n": kind.n.format(year=year), "events": kind.events.format(year=year)}
            made = {to: _whole(frame[column], column, path.name) for to, column in cells.items()}
            place = {"agency": frame[source.agency], "name": frame[source.name]}
            place["state"] = frame[source.state] if source.state else pd.Series(pd.NA, index=frame.index, dtype="str")
            parts.append(pd.DataFrame(place | {"kind": word, "year": year} | made))
    whole = pd.concat(parts, ignore_index=True)
    n, events = whole["n"], whole["events"]
    checks = (n.isna() & events.isna(), events.isna(), n.isna(), events.gt(n).fillna(False))
    reason = pd.Series(pd.NA, index=whole.index, dtype="str")
    for wrong, why in zip(checks, REASONS, strict=True):
        reason = reason.mask(reason.isna() & wrong, why)
    left = whole.assign(reason=reason).dropna(subset="reason").groupby(["kind", "reason"], sort=False).size()
    kept = whole[reason.isna()].astype({"n": "int64", "events": "int64"}).reset_index(drop=True)
    return kept, left.rename("cells").reset_index()


def _whole(cells: pd.Series, column: str, file: str) -> pd.Series:
    filled = cells.ne("") & cells.notna()
    right = cells.str.replace(",", "").str.fullmatch(r"\d+(\.0+)?")
    if (wrong := cells[filled & ~right.fillna(False)]).size:
        raise SourceError(
            f"{file}, column {column!r}: {len(wrong):,} cells are no whole number of complaints, for instance "
            f"{wrong.iloc[0]!r} in row {int(wrong.index[0]) + 1:,}; correct them in the file, or leave the year "
            "out of `years`"
        )
    return pd.to_numeric(cells.str.replace(",", "").where(filled)).astype("Int64")
