"""The network of brainpy.state's tutorial "An E/I balanced network", its units taken literally, or as they were meant.

3200 excitatory and 800 inhibitory LIFRef neurons (user_model.py), 80 random targets each, exponential conductances of 0.6 and
6.7 mS, a constant current of 20 mA, V from a normal distribution around -55 mV. The tutorial's resistance is 1 ohm: 20 mA make
20 mV, but 0.6 mS are less than a thousandth of the leak. Taken literally (`--meaning literal`), which is what the tutorial
computes, neurons fire like clocks at 50.7 spikes/s (the package's own logs say 50.6), not far from the 53.0 without synapses.
Meant is the network of Vogels and Abbott (2005): conductances of 0.6 and 6.7 times the leak's, that is R = 1 kohm and 20 uA,
and irregular activity of some 22 spikes/s.
"""
import argparse
import time
from pathlib import Path

import brainunit as u
import numpy as np
from user_model import LIFRef

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--meaning", default="meant", choices=["literal", "meant"], help="how units are taken")
parser.add_argument("--scale", type=float, default=1.0, help="size, in 4000 neurons; the number of inputs stays the same")
parser.add_argument("--time", type=float, default=1000.0, help="simulated time, ms")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="coba_tutorial.png", help="where the raster is written")
args = parser.parse_args()

R, I = (1.0 * u.ohm, 20.0 * u.mA) if args.meaning == "literal" else (1.0 * u.kohm, 20.0 * u.uA)
neuron = dict(V_rest=-60.0 * u.mV, V_th=-50.0 * u.mV, V_reset=-60.0 * u.mV, tau=20.0 * u.ms, tau_ref=5.0 * u.ms, R=R, I=I,
              E_ex=0.0 * u.mV, E_inh=-80.0 * u.mV, tau_ex=5.0 * u.ms, tau_inh=10.0 * u.ms)

sim = nl.Simulator(dt=0.1 * u.ms, seed=1, threads=args.threads)
n_exc, n = int(3200 * args.scale), int(4000 * args.scale)
cells = sim.create(LIFRef, n, params=neuron, V_initializer=nl.init.Normal(-55.0, 2.0, unit=u.mV))
exc, inh = cells[:n_exc], cells[n_exc:]
exc_spikes, inh_spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(exc, cells, rule=nl.fixed_outdegree(80), weight=0.6 * u.mS, delay=0.1 * u.ms, receptor_type="ex")
sim.connect(inh, cells, rule=nl.fixed_outdegree(80), weight=6.7 * u.mS, delay=0.1 * u.ms, receptor_type="inh")
sim.connect(exc, exc_spikes)
sim.connect(inh, inh_spikes)
sim.plan()
start = time.perf_counter()
res = sim.simulate(args.time * u.ms)

rate = (res.n_events(exc_spikes) + res.n_events(inh_spikes)) / n / args.time * 1e3
alone = 1e3 / (5.0 + 20.0 * np.log(2.0))
print(f"{rate:.2f} spikes/s (without synapses {alone:.2f}); mean CV of intervals {np.nanmean(nl.isi_cv(res, exc_spikes)):.3f}; "
      f"{args.time:g} ms simulated in {time.perf_counter() - start:.2f} s")
axes = nl.raster(res, [exc_spikes, inh_spikes], labels=["excitatory", "inhibitory"],
                 title=f"COBA network of the tutorial, units {'as meant' if args.meaning == 'meant' else 'taken literally'}")
axes[0].figure.savefig(args.out, dpi=150)
print(f"raster in {Path(args.out).resolve()}")
