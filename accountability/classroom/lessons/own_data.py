"""Data of a student's own: drawn from the teacher's key, handed out as a file, and read by the notebook.

The file holds what an agency would publish and nothing else. The seed it was drawn from, and so the answers, follow
from the key and the student's id; without the key neither can be had.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

from accountability.errors import ParameterError
from accountability.records import pseudonyms
from accountability.records.dataset import Dataset
from accountability.records.load import load
from accountability.results import plural
from accountability.synthetic import Agency
from accountability.synthetic.source_files import TABLES, write

Files = Mapping[str, bytes]
Answer = float | str
_Taken = TypeVar("_Taken")

FOLDER: Final = "data"
#: Of data that everybody has, for practice: not marked.
PRACTICE_SEED: Final = 20130207


@dataclass(frozen=True, slots=True)
class Own:
    """Data of one student, and the key to it, which stays with the teacher.

    Attributes
    ----------
    files : mapping of str to bytes
        What the student gets.
    right : mapping of str to tuple
        Item to its right answers: the numbers that right methods give on these data, and the truth behind them.
    mistakes : mapping of str to mapping
        Item to the answers that typical mistakes give on these data, each by what was done.
    """

    files: Files
    right: Mapping[str, tuple[Answer, ...]]
    mistakes: Mapping[str, Mapping[str, Answer]]


def plain_id(student: object) -> str:
    """An id as it is compared: blanks at the ends, case and ways of writing an accent aside.

    Raises
    ------
    ParameterError
        Nothing is left of it.
    """
    text = unicodedata.normalize("NFC", str(student).strip().casefold())
    if not text:
        raise ParameterError(f"student: expected an id, found {student!r}")
    return text


def place(lesson: str, student: object) -> str:
    """Path of a student's data beside the notebook; the id is not in it."""
    return f"{FOLDER}/{lesson}-{hashlib.sha256(plain_id(student).encode()).hexdigest()[:12]}.zip"


def seed(secret: bytes, lesson: str, student: object, attempt: int) -> int:
    """Seed of a student's data: 128 bits that nobody has without the secret."""
    said = f"class\n{lesson}\n{plain_id(student)}\n{attempt}".encode()
    return int.from_bytes(hmac.digest(secret, said, "sha256")[:16], "big")


def key_path(key: str | Path | None) -> Path:
    """File of a key; that of the user's pseudonyms when none is named."""
    return pseudonyms.key_file() if key is None else Path(key).expanduser()


def secret_of(key: str | Path | None, *, make: bool = False) -> bytes:
    """The teacher's secret, from a file.

    Parameters
    ----------
    key : str or Path, optional
        The file; that of the user's pseudonyms when left out.
    make : bool
        Make the file where there is none. Who grades must have it: another key is another truth.

    Raises
    ------
    ParameterError
        There is no file, or none can be kept.
    """
    path = key_path(key)
    if not make and not path.is_file():
        raise ParameterError(
            f"{path}: expected the key from which the students' data were made, found no file. Name it: --key FILE. "
            "`accountability teach build LESSON --students FILE --key FILE` makes one with the data"
        )
    held = pseudonyms.key(path)
    if not held.lasting:
        raise ParameterError(f"{path}: the key to the students' data cannot be kept there; name a file with --key")
    return held.secret


def packed(files: Files) -> bytes:
    """One zip file, the same bytes for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read(lesson: str, student: object, practice: Callable[[int], Files]) -> Files:
    """Read the data of a student from beside the notebook; the practice data without an id.

    Raises
    ------
    ParameterError
        There are no data of that id.
    """
    if student is None:
        return practice(PRACTICE_SEED)
    path = Path(place(lesson, student))
    if not path.is_file():
        there = plural(len(list(Path(FOLDER).glob(f"{lesson}-*.zip"))), "other file")
        raise ParameterError(
            f"student {str(student)!r}: expected your data in {path} beside the notebook, found {there} of it. "
            "Look whether the id is written as on the class list; `student = None` gives practice data, not marked"
        )
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def reader(lesson: str, drawn: Callable[[int], Files], taken: Callable[[Files], _Taken]) -> Callable[..., _Taken]:
    """The function by which a lesson's notebook reads the data of a student, given how they are drawn and taken."""

    def own(student: object = None) -> _Taken:
        """Read the data of a student, from the file that the teacher made; practice data without an id.

        Parameters
        ----------
        student : str or int, optional
            The id on the class list.

        Raises
        ------
        ParameterError
            There is no file for the id.
        """
        return taken(read(lesson, student, drawn))

    return own


def source_of(made: Agency) -> Files:
    """A generated agency as the files of a source, without its truth and without the seed."""
    with TemporaryDirectory() as folder:
        at = write(made, Path(folder) / "own_agency", truth=Path(folder) / "truth.csv")
        files = {name: (at / name).read_bytes() for name in (*(f"{table}.csv" for table in TABLES), "codebook.yaml")}
        said = (at / "source.yaml").read_text(encoding="utf-8").replace(f"seed {made.seed}", "a seed its teacher keeps")
    return files | {"source.yaml": said.encode()}


def loaded(files: Files, name: str = "own_agency") -> Dataset:
    """Load the source among the files."""
    with TemporaryDirectory() as folder:
        return load(unpacked(files, Path(folder) / name))


def unpacked(files: Files, folder: Path) -> Path:
    """Write the files into a folder."""
    folder.mkdir()
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)
    return folder
