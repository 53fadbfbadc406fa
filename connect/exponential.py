"""The exponential distribution."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nestling.models.arithmetic import log

from .contract import BadConnection, Distribution
from .distributions import _check


def exponential_sample(u, beta, unused):
    """By inversion of the distribution function, which rises with the word."""
    return -beta * log(1.0 - (u + 0.5) * 2.0**-32)      # the argument is exact


@dataclass(frozen=True, repr=False)
class Exponential(Distribution):
    """Exponential distribution with mean `beta`, above 0 (nest.random.exponential), redrawn until within [min, max]."""

    beta: Any = 1.0
    min: Any = -math.inf
    max: Any = math.inf
    unit: Any = None
    sample = staticmethod(exponential_sample)

    def __post_init__(self) -> None:
        _check(self, dict(beta=self.beta, min=self.min, max=self.max))

    def check(self) -> None:
        if self.beta <= 0:
            raise BadConnection("beta must be above 0")

    def parameters(self) -> tuple[float, float]:
        return self.beta, 0.0

    def support(self) -> tuple[float, float]:
        ends = (exponential_sample(u, self.beta, 0.0) for u in (0, 2**32 - 1))       # 32-bit words reach 22.9 beta
        return next(ends) * (1.0 - 1e-12), next(ends) * (1.0 + 1e-12)
