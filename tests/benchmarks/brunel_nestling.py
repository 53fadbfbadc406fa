"""Brunel's network in Nestling, timed: one JSON line."""
import time

from common import network_arguments, report, spike_statistics

args = network_arguments()
t0 = time.perf_counter()
from nestling import simulator as nl  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
NE, NI = 4 * args.order, args.order
CE, CI = NE // 10, NI // 10
neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
t0 = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=args.seed, threads=args.threads or None)
exc, inh = sim.create(nl.iaf_psc_delta, NE, params=neuron), sim.create(nl.iaf_psc_delta, NI, params=neuron)
noise = sim.create(nl.poisson_generator, rate=1000.0 * args.eta * 20.0 / (0.1 * 20.0))
spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(noise, exc + inh, weight=0.1, delay=1.5)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(CE), weight=0.1, delay=1.5)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(CI), weight=-args.g * 0.1, delay=1.5)
sim.connect(exc, spikes[0])
sim.connect(inh, spikes[1])
sim.plan()
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
sim.simulate(max(args.warmup, 1.5))
seconds["prepare"] = time.perf_counter() - t0
t0 = time.perf_counter()
res = sim.cont(args.time)
seconds["simulate"] = time.perf_counter() - t0
stats = {}
for name, rec, n in (("E", spikes[0], NE), ("I", spikes[1], NI)):
    times, senders = res.events(rec, plain=True)
    stats[name] = spike_statistics(times - res.window[0], senders, n, args.time)
report(seconds, stats)
