"""What a synaptic current does to a leaky membrane in one step, exactly (Rotter and Diesmann 1999, Biol. Cybern. 81:381).

The two functions are integrals over the step; written with the difference of the two rates they have no singularity where the
time constants are equal, and lose no digits near it.
"""
from __future__ import annotations

import numpy as np


def from_exponential(h, tau_m, tau_s, C):
    """V after a step h in response to a current that was 1 and decays with tau_s (per pA, mV)."""
    m, s = np.exp(-h / tau_m), np.exp(-h / tau_s)
    near, x, far = difference(h, tau_m, tau_s)
    return h / C * np.where(near, m * mean_exponential(x), (s - m) / far)


def from_alpha(h, tau_m, tau_s, C):
    """V after a step h in response to a current s exp(-s / tau_s), rising with slope 1 (per pA/ms, mV)."""
    m, s = np.exp(-h / tau_m), np.exp(-h / tau_s)
    near, x, far = difference(h, tau_m, tau_s)
    moment, term = 0.0, 1.0                      # the integral of u exp(x u) over u from 0 to 1, by its series
    for n in range(20):
        moment, term = moment + term / (n + 2), term * x / (n + 1)
    return h * h / C * np.where(near, m * moment, (m + (far - 1.0) * s) / (far * far))


def difference(h, tau_m, tau_s):
    """x = h / tau_m - h / tau_s: whether it is small, itself where it is (else 0), itself where it is not (else 1).

    Where it is not, closed forms lose no digits, and do without exp(x), which a fast membrane makes infinite.
    """
    x = np.asarray(h / tau_m - h / tau_s)
    near = np.abs(x) < 0.5
    return near, np.where(near, x, 0.0), np.where(near, 1.0, x)


def mean_exponential(x):
    """The integral of exp(x u) over u from 0 to 1: expm1(x) / x."""
    x = np.asarray(x, float)
    near = np.abs(x) < 1e-8
    return np.where(near, 1.0 + 0.5 * x, np.expm1(x) / np.where(near, 1.0, x))
