"""Brunel's random balanced network with alpha-shaped synaptic currents (after Brunel 2000, J. Comput. Neurosci. 8:183).

400 excitatory and 100 inhibitory neurons at `--order 100`, each receiving from a tenth of both populations at random,
inhibition five times stronger than excitation (g = 5), an external Poisson drive of twice the threshold rate (eta = 2),
delay 1.5 ms. The currents rise and fall within tau_syn = 0.5 ms and are scaled so that one spike moves the membrane by 0.1 mV
at most. The raster shows 50 neurons of each population over one second.
"""
import argparse
import time
from pathlib import Path

import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, default=100, help="excitatory neurons: 4 x order, inhibitory: order")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--time", type=float, default=1000.0, help="simulated time, ms")
parser.add_argument("--out", default="brunel_alpha.png", help="where the raster is written")
args = parser.parse_args()

g, eta, epsilon = 5.0, 2.0, 0.1                  # relative inhibition, relative drive, connection density
J, delay, tau_m, V_th = 0.1, 1.5, 20.0, 20.0     # mV, ms, ms, mV
NE, NI = 4 * args.order, args.order
CE, CI = int(epsilon * NE), int(epsilon * NI)
C_m, tau_syn = 250.0, 0.5                        # pF, ms
t = np.linspace(0.0, 10.0, 100_001)              # ms: the potential after one spike of 1 pA, and its peak
k = 1.0 / tau_syn - 1.0 / tau_m
psp = np.e / (tau_syn * C_m * k) * ((np.exp(-t / tau_m) - np.exp(-t / tau_syn)) / k - t * np.exp(-t / tau_syn))
J_pA = J / psp.max()
drive = 1000.0 * eta * V_th * C_m / (J_pA * np.e * tau_m * tau_syn)      # spikes/s: eta times what brings the mean to threshold

start = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
neuron = dict(C_m=C_m, tau_m=tau_m, tau_syn_ex=tau_syn, tau_syn_in=tau_syn, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=V_th)
exc, inh = sim.create(nl.iaf_psc_alpha, NE, params=neuron), sim.create(nl.iaf_psc_alpha, NI, params=neuron)
noise = sim.create(nl.poisson_generator, rate=drive)
exc_spikes, inh_spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(noise, exc + inh, weight=J_pA, delay=delay)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(CE), weight=J_pA, delay=delay, seed=1)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(CI), weight=-g * J_pA, delay=delay, seed=2)
sim.connect(exc[:50], exc_spikes)
sim.connect(inh[:50], inh_spikes)
print(sim.plan())
built = time.perf_counter()
res = sim.simulate(args.time)
done = time.perf_counter()

print(f"excitatory {res.rate(exc_spikes):.2f}, inhibitory {res.rate(inh_spikes):.2f} spikes/s; "
      f"built in {built - start:.2f} s, {args.time:g} ms simulated in {done - built:.2f} s")
axes = nl.raster(res, [exc_spikes, inh_spikes], labels=["excitatory", "inhibitory"],
                 title=f"Brunel network with alpha-shaped currents, {NE + NI:,} neurons, g = {g:g}, eta = {eta:g}")
axes[0].figure.savefig(args.out, dpi=150)
print(f"raster in {Path(args.out).resolve()}")
