"""Distributions of weights, delays and initial values.

A value comes from one 32-bit word, addressed by the projection's stream, the row and the place in it; truncation (`min`,
`max`) draws again, as NEST's `redraw` does. Numbers have NEST's unit unless `unit` or a brainunit quantity says otherwise.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nestling.models.arithmetic import exp

from .contract import BadConnection, Distribution
from .normal import normal_central, normal_is_central, normal_sample


def uniform_sample(u, low, high):
    return low + (high - low) * ((u + 0.5) * 2.0**-32)


def lognormal_sample(u, mean, std):
    return exp(normal_sample(u, mean, std))


def lognormal_central(u, mean, std):
    return exp(normal_central(u, mean, std))


def _check(d: Any, numbers: dict[str, Any]) -> None:
    for name, value in numbers.items():
        if not (np.isscalar(value) or hasattr(value, "unit")):
            raise BadConnection(f"{type(d).__name__}: {name} = {value!r} must be one number")


@dataclass(frozen=True, repr=False)
class Constant(Distribution):
    """The same value everywhere."""

    value: Any
    unit: Any = None


@dataclass(frozen=True, repr=False)
class Normal(Distribution):
    """Normal distribution with `mean` and standard deviation `std`, redrawn until within [min, max]."""

    mean: Any = 0.0
    std: Any = 1.0
    min: Any = -math.inf
    max: Any = math.inf
    unit: Any = None
    sample = staticmethod(normal_sample)
    central = normal_central, normal_is_central

    def __post_init__(self) -> None:
        _check(self, dict(mean=self.mean, std=self.std, min=self.min, max=self.max))

    def parameters(self) -> tuple[float, float]:
        return self.mean, self.std

    def support(self) -> tuple[float, float]:
        reach = 6.4 * self.std      # 32-bit words reach 6.34 standard deviations
        return self.mean - reach, self.mean + reach


@dataclass(frozen=True, repr=False)
class LogNormal(Normal):
    """exp(x) with x normal with `mean` and `std` (NEST's lognormal), redrawn until within [min, max]."""

    sample = staticmethod(lognormal_sample)
    central = lognormal_central, normal_is_central
    plain = ("mean", "std")             # they belong to the logarithm

    def support(self) -> tuple[float, float]:
        return math.exp(self.mean - 6.4 * self.std), math.exp(self.mean + 6.4 * self.std)


@dataclass(frozen=True, repr=False)
class Uniform(Distribution):
    """Uniform between `low` and `high`, redrawn until within [min, max]."""

    low: Any = 0.0
    high: Any = 1.0
    min: Any = -math.inf
    max: Any = math.inf
    unit: Any = None
    sample = staticmethod(uniform_sample)

    def __post_init__(self) -> None:
        _check(self, dict(low=self.low, high=self.high, min=self.min, max=self.max))

    def parameters(self) -> tuple[float, float]:
        return self.low, self.high

    def support(self) -> tuple[float, float]:
        return self.low, self.high
