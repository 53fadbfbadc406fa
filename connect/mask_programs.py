"""A mask as a program: the steps that compiled code tests a displacement with."""
from __future__ import annotations

import numpy as np

from . import space_kernels as k
from .bodies import Body
from .masks import Combined, Mask

DEPTH = 32                   # results of a mask's parts that may wait for others
HOWS = {"&": k.BOTH, "|": k.EITHER, "-": k.FIRST_ONLY}


def program(mask: Mask | None, depth: int = 1) -> list[np.ndarray] | None:
    """The steps of a mask; None for masks of other kinds than shapes and combinations of them."""
    step = np.zeros(k.STEP)
    if isinstance(mask, Combined) and depth < DEPTH:
        first, second = (program(part, depth + i) for i, part in enumerate(mask.parts))
        step[0] = HOWS[mask.how]
        return None if first is None or second is None else [*first, *second, step]
    if type(mask) is not Body:
        return None
    d = len(mask.middle)
    half, turn = np.ones(3), np.eye(3)
    half[:d], turn[:d, :d] = mask.half, mask.turn
    step[:3] = k.BODY, mask.rounded, (turn != np.eye(3)).any()
    step[3:3 + d], step[6:9], step[9:12], step[12:] = mask.middle, half, 1.0 / half, turn.ravel()
    return [step]
