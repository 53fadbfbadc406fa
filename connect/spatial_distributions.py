"""Profiles over distance, to multiply weights with or to take as probabilities: those of nest.spatial_distributions.

Despite their name nothing is drawn here: each is a function of expressions, as a rule of `distance`. Formulas and names of
arguments are NEST 3.10's. A constant profile is a number, a linear one plain arithmetic, such as 1.0 - 0.5 * distance.
"""
from __future__ import annotations

import math
from typing import Any

from .contract import BadConnection
from .functions import _made, cos, exp, maximum, shared


def _numbers(name: str, above: tuple[str, ...], **given: Any) -> list[float]:
    """Refuse what are not finite numbers, and those named in `above` unless they are above 0."""
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) and not hasattr(value, "dtype") \
                or not math.isfinite(value) or (key in above and value <= 0):
            raise BadConnection(f"{name}: {key} = {value!r} must be a finite number{', above 0' if key in above else ''}")
    return [float(value) for value in given.values()]


def exponential(x: Any, beta: float = 1.0) -> Any:
    """exp(-x / beta); beta: the length over which it falls by e, above 0."""
    b, = _numbers("exponential", ("beta",), beta=beta)
    return exp(_made("negative", x) / b)


def gaussian(x: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    """exp(-(x - mean)^2 / (2 std^2)): 1 at the mean; std above 0."""
    m, s = _numbers("gaussian", ("std",), mean=mean, std=std)
    return exp(_made("-", x, m) ** 2 / (-2.0 * s**2))


def gaussian2D(x: Any, y: Any, mean_x: float = 0.0, mean_y: float = 0.0, std_x: float = 1.0, std_y: float = 1.0,
               rho: float = 0.0) -> Any:
    """A bell over two coordinates, 1 at (mean_x, mean_y), with standard deviations std_x, std_y above 0 and correlation rho
    between -1 and 1."""
    mx, my, sx, sy, r = _numbers("gaussian2D", ("std_x", "std_y"), mean_x=mean_x, mean_y=mean_y, std_x=std_x, std_y=std_y,
                                 rho=rho)
    if not -1.0 < r < 1.0:
        raise BadConnection(f"gaussian2D: rho = {rho!r} must be between -1 and 1")
    x, y = shared(x), shared(y)
    u, v = _made("-", x, mx) / sx, _made("-", y, my) / sy
    return exp(((u - r * v) ** 2 / (1.0 - r**2) + v**2) / -2.0)         # no product of u and v: its limits would be too wide


def gamma(x: Any, kappa: float = 1.0, theta: float = 1.0) -> Any:
    """The density of the gamma distribution at x, which must be 0 or more: x^(kappa - 1) exp(-x / theta) /
    (theta^kappa Gamma(kappa)); kappa, theta above 0. With kappa below 1 it is infinite at x = 0."""
    x = shared(x)
    k, t = _numbers("gamma", ("kappa", "theta"), kappa=kappa, theta=theta)
    return _made("**", x, k - 1.0) * exp(_made("negative", x) / t) / (t**k * math.gamma(k))


def gabor(x: Any, y: Any, theta: float = 0.0, gamma: float = 1.0, std: float = 1.0, lam: float = 1.0,
          psi: float = 0.0) -> Any:
    """A bell with stripes, rectified: max(0, cos(2 pi y' / lam + psi)) exp(-(gamma^2 x'^2 + y'^2) / (2 std^2)).

    x', y': the coordinates turned by theta; theta, psi: in degrees; gamma: the aspect ratio; lam, std: wavelength and width,
    above 0. Take displacement.x and .y: distances along axes have no sign, so that turned stripes are mirrored.
    """
    th, g, s, wave, phase = _numbers("gabor", ("std", "lam"), theta=theta, gamma=gamma, std=std, lam=lam, psi=psi)
    x, y = shared(x), shared(y)
    c, d = math.cos(math.radians(th)), math.sin(math.radians(th))
    u = _made("*", x, c) + _made("*", y, d)
    v = _made("*", y, c) - _made("*", x, d)
    stripes = maximum(cos(v * (2.0 * math.pi / wave) + math.radians(phase)), 0.0)
    return stripes * exp((g**2 * u**2 + v**2) / (-2.0 * s**2))
