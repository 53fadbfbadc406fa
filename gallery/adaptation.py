"""Firing patterns of the adaptive exponential neuron (Naud et al. 2008, Biol. Cybern. 99:335, table 1 and figure 4).

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - w + I_e,    tau_w dw/dt = a (V - E_L) - w

Eight neurons of one population, each with parameters of its own, begin at rest and receive a constant current from then on. A
spike (drawn up to V_peak) resets V to V_reset and adds b to w. Adaptation by spikes (b) makes intervals longer; where V_reset
lies high, spikes come in bursts until w ends them; adaptation below threshold that is negative (a) makes neurons wait and then
accelerate. The last one never repeats itself. Numbers are those with which Brian2's example draws that figure.
"""
import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--time", type=float, default=600.0, help="simulated time, ms")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="adaptation.png", help="where the picture is written")
args = parser.parse_args()

# C_m (pF), g_L (nS), E_L (mV), a (nS), tau_w (ms), b (pA), V_reset (mV), I_e (pA)
CELLS = {"tonic": (200.0, 10.0, -70.0, 2.0, 30.0, 0.0, -58.0, 500.0),
         "adapting": (200.0, 12.0, -70.0, 2.0, 300.0, 60.0, -58.0, 500.0),
         "initial burst": (130.0, 18.0, -58.0, 4.0, 150.0, 120.0, -50.0, 400.0),
         "regular bursting": (200.0, 10.0, -58.0, 2.0, 120.0, 100.0, -46.0, 210.0),
         "delayed accelerating": (200.0, 12.0, -70.0, -10.0, 300.0, 0.0, -58.0, 300.0),
         "delayed regular bursting": (100.0, 10.0, -65.0, -10.0, 90.0, 30.0, -47.0, 110.0),
         "transient": (100.0, 10.0, -65.0, 10.0, 90.0, 100.0, -47.0, 180.0),
         "irregular": (100.0, 12.0, -60.0, -11.0, 130.0, 30.0, -48.0, 160.0)}
C_m, g_L, E_L, a, tau_w, b, V_reset, I_e = np.array(list(CELLS.values())).T

sim = nl.Simulator(dt=0.1, threads=args.threads)
cells = sim.create(nl.aeif_cond_exp, len(CELLS), V_m=E_L, C_m=C_m, g_L=g_L, E_L=E_L, a=a, tau_w=tau_w, b=b, V_reset=V_reset,
                   I_e=I_e, V_th=-50.0, Delta_T=2.0, V_peak=0.0)
meter, spikes = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1), sim.create(nl.spike_recorder)
sim.connect(meter, cells)
sim.connect(cells, spikes)
res = sim.simulate(args.time)

times, senders = res.events(spikes, plain=True)
t, V = res.trace_times(meter, plain=True), res.trace(meter, "V_m", plain=True)
V[np.searchsorted(t, times - 0.05), senders] = 0.0        # at a spike V_m is already reset: draw the peak
figure, axes = plt.subplots(4, 2, figsize=(11, 8), sharex=True, sharey=True, layout="constrained")
for i, (ax, name) in enumerate(zip(axes.flat, CELLS)):
    mine = times[senders == i]
    first, last = (np.array2string(part, precision=1) for part in (np.diff(mine)[:4], np.diff(mine)[-4:]))
    print(f"{name}: {len(mine)} spikes, first intervals {first}, last {last} ms")
    ax.plot(t, V[:, i], color="black", linewidth=0.8)
    ax.set_title(f"{name}, {I_e[i]:g} pA", loc="left", fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(xlim=(0.0, args.time), ylim=(-75.0, 2.0))
figure.supxlabel("Time (ms)")
figure.supylabel("Membrane potential (mV)")
figure.savefig(args.out, dpi=150)
print(f"picture in {Path(args.out).resolve()}")
