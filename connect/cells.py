"""The nodes of a layer sorted by the cells that they lie in: what `space_kernels` finds candidates in."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import space_kernels as k
from .mask_programs import program

if TYPE_CHECKING:
    from .candidates import Candidates

PARTS = 8.0                  # cells that a mask's box spans along an axis
WIDER = 1 + 1e-7             # the box that is looked through, and the mask decides


class Cells(NamedTuple):
    """words, table: as kernels want them; most: no row finds more candidates."""

    words: np.ndarray
    table: np.ndarray
    most: int


def cells_of(near: Candidates, own: np.ndarray | None = None, places: bool = False) -> Cells | None:
    """Where candidates are looked for; None if the mask has no program. own: for each row the partner that does not count, or
    -1; places: whether ways to partners will be asked for."""
    steps = program(near.mask)
    if near.mask is None or steps is None:
        return None
    n, d = near.pool.shape
    pool, rows = near.pool, near.rows + near.shift
    half = near.mask.size / 2 * WIDER + 1e-11 * max(np.abs(pool).max(), np.abs(rows).max())
    low, high = pool.min(axis=0), pool.max(axis=0)
    sides = np.maximum(high - low, half) if near.wrap is None else near.wrap
    once = bool((high - low <= sides * (1 + 1e-12)).all())                     # else some nodes lie beyond the box
    numbers = np.clip(np.floor(sides * PARTS / (2 * half)), 1.0, n).astype(np.int64)
    while numbers.prod() > 2 * n:
        numbers = np.maximum(numbers // 2, 1)
    scale = numbers / sides
    cell = np.minimum(((pool - low if once else near.inside(pool - low)) * scale).astype(np.int64), numbers - 1)
    shape = np.array([*numbers, 1])[:3]                                  # along x, y, z; y runs fastest, then x
    place = (cell[:, 2] if d == 3 else 0) * (shape[0] * shape[1]) + cell[:, 0] * shape[1] + cell[:, 1]
    order = np.argsort(place, kind="stable")
    held = np.bincount(place, minlength=int(shape.prod()))
    floats = np.zeros(k.END)
    for at, values, rest in ((k.HALF, half, 1.0), (k.LOW, low, 0.0), (k.SCALE, scale, 1.0), (k.SHIFT, near.shift, 0.0),
                             (k.WRAP, np.full(d, np.inf) if near.wrap is None else near.wrap, np.inf)):
        floats[at:at + 3] = rest
        floats[at:at + d] = values
    floats[k.SIGN], floats[k.TO_TARGET] = near.sign, near.to_target
    words = floats.view(np.int64)
    table = [np.zeros(0) if own is None else own + 1, np.concatenate([[0], np.cumsum(held)]), order]
    words[[k.PARTNERS, k.ROWS, k.OWN, k.OPS, k.ONCE]] = n, len(rows), own is not None, len(steps), once
    words[k.CELLS:k.CELLS + 3] = shape
    arrays = [np.concatenate(steps), *(solid(p) for p in (rows, near.pool[order], near.pool[:n * places]))]
    words[[k.PROGRAM_AT, k.ROWS_AT, k.POOL_AT, k.PLACES_AT]] = k.END + np.cumsum([0, *map(len, arrays)])[:4]
    words[[k.STARTS_AT, k.IDS_AT]] = np.cumsum([len(t) for t in table])[:2]
    return Cells(np.concatenate([words, *(a.view(np.int64) for a in arrays)]),
                 np.concatenate([t.astype(np.uint32) for t in table]),
                 most_within(held.reshape(shape[[2, 0, 1]]), np.ceil(2 * half * scale)[[2, 0, 1] if d == 3 else [0, 1]], near))


def solid(points: np.ndarray) -> np.ndarray:
    """All x, then all y, then all z, which is 0 in two dimensions."""
    out = np.zeros((3, len(points)))
    out[:points.shape[1]] = points.T
    return out.ravel()


def most_within(held: np.ndarray, widths: np.ndarray, near: Candidates) -> int:
    """The most nodes that so many cells (and one more) along each axis hold."""
    for axis, width in zip(range(3 - len(widths), 3), widths.astype(int) + 1):
        n, width = held.shape[axis], min(width, held.shape[axis])
        total = np.cumsum(held, axis=axis)
        total = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis=axis)
        if near.wrap is not None:
            around = total.take([-1], axis) + total.take(range(1, width), axis)
            total = np.concatenate([total, around], axis=axis)
        else:
            around = np.repeat(total.take([-1], axis), width - 1, axis=axis)
            total = np.concatenate([total, around], axis=axis)
        held = total.take(range(width, width + n), axis) - total.take(range(n), axis)
    return int(held.max(initial=0))
