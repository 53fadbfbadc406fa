"""What generalised integrate-and-fire neurons share: lists of adapting variables, and firing by chance.

A threshold that adapts is a sum of variables that decay, each with its own tau_sfa, and to which every spike adds a q_sfa
(sfa: spike-frequency adaptation); spikes trigger currents in the same manner (stc: tau_stc, q_stc).
"""
from __future__ import annotations

from typing import Annotated

import numpy as np

from .arithmetic import each, exp, moved, times
from .chance import happens
from .contract import Along, Unit, require

thresholds = Annotated[tuple, Unit("mV"), Along("tau_sfa")]          # parameters
triggered = Annotated[tuple, Unit("pA"), Along("tau_stc")]
sfa_each = Annotated[float, Unit("mV"), Along("tau_sfa")]            # states and their factors
stc_each = Annotated[float, Unit("pA"), Along("tau_stc")]


def check_gif(p):
    """Refuse what no gif_* neuron can have."""
    for name in ("C_m", "g_L", "Delta_V", "tau_syn_ex", "tau_syn_in", "tau_sfa", "tau_stc"):
        require(np.asarray(getattr(p, name)) > 0, name, getattr(p, name), "above 0")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.lambda_0 >= 0, "lambda_0", p.lambda_0, "0 Hz or more")


def adaptation_steps(p, dt):
    """The constants of a gif_* neuron's adaptation and of its firing, by name."""
    return dict(P_sfa=np.exp(-dt / p.tau_sfa), q_sfa=p.q_sfa, P_stc=np.exp(-dt / p.tau_stc), q_stc=p.q_stc, V_T_star=p.V_T_star,
                steepness=1.0 / p.Delta_V, expected=1e-3 * dt * p.lambda_0)


def fires(u, V, E_sfa, c):
    """Whether a spike escapes: probability 1 - exp(-lambda dt), lambda = lambda_0 exp((V - E_sfa) / Delta_V)."""
    return happens(u, c.expected * exp((V - E_sfa) * c.steepness))


def adapted(y, P, q, spikes):
    """Adapting variables after a step: what is left of them, and what so many spikes add."""
    return each(moved, each(times, q, spikes), P, y)
