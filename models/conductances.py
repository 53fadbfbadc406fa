"""A membrane with a leak and two exponential conductances: its constants, and its potential after a step (see membrane.py)."""
from __future__ import annotations

import numpy as np

from .membrane import moments, relaxed


def conductance_steps(p, dt):
    """The constants, by name: decays P, integrals over the step divided by C_m (G, J), first moments relative to them (d)."""
    G_ex, d_ex = moments(lambda t: np.exp(-t / p.tau_syn_ex), dt)
    G_in, d_in = moments(lambda t: np.exp(-t / p.tau_syn_in), dt)
    return dict(P_ex=np.exp(-dt / p.tau_syn_ex), P_in=np.exp(-dt / p.tau_syn_in), G_L=dt * p.g_L / p.C_m,
                J_L=dt * (p.g_L * p.E_L + p.I_e) / p.C_m, J_I=dt / p.C_m, G_ex=G_ex / p.C_m, G_in=G_in / p.C_m,
                d_ex=d_ex / G_ex, d_in=d_in / G_in, E_ex=p.E_ex, E_in=p.E_in)


def potential(s, c, I):
    """V_m after a step with the conductances that the step begins with, and the current I."""
    ex, inh = c.G_ex * s.g_ex, c.G_in * s.g_in
    J_ex, J_in = c.E_ex * ex, c.E_in * inh
    return relaxed(s.V_m, c.G_L + ex + inh, c.J_L + c.J_I * I + J_ex + J_in, c.d_ex * ex + c.d_in * inh,
                   c.d_ex * J_ex + c.d_in * J_in)
