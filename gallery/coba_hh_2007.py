"""The Hodgkin-Huxley network of Brette et al. (2007), benchmark 3.

3200 excitatory and 800 inhibitory neurons at `--scale 1` with the sodium and potassium currents of Traub and Miles (1991), each
receiving from 64 excitatory (6 nS, 5 ms) and 16 inhibitory neurons (67 nS, 10 ms) at random: exponential conductances, reversal
potentials 0 and -80 mV. Poisson input of 300 spikes/s kicks the network for 50 ms; then it sustains itself.
The in-degree stays the same at every scale, so that 400,000 neurons (`--scale 100`) do what 4000 do. Shown are 1000 neurons.
"""
import argparse
import time
from pathlib import Path

import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--scale", type=float, default=1.0, help="size, in 4000 neurons")
parser.add_argument("--time", type=float, default=1000.0, help="simulated time, ms")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--precision", default="double", choices=["double", "single"])
parser.add_argument("--out", default="coba_hh_2007.png", help="where the raster is written")
args = parser.parse_args()

start = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads, precision=args.precision)
neuron = dict(C_m=200.0, g_L=10.0, E_L=-60.0, g_Na=20000.0, g_K=6000.0, E_Na=50.0, E_K=-90.0, V_T=-63.0, E_ex=0.0, E_in=-80.0,
              tau_syn_ex=5.0, tau_syn_in=10.0, V_m=nl.init.Normal(-65.0, 5.0))
exc = sim.create(nl.hh_cond_exp_traub, int(3200 * args.scale), params=neuron)
inh = sim.create(nl.hh_cond_exp_traub, int(800 * args.scale), params=neuron)
kick = sim.create(nl.poisson_generator, rate=300.0, start=1.0, stop=51.0)
exc_spikes, inh_spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(kick, exc + inh, weight=6.0, delay=0.1)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(64), weight=6.0, delay=0.1)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(16), weight=-67.0, delay=0.1)
sim.connect(exc[:800], exc_spikes)
sim.connect(inh[:200], inh_spikes)
sim.plan()
built = time.perf_counter()
res = sim.simulate(args.time)
done = time.perf_counter()

n = len(exc) + len(inh)
print(f"excitatory {res.rate(exc_spikes):.2f}, inhibitory {res.rate(inh_spikes):.2f} spikes/s; mean CV of intervals "
      f"{np.nanmean(nl.isi_cv(res, exc_spikes)):.2f}")
print(f"built in {built - start:.2f} s, {args.time:g} ms simulated in {done - built:.2f} s: "
      f"{(done - built) / args.time * 1e9 / n:.1f} us a neuron and second; "
      f"{sum(sim.plan().nbytes.values()) / n:.0f} bytes a neuron")
axes = nl.raster(res, [exc_spikes, inh_spikes], labels=["excitatory", "inhibitory"],
                 title=f"Hodgkin-Huxley network, {n:,} neurons")
axes[0].figure.savefig(args.out, dpi=150)
print(f"raster in {Path(args.out).resolve()}")
