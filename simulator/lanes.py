"""gather and scatter: a structure of arrays seen as records, one for each index, on the CPU and in CUDA.

Compile-time recursion over tuples, four fields at a time since every level is compiled by itself: no source strings, no exec,
no decorator in a model.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

GENERIC: dict[str, Any] = dict(target="generic", jit_options=dict(forceinline=True))


def at(x, i):
    """x[i] of an array, x itself where it is one number for all, and of a list's arrays a tuple."""
    return gather(x, i) if isinstance(x, tuple) else x[i] if getattr(x, "ndim", 0) else x


@overload(at, **GENERIC)
def _at(x, i):
    if isinstance(x, types.Array):
        return lambda x, i: x[i]
    if isinstance(x, types.BaseTuple):
        return lambda x, i: gather(x, i)
    return lambda x, i: x


def put(x, i, value):
    """Write to place i of an array, or of a list's arrays."""
    if isinstance(x, tuple):
        scatter(x, i, value)
    else:
        x[i] = value


@overload(put, **GENERIC)
def _put(x, i, value):
    if isinstance(x, types.BaseTuple):
        return lambda x, i, value: scatter(x, i, value)

    def one(x, i, value):
        x[i] = value
    return one


def gather(arrays, i):
    """The i-th record of a tuple of arrays and numbers."""
    return tuple(at(x, i) for x in arrays)


@overload(gather, **GENERIC)
def _gather(arrays, i):
    n = len(arrays)
    if n == 0:
        return lambda arrays, i: ()
    if n == 1:
        return lambda arrays, i: (at(arrays[0], i),)
    if n == 2:
        return lambda arrays, i: (at(arrays[0], i), at(arrays[1], i))
    if n == 3:
        return lambda arrays, i: (at(arrays[0], i), at(arrays[1], i), at(arrays[2], i))
    if n == 4:
        return lambda arrays, i: (at(arrays[0], i), at(arrays[1], i), at(arrays[2], i), at(arrays[3], i))
    return lambda arrays, i: gather(arrays[:4], i) + gather(arrays[4:], i)


def scatter(arrays, i, record):
    """Write a record to place i of a tuple of arrays."""
    for x, value in zip(arrays, record):
        put(x, i, value)


@overload(scatter, **GENERIC)
def _scatter(arrays, i, record):
    if len(arrays) == 0:
        return lambda arrays, i, record: None
    if len(arrays) < 4:
        def one(arrays, i, record):
            put(arrays[0], i, record[0])
            scatter(arrays[1:], i, record[1:])
        return one

    def four(arrays, i, record):
        put(arrays[0], i, record[0])
        put(arrays[1], i, record[1])
        put(arrays[2], i, record[2])
        put(arrays[3], i, record[3])
        scatter(arrays[4:], i, record[4:])
    return four


def kept(x, value):
    """A value as the array, or a list's arrays, would keep it."""
    return rounded(x, value) if isinstance(x, tuple) else x.dtype.type(value)


@overload(kept, **GENERIC)
def _kept(x, value):
    if isinstance(x, types.BaseTuple):
        return lambda x, value: rounded(x, value)
    kind = {types.float32: np.float32, types.float64: np.float64, types.int32: np.int32, types.int64: np.int64}[x.dtype]
    return lambda x, value: kind(value)


def rounded(arrays, record):
    """A record as a tuple of arrays would keep it: what `gather` gives after `scatter`."""
    return tuple(kept(x, value) for x, value in zip(arrays, record))


@overload(rounded, **GENERIC)
def _rounded(arrays, record):
    n = len(arrays)
    if n == 0:
        return lambda arrays, record: ()
    if n == 1:
        return lambda arrays, record: (kept(arrays[0], record[0]),)
    if n == 2:
        return lambda arrays, record: (kept(arrays[0], record[0]), kept(arrays[1], record[1]))
    if n == 3:
        return lambda arrays, record: (kept(arrays[0], record[0]), kept(arrays[1], record[1]), kept(arrays[2], record[2]))
    return lambda arrays, record: rounded(arrays[:3], record[:3]) + rounded(arrays[3:], record[3:])
