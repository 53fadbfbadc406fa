"""What kernels for GPUs need beyond numba's Python, on a GPU and under numba's CUDA simulator.

There kernels are plain Python: arrays at addresses are then NumPy's.
"""
from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda
from numba.core import config
from numba.extending import register_jitable

from . import native

SIMULATED = bool(config.ENABLE_CUDASIM)
LONGEST = 1 << 40               # of the arrays whose length does not matter, where they are NumPy's


def on_device(function: Callable) -> Callable:
    """Make a function that asks `cuda` for something callable from kernels."""
    return cuda.jit(device=True)(function) if SIMULATED else register_jitable(forceinline=True)(function)


@on_device
def this_thread():
    """The number of this thread among all in its row of the grid."""
    return np.int64(cuda.grid(1))


@on_device
def all_threads():
    """How many threads a row of the grid has."""
    return np.int64(cuda.gridsize(1))


@on_device
def this_row():
    """Which row of the grid this thread stands in."""
    return np.int64(cuda.blockIdx.y)


@on_device
def add_at(array, i, value):
    """Add to an entry that other threads add to, too; returns what was there."""
    return cuda.atomic.add(array, i, value)


@on_device
def least_at(array, i, value):
    """Make an entry the smaller of itself and a value."""
    cuda.atomic.min(array, i, value)


def array_at(address: int, n: int, dtype: Any) -> np.ndarray:
    """The array of `n` items of `dtype` at an address of this process."""
    kind = np.dtype(dtype)
    kind = np.dtype((np.record, kind)) if kind.names else kind
    n = int(min(n, LONGEST))
    room: Any = (ctypes.c_char * max(n * kind.itemsize, 1)).from_address(int(address) or ctypes.addressof(_nowhere))
    return np.ndarray((n,), kind, room)


def unpack_at(words: np.ndarray, first: int, n: int, template: tuple) -> tuple:
    """What native.unpack makes, in Python."""
    slots = iter(range(int(first), int(first) + 1000))

    def read(entry: Any) -> Any:
        if isinstance(entry, tuple) and entry and entry[0] is None:
            return tuple(read(e) for e in entry[1:])
        address = int(words[next(slots)])
        if isinstance(entry, tuple):
            return array_at(address, n, type(entry[0]))
        if isinstance(entry, (np.int8, np.int16)):
            return np.float64(0) if isinstance(entry, np.int8) else np.float32(0)
        return array_at(address, 1, type(entry))[0]
    return tuple(read(entry) for entry in template)


_nowhere = ctypes.create_string_buffer(8)
view: Any = array_at if SIMULATED else native.view
unpack: Any = unpack_at if SIMULATED else native.unpack
MUCH = LONGEST if SIMULATED else native.MUCH
