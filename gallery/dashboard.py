"""A network on one page: Brunel's balanced network (Brunel 2000, J. Comput. Neurosci. 8:183), irregular, nearly asynchronous.

10,000 excitatory and 2,500 inhibitory neurons at `--order 2500`, each with 1,000 and 250 inputs, inhibition five times stronger
than excitation (g = 5), external drive of twice the threshold rate (eta = 2). Left: all spikes, as a density where they are too
many for marks; rates of both populations in bins of 5 ms; membrane potentials of three excitatory neurons, with a line for each
spike. Right: how rates, CVs of inter-spike intervals and pairwise correlations are distributed, and the power spectra of the
populations' activity. The first 200 ms are left out.
"""
import argparse
import time
from pathlib import Path

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, default=2500, help="excitatory neurons: 4 x order, inhibitory: order")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--time", type=float, default=1000.0, help="simulated time (ms), after 200 ms that are left out")
parser.add_argument("--out", default="dashboard.png", help="where the page is written")
args = parser.parse_args()

g, eta, J, delay, tau_m, V_th = 5.0, 2.0, 0.1, 1.5, 20.0, 20.0       # 1, 1, mV, ms, ms, mV
NE, NI = 4 * args.order, args.order

sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
neuron = dict(C_m=1.0, tau_m=tau_m, t_ref=2.0, E_L=0.0, V_reset=10.0, V_th=V_th, V_m=nl.init.Uniform(0.0, 20.0))
exc, inh = sim.create(nl.iaf_psc_delta, NE, params=neuron), sim.create(nl.iaf_psc_delta, NI, params=neuron)
noise = sim.create(nl.poisson_generator, rate=1000.0 * eta * V_th / (J * tau_m))
spikes, voltages = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.1)
sim.connect(noise, exc + inh, weight=J, delay=delay)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(NE // 10), weight=J, delay=delay)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(NI // 10), weight=-g * J, delay=delay)
sim.connect(exc + inh, spikes)
sim.connect(voltages, exc[:3])
res = sim.simulate(200.0 + args.time)

start = time.perf_counter()
axes = nl.dashboard(res, start=200.0, labels=["excitatory", "inhibitory"],
                    title=f"Brunel's network, g = {g:g}, eta = {eta:g}")
axes["raster"].figure.savefig(args.out, dpi=150)
print(f"page of {res.n_events(spikes):,} spikes drawn in {time.perf_counter() - start:.2f} s, in {Path(args.out).resolve()}")
