"""The compiled kernels that are kept on disk: where they are, how much they take, and removing them."""
from __future__ import annotations

from pathlib import Path

from nestling.connect.contract import positions

from .compile import cache_folder, kernel

KINDS = ("*.nbi", "*.nbc", "cuda-*.ptx", "cuda-*.cubin")     # indices and code of numba, code for GPUs


def cache_folders() -> list[Path]:
    """Folders that hold kernels: of the simulator, and of rules and sparse operators; numba has one for each package."""
    return list(dict.fromkeys(cache_folder(function) for function in (kernel, positions)))


def kept_files() -> list[Path]:
    """All files of compiled kernels."""
    return [path for folder in cache_folders() for kind in KINDS for path in sorted(folder.glob(kind))]


def size_of(paths: list[Path]) -> int:
    """Bytes that files take; those that another process has removed meanwhile take none."""
    return sum(path.stat().st_size for path in paths if path.exists())


def clear() -> tuple[int, int]:
    """Remove all compiled kernels; returns how many files there were, and their bytes. Raises OSError where it may not."""
    paths = kept_files()
    nbytes = size_of(paths)
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths), nbytes
