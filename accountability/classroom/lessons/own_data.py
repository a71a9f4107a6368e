"""A student's own data: made from the teacher's key, handed out as a file, and read by the notebook.

The file holds only what an agency would publish. Its seed and its answers follow from the key and the student's id, and
cannot be derived without the key.
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
    """One student's data, and their answer key, which stays with the teacher.

    Attributes
    ----------
    files : mapping of str to bytes
        Files for the student.
    right : mapping of str to tuple
        Item to its right answers: the results of right methods on these data, and the true value.
    mistakes : mapping of str to mapping
        Item to the results of typical mistakes on these data, by mistake.
    """

    files: Files
    right: Mapping[str, tuple[Answer, ...]]
    mistakes: Mapping[str, Mapping[str, Answer]]


def plain_id(student: object) -> str:
    """Return an id in normal form, ignoring outer blanks, case and encodings of accents.

    Raises
    ------
    ParameterError
        If it is empty.
    """
    text = unicodedata.normalize("NFC", str(student).strip().casefold())
    if not text:
        raise ParameterError(f"student: expected an id, found {student!r}")
    return text


def place(lesson: str, student: object) -> str:
    """Return the path of a student's data beside the notebook; it does not contain the id."""
    return f"{FOLDER}/{lesson}-{hashlib.sha256(plain_id(student).encode()).hexdigest()[:12]}.zip"


def seed(secret: bytes, lesson: str, student: object, attempt: int) -> int:
    """Return the seed of a student's data: 128 bits that require the secret."""
    said = f"class\n{lesson}\n{plain_id(student)}\n{attempt}".encode()
    return int.from_bytes(hmac.digest(secret, said, "sha256")[:16], "big")


def key_path(key: str | Path | None) -> Path:
    """Return the file of a key; by default that of the user's pseudonyms."""
    return pseudonyms.key_file() if key is None else Path(key).expanduser()


def secret_of(key: str | Path | None, *, make: bool = False) -> bytes:
    """Return the teacher's secret from a file.

    Parameters
    ----------
    key : str or Path, optional
        The file; that of the user's pseudonyms when left out.
    make : bool
        Whether to create a missing file. Grading needs the same key.

    Raises
    ------
    ParameterError
        If there is no file, or it cannot be stored.
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
    """Return one zip file; the same files give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read(lesson: str, student: object, practice: Callable[[int], Files]) -> Files:
    """Read a student's data from beside the notebook; the practice data without an id.

    Raises
    ------
    ParameterError
        If there are no data for the id.
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
    """Return the function that reads a student's data in a lesson's notebook."""

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
    """Return a synthetic agency as the files of a source, without its true values and seed."""
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
