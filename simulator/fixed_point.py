"""Fixed point: the scale of every receptor's input ring, and weights in that scale.

A ring holds whole numbers, so that sums do not depend on the order of arrival. The scale of a receptor is the largest power of
two at which the worst case - every synapse of the worst neuron at once - still fits.
"""
from __future__ import annotations

import math

import numpy as np

from nestling.connect.contract import BadConnection

BITS: dict[type, int] = {np.int64: 62, np.int32: 30}      # one for the sign, one to spare for rounding


def exponent_for(largest: float, ring: type, name: str) -> int:
    """The exponent s of the scale 2**s at which sums up to `largest` fit into the ring."""
    if not math.isfinite(largest):
        raise BadConnection(f"the input of {name} has no finite bound")
    if largest == 0.0:
        return 0
    return int(np.clip(BITS[ring] - math.ceil(math.log2(largest * (1 + 1e-9))), -1000, 1000))


def to_fixed(weight: float, exponent: int) -> int:
    """`weight` in units of 2**-exponent."""
    return int(math.floor(math.ldexp(weight, exponent) + 0.5))
