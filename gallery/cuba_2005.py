"""The current-based network of Vogels and Abbott (2005) as in Brette et al. (2007), benchmark 2.

3200 excitatory and 800 inhibitory integrate-and-fire neurons at `--scale 1`, each receiving from 64 excitatory (16.2 pA, 5 ms)
and 16 inhibitory neurons (-90 pA, 10 ms) at random: exponential currents. The membrane rests at -49 mV, above the threshold of
-50 mV. Activity is irregular and sustains itself.
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
parser.add_argument("--out", default="cuba_2005.png", help="where the raster is written")
args = parser.parse_args()

start = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads, precision=args.precision)
neuron = dict(C_m=200.0, tau_m=20.0, E_L=-49.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, tau_syn_ex=5.0, tau_syn_in=10.0,
              V_m=nl.init.Uniform(-60.0, -50.0))
exc = sim.create(nl.iaf_psc_exp, int(3200 * args.scale), params=neuron)
inh = sim.create(nl.iaf_psc_exp, int(800 * args.scale), params=neuron)
exc_spikes, inh_spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(64), weight=16.2, delay=0.1)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(16), weight=-90.0, delay=0.1)
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
                 title=f"CUBA network, {n:,} neurons, current-based synapses")
axes[0].figure.savefig(args.out, dpi=150)
print(f"raster in {Path(args.out).resolve()}")
