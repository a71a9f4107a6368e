"""Pseudonyms: ids that distinguish officers without identifying them.

Ids are replaced by a keyed hash (HMAC-SHA256). The key is a file outside the project, made on first use and readable
only by its owner. The same key gives the same pseudonyms, so two loads can be linked on one machine only. If no key can
be stored, every load makes its own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pandas as pd

from accountability.errors import AccountabilityError

KEY_VARIABLE = "ACCOUNTABILITY_KEY_FILE"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A secret for pseudonyms; ``lasting`` says whether the next load has it too."""

    secret: bytes
    lasting: bool

    def __repr__(self) -> str:
        return f"Key(lasting={self.lasting})"

    @property
    def fingerprint(self) -> str:
        """Short digest that distinguishes keys without revealing them."""
        return hmac.digest(self.secret, b"fingerprint", "sha256").hex()[:12]


def key_file() -> Path:
    """Return the path of the key: ``$ACCOUNTABILITY_KEY_FILE``, else in the user's configuration folder."""
    stated = os.environ.get(KEY_VARIABLE)
    if stated:
        return Path(stated).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("accountability")) / "pseudonym.key"


def key(path: Path | None = None) -> Key:
    """Return the user's key or the key in a file, made on first use.

    Parameters
    ----------
    path : Path, optional
        The file; :func:`key_file` when left out.

    Returns
    -------
    Key
        ``lasting`` is false if no file can be stored; ids then differ between loads.

    Raises
    ------
    AccountabilityError
        If a key file exists without a key: replacing it would silently break links made with it.
    """
    path = key_file() if path is None else path
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists() and _stored(secret, path):
            return Key(secret, lasting=True)
    except OSError:
        return Key(secret, lasting=False)
    text = _text(path)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise AccountabilityError(
            f"{path}: expected a pseudonym key of {2 * KEY_BYTES} hexadecimal digits, found {len(text)}. "
            "Restore the file, or delete it to start with new pseudonyms"
        )
    if len(set(secret)) < KEY_BYTES // 4:
        raise AccountabilityError(
            f"{path}: expected a key drawn at random, found {len(set(secret))} different bytes of {KEY_BYTES}; "
            "delete the file to start with new pseudonyms"
        )
    if os.name == "posix" and (mode := path.stat().st_mode & 0o777) & 0o077:
        raise AccountabilityError(
            f"{path}: expected a key that its owner alone reads (mode 600), found mode {mode:o}. "
            f"Write: chmod 600 {path}"
        )
    return Key(secret, lasting=True)


def _stored(secret: bytes, path: Path) -> bool:
    """Store a key under its name, complete when it is first seen; return whether no other process was quicker."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its owner alone reads it
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret.hex() + "\n")
        try:
            os.link(name, path)
        except FileExistsError:
            return False
        except OSError:  # a drive without hard links; a rename would replace a key that another process has stored
            return _written(secret, path)
        return True
    finally:
        os.unlink(name)


def _written(secret: bytes, path: Path) -> bool:
    try:
        with open(path, "x", encoding="ascii", opener=_for_its_owner) as file:
            file.write(secret.hex() + "\n")
    except FileExistsError:
        return False
    return True


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise AccountabilityError(
            f"{path}: the pseudonym key cannot be read ({error.strerror}); nothing done"
        ) from error


class Pseudonyms:
    """Replace the ids of one scope by pseudonyms.

    Parameters
    ----------
    scope : str
        Scope of the ids (a source's name): the same id in two scopes gets two pseudonyms.
    key : Key
    """

    def __init__(self, scope: str, key: Key) -> None:
        self._scope = scope
        # HMAC as RFC 2104 defines it, its two keyed halves made once: half the time of a call to hmac for each id.
        block = (key.secret if len(key.secret) <= 64 else hashlib.sha256(key.secret).digest()).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + scope.encode() + b"\0")
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self._made: dict[str, str] = {}
        self._one = Lock()  # files are coded at once

    def __call__(self, values: pd.Series) -> pd.Series:
        """Replace ids by pseudonyms.

        Parameters
        ----------
        values : Series of str
            Ids; a missing id stays missing.

        Returns
        -------
        Series of str
            Twelve hexadecimal digits behind ``p-``; equal ids get equal pseudonyms, distinct ids distinct ones.

        Raises
        ------
        AccountabilityError
            When two ids would share a pseudonym (one chance in ten thousand at 200,000 officers).
        """
        codes, distinct = pd.factorize(values)
        made, ids = self._made, distinct.tolist()  # an Arrow array is slow to go through one by one
        copy_inner, copy_outer = self._inner.copy, self._outer.copy
        with self._one:
            before = len(made)
            for value in ids:  # written out: a call for each id would take as long as its hash
                if value not in made:
                    inner, outer = copy_inner(), copy_outer()
                    inner.update(str(value).encode())
                    outer.update(inner.digest())
                    made[value] = f"p-{outer.hexdigest()[:12]}"
            if len(made) > before and len(set(made.values())) != len(made):
                raise AccountabilityError(f"two ids of {self._scope} share a pseudonym; use another key ({key_file()})")
        pool = pd.array([*map(made.__getitem__, ids), None], dtype="str")
        return pd.Series(pool.take(codes), index=values.index, name=values.name)
