"""gather and scatter: a structure of arrays seen as records, one for each index, on the CPU and in CUDA.

Compile-time recursion over tuples, four fields at a time since every level is compiled by itself: no source strings, no exec,
no decorator in a model.
"""
from __future__ import annotations

from numba.core import types
from numba.extending import overload


def at(x, i):
    """x[i] of an array, or x itself where it is one number for all."""
    return x[i] if getattr(x, "ndim", 0) else x


@overload(at, target="generic")
def _at(x, i):
    if isinstance(x, types.Array):
        return lambda x, i: x[i]
    return lambda x, i: x


def gather(arrays, i):
    """The i-th record of a tuple of arrays and numbers."""
    return tuple(at(x, i) for x in arrays)


@overload(gather, target="generic")
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
        x[i] = value


@overload(scatter, target="generic")
def _scatter(arrays, i, record):
    if len(arrays) == 0:
        return lambda arrays, i, record: None
    if len(arrays) < 4:
        def one(arrays, i, record):
            arrays[0][i] = record[0]
            scatter(arrays[1:], i, record[1:])
        return one

    def four(arrays, i, record):
        arrays[0][i] = record[0]
        arrays[1][i] = record[1]
        arrays[2][i] = record[2]
        arrays[3][i] = record[3]
        scatter(arrays[4:], i, record[4:])
    return four
