"""A model of one's own: brainpy.state's LIFRef with exponential conductances, as a class of the script that uses it.

    tau dV/dt = V_rest - V + R (I + g_ex (E_ex - V) + g_inh (E_inh - V)),    tau_ex dg_ex/dt = -g_ex,    g_inh alike

As in brainpy.state 0.1.0 the reset is soft: V falls by V_th - V_reset. The network: 400 excitatory and 100 inhibitory neurons,
64 and 16 inputs each, driven by a constant current. R is 1 kohm, so that 1 mS is the conductance of the leak.
"""
import argparse
from typing import Annotated, NamedTuple

import numpy as np

from nestling import simulator as nl
from nestling.models.arithmetic import exp
from nestling.models.contract import Unit, ms, mV, refractory_steps

kohm, uA, mS = Annotated[float, Unit("kohm")], Annotated[float, Unit("uA")], Annotated[float, Unit("mS")]


class LIFRef:
    class Params(NamedTuple):        # what a user sets: unit and default
        V_rest: mV = 0.0
        V_th: mV = 1.0
        V_reset: mV = 0.0
        tau: ms = 5.0
        tau_ref: ms = 5.0
        R: kohm = 0.001
        I: uA = 0.0
        E_ex: mV = 0.0
        E_inh: mV = -80.0
        tau_ex: ms = 5.0
        tau_inh: ms = 10.0
    class State(NamedTuple):         # what evolves, and can be recorded
        V_m: mV = 0.0
        g_ex: mS = 0.0
        g_inh: mS = 0.0
        r: int = 0                   # steps for which V is still held
    class Inputs(NamedTuple):        # what arrives, at receptor_type="ex" or "inh"
        ex: mS = 0.0
        inh: mS = 0.0
    class Step(NamedTuple):          # constants of a step
        drive: mV                    # where V goes without synapses
        V_th: mV
        fall: mV
        R: kohm
        E_ex: mV
        E_inh: mV
        decay_ex: float
        decay_inh: float
        rate: float
        n_ref: int

    def derive(p, dt):               # once, in NumPy
        return LIFRef.Step(p.V_rest + p.R * p.I, p.V_th, p.V_th - p.V_reset, p.R, p.E_ex, p.E_inh, np.exp(-dt / p.tau_ex),
                           np.exp(-dt / p.tau_inh), dt / p.tau, refractory_steps(p.tau_ref, dt) - 1)

    def update(s, c, x):             # one neuron, one step; Nestling compiles it
        V = s.V_m - c.fall if s.V_m >= c.V_th else s.V_m
        g_ex, g_inh = c.decay_ex * s.g_ex + x.ex, c.decay_inh * s.g_inh + x.inh
        total = 1.0 + c.R * (g_ex + g_inh)
        V_inf = (c.drive + c.R * (g_ex * c.E_ex + g_inh * c.E_inh)) / total
        V = V if s.r > 0 else V_inf + (V - V_inf) * exp(-c.rate * total)
        spiked = c.V_th <= V
        return LIFRef.State(V, g_ex, g_inh, c.n_ref if spiked else max(s.r - 1, 0)), spiked


if __name__ == "__main__":           # so that another script can import LIFRef
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
    parser.add_argument("--out", default="user_model.png", help="where the raster is written")
    args = parser.parse_args()
    sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
    cells = sim.create(LIFRef, 500, V_m=nl.init.Normal(-55, 2), V_rest=-60, V_th=-50, V_reset=-60, tau=20, R=1, I=20)
    exc, inh, spikes = cells[:400], cells[400:], sim.create(nl.spike_recorder)
    sim.connect(exc, cells, rule=nl.fixed_indegree(64), weight=0.6, delay=0.1, receptor_type="ex")
    sim.connect(inh, cells, rule=nl.fixed_indegree(16), weight=6.7, delay=0.1, receptor_type="inh")
    sim.connect(cells, spikes)
    res = sim.simulate(1000.0)
    nl.raster(res, spikes, title="LIFRef, defined in a script")[0].figure.savefig(args.out, dpi=150)
    print(f"{res.rate(spikes):.2f} spikes/s; mean CV {np.nanmean(nl.isi_cv(res, spikes)):.2f}; raster in {args.out}")
