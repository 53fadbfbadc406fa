"""What the adaptive exponential neurons share: what they refuse, and the constants of a step (see upstroke.py)."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import refractory_steps, require
from .membrane import moments
from .propagators import from_alpha, from_exponential, mean_exponential

HIGH = 20.0     # an upstroke is cut off at V_th + 20 Delta_T, or where it moves by 1e6 Delta_T a step: infinity is at hand
NEURON = ("h", "drive", "leak", "per_C", "E_L", "V_th", "V_peak", "V_reset", "rate", "reset_rate", "Delta", "per_Delta",
          "to_peak", "A_w", "B_w", "slow", "b", "n_ref")       # fields of Step that all have: see `constants`


def check_neuron(p):
    for name in ("C_m", "tau_w"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")
    for name in ("g_L", "t_ref", "Delta_T"):
        require(getattr(p, name) >= 0, name, getattr(p, name), "0 or more")
    require(p.V_peak >= p.V_th, "V_peak", p.V_peak, "V_th or above")
    require(p.V_reset < p.V_peak, "V_reset", p.V_reset, "below V_peak")


def check_with_synapses(p):
    check_neuron(p)
    for name in ("tau_syn_ex", "tau_syn_in"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0 ms")


def constants(p, dt):
    """By name: drive and leak at rest (dV/dt = drive - leak V - w per_C), A_w and B_w (dw/dt = A_w (V - E_L) - B_w w), rate
    (dq/dt at V_th) and reset_rate (at V_reset), to_peak (exp((V_th - V_peak) / Delta_T)), slow (the part of dw/dt that lasts
    over a step), ... Delta_T = 0 is a neuron without upstroke that spikes at V_th.
    """
    sharp = p.Delta_T <= 0
    Delta = np.where(sharp, 1.0, p.Delta_T)
    rate = np.where(sharp, 0.0, p.g_L / p.C_m)
    high = np.maximum(HIGH, np.log(1e6 / np.maximum(dt * rate, 1e-200)))
    peak = np.where(sharp, 0.0, np.minimum((p.V_peak - p.V_th) / Delta, high))
    return dict(h=dt, drive=(p.g_L * p.E_L + p.I_e) / p.C_m, leak=p.g_L / p.C_m, per_C=1.0 / p.C_m, E_L=p.E_L, V_th=p.V_th,
                V_peak=p.V_th + peak * Delta, V_reset=np.minimum(p.V_reset, p.V_th + peak * Delta), rate=rate,
                reset_rate=rate * np.exp(np.minimum((p.V_reset - p.V_th) / Delta, high)), Delta=Delta, per_Delta=1.0 / Delta,
                to_peak=np.exp(-peak), A_w=p.a / p.tau_w, B_w=1.0 / p.tau_w, slow=mean_exponential(-dt / p.tau_w), b=p.b,
                n_ref=refractory_steps(p.t_ref, dt))


def synapses(p, dt, alpha=False):
    """Of each synapse: its decay P; what a current or conductance of 1 is to a leaky membrane on average over the step (M),
    divided by C_m, and by how much more at its end than on average (T); of alpha functions the same of a slope of 1 (S, U),
    and the slope that a spike of weight 1 begins with (peak).
    """
    tau_m = p.C_m / np.maximum(p.g_L, 1e-9)
    whole = dt * mean_exponential(-dt / tau_m)
    found: dict[str, Any] = {}
    for side, tau in (("ex", p.tau_syn_ex), ("in", p.tau_syn_in)):
        tilt = 6.0 / dt * moments(lambda t, tau=tau: np.exp(-t / tau), dt)[1] / p.C_m
        found |= {f"P_{side}": np.exp(-dt / tau), f"M_{side}": from_exponential(dt, tau_m, tau, p.C_m) / whole,
                  f"T_{side}": tilt}
        if alpha:
            tilt = 6.0 / dt * moments(lambda t, tau=tau: t * np.exp(-t / tau), dt)[1] / p.C_m
            found |= {f"S_{side}": from_alpha(dt, tau_m, tau, p.C_m) / whole, f"U_{side}": tilt, f"peak_{side}": np.e / tau}
    return found
