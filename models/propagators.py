"""What a synaptic current does to a leaky membrane in one step, exactly (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

The two functions are integrals over the step; written with the difference of the two rates they have no singularity where the
time constants are equal, and lose no digits near it.
"""
from __future__ import annotations

import numpy as np


def from_exponential(h, tau_m, tau_s, C):
    """V after a step h in response to a current that was 1 and decays with tau_s (per pA, mV)."""
    x = h / tau_m - h / tau_s
    return h / C * np.exp(-h / tau_m) * mean_exponential(x)


def from_alpha(h, tau_m, tau_s, C):
    """V after a step h in response to a current s exp(-s / tau_s), rising with slope 1 (per pA/ms, mV)."""
    x = h / tau_m - h / tau_s
    return h * h / C * np.exp(-h / tau_m) * first_moment(x)


def mean_exponential(x):
    """The integral of exp(x u) over u from 0 to 1: expm1(x) / x."""
    x = np.asarray(x, float)
    near = np.abs(x) < 1e-8
    return np.where(near, 1.0 + 0.5 * x, np.expm1(x) / np.where(near, 1.0, x))


def first_moment(x):
    """The integral of u exp(x u) over u from 0 to 1: (1 + (x - 1) exp(x)) / x^2, near 0 by its series."""
    x = np.asarray(x, float)
    near = np.abs(x) < 0.5
    series, term = np.zeros_like(x), np.ones_like(x)
    for n in range(20):
        series = series + term / (n + 2)
        term = term * np.where(near, x, 0.0) / (n + 1)
    far = np.where(near, 1.0, x)
    return np.where(near, series, (1.0 + (far - 1.0) * np.exp(far)) / (far * far))
