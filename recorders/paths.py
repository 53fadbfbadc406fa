"""Paths of files that recorders write to: which may be made, whether there is room, and whether they were changed."""
from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from .contract import BadRecording

HDF5, ASCII = (".h5", ".hdf5"), (".dat",)


def signature(path: str) -> tuple[int, ...]:
    """What changes when a file is written to, or replaced."""
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns


def lock(file: Any) -> None:
    """Wait until no other process that locks an open file has it; closing it lets it go. Not all systems and disks do this."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl
        fcntl.flock(file, fcntl.LOCK_EX)


def reserve(path: str, nbytes: int) -> None:
    """OSError where so many bytes more have no room on the disk, before anything of the file is changed."""
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            try:
                os.posix_fallocate(file.fileno(), size, nbytes)
            finally:
                os.ftruncate(file.fileno(), size)


def check_format(path: str) -> None:
    """Refuse a path that ends otherwise than files do, or whose format needs a library that is not here: BadRecording."""
    suffix, there = Path(path).suffix, f"record_to = {path!r}"
    if suffix not in HDF5 + ASCII:
        raise BadRecording(f"{there}: must be 'memory', or a path that ends in .h5 or .hdf5 (HDF5), or in .dat (NEST's ascii "
                           f"format)")
    if suffix in HDF5:
        try:
            import h5py  # noqa: F401
        except ImportError:
            raise BadRecording(f"{there}: HDF5 needs h5py: install it with pip install \"nestling[h5]\"") from None


def check_path(path: str, overwrite: bool) -> None:
    """Refuse a file that cannot be made: BadRecording."""
    check_format(path)
    there = f"record_to = {path!r}"
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise BadRecording(f"{there}: there is no folder {folder}")
    if os.path.lexists(path):
        if not os.path.isfile(path):
            raise BadRecording(f"{there}: is there already, and no file")
        if not overwrite:
            raise BadRecording(f"{there}: is there already: overwrite=True replaces it, set(record_to=...) gives another path; "
                               f"cont() appends to what simulate() has made")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadRecording(f"{there}: the folder {folder} cannot be written to")
