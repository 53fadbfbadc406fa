"""The container of a checkpoint: a zip archive of a description (JSON) and arrays (.npy), with a SHA-256 of each of them.

It is what numpy.load opens, too. It holds no pickled objects: reading it runs nothing that the file says.
"""
from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .errors import BadCheckpoint

KIND = "nestling checkpoint"
UNKNOWN = "unknown"                 # a version, of a folder that was not installed
FORMAT = 1                          # to be raised with every change of what a description says
DESCRIPTION, DIGEST = "description.json", "sha256.txt"


class Hashing:
    """A file that is written to, and the SHA-256 of what was written."""

    def __init__(self, file: Any) -> None:
        self.file, self.sha = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        self.sha.update(data)
        return self.file.write(data)


def write_archive(path: Any, description: dict[str, Any], arrays: dict[str, np.ndarray], overwrite: bool) -> None:
    """Write a file, whole or not at all: under another name, which it exchanges for its own when it is complete.

    Raises
    ------
    FileExistsError, OSError
    """
    path = check_path(path, overwrite)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            write_members(file, description, arrays)
            file.flush()
            os.fsync(file.fileno())
        check_path(path, overwrite)             # another may have written there meanwhile
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def check_path(path: Any, overwrite: bool) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path = {path!r}: must be the name of a file")
    if not isinstance(overwrite, bool):
        raise TypeError(f"overwrite = {overwrite!r}: must be True or False")
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path = {str(path)!r} is a folder: must be the name of a file")
    if path.exists() and not overwrite:
        raise FileExistsError(f"path = {str(path)!r} exists: choose another, or overwrite=True")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path = {str(path)!r}: there is no folder {str(path.parent)!r}")
    return path


def write_members(file: Any, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    digests = {}
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                hashing = Hashing(member)
                np.lib.format.write_array(hashing, np.ascontiguousarray(array), allow_pickle=False)
                digests[name] = hashing.sha.hexdigest()
        text = json.dumps(dict(kind=KIND, format=FORMAT, **description, arrays=digests)).encode()
        archive.writestr(DESCRIPTION, text)
        archive.writestr(DIGEST, hashlib.sha256(text).hexdigest())


def read_archive(path: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The description and the arrays of a file.

    Raises
    ------
    BadCheckpoint
        with the reason: the file is none of ours, of another format, or damaged.
    OSError
    """
    with open(path, "rb") as file:
        try:
            return read_members(file, str(path))
        except BadCheckpoint:
            raise
        except Exception as error:              # a damaged archive can break anything in zipfile and numpy
            raise BadCheckpoint(f"{str(path)!r} is damaged ({type(error).__name__}: {error}): use another copy") from error


def read_members(file: Any, path: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not zipfile.is_zipfile(file):
        raise BadCheckpoint(f"{path!r} is no checkpoint of Nestling, or its end is missing")
    with zipfile.ZipFile(file) as archive:
        if DESCRIPTION not in archive.namelist():
            raise BadCheckpoint(f"{path!r} is no checkpoint of Nestling: it has no {DESCRIPTION}")
        text = archive.read(DESCRIPTION)
        description = json.loads(text)
        if not isinstance(description, dict) or description.get("kind") != KIND:
            raise BadCheckpoint(f"{path!r} is no checkpoint of Nestling: its {DESCRIPTION} is something else's")
        check_format(path, description)
        if archive.read(DIGEST).decode() != hashlib.sha256(text).hexdigest():
            raise BadCheckpoint(f"{path!r} is damaged: its description is not what was written: use another copy")
        arrays = {}
        for name, digest in description["arrays"].items():
            data = archive.read(f"{name}.npy")
            if hashlib.sha256(data).hexdigest() != digest:
                raise BadCheckpoint(f"{path!r} is damaged: its array {name} is not what was written: use another copy")
            arrays[name] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        return description, arrays


def check_format(path: str, description: dict[str, Any]) -> None:
    found, by, own = description.get("format"), description.get("nestling", "?"), own_version()
    if found == FORMAT:
        if by != own and UNKNOWN not in (by, own):
            raise BadCheckpoint(f"{path!r} was written by Nestling {by}; this is {own}, which may draw other synapses from the "
                                f"same seeds, and compute otherwise, so that the run would not go on as it began: load it with "
                                f"that version")
        return
    newer = isinstance(found, int) and found > FORMAT
    raise BadCheckpoint(f"{path!r} is a checkpoint of format {found}, written by Nestling {by}; this one reads format "
                        f"{FORMAT}; load it with that version{' or a later one' if newer else ''}")


def own_version() -> str:
    try:
        return version("nestling")
    except PackageNotFoundError:
        return UNKNOWN
