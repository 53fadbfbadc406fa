"""The uniform distribution of whole numbers."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .contract import BadConnection, Distribution
from .distributions import _check

MOST = 2**31                # of 32-bit words each number then has at least two


def uniform_int_sample(u, n, unused):
    return math.floor(n * ((u + 0.5) * 2.0**-32))


@dataclass(frozen=True, repr=False)
class UniformInt(Distribution):
    """Whole numbers 0, 1, ... n - 1, all alike (nest.random.uniform_int(n)), redrawn until within [min, max]."""

    n: Any = 2
    min: Any = -math.inf
    max: Any = math.inf
    unit: Any = None
    sample = staticmethod(uniform_int_sample)
    plain = ("n",)

    def __post_init__(self) -> None:
        _check(self, dict(n=self.n, min=self.min, max=self.max))

    def check(self) -> None:
        if self.n != math.floor(self.n) or not 1 <= self.n <= MOST:
            raise BadConnection(f"n must be a whole number, 1 to {MOST}")

    def parameters(self) -> tuple[float, float]:
        return self.n, 0.0

    def support(self) -> tuple[float, float]:
        return 0.0, self.n - 1.0
