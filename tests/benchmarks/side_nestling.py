"""A benchmark network in Nestling, timed: one JSON line."""
import time

import networks
from common import report, spike_statistics

args = networks.arguments()
t0 = time.perf_counter()
from nestling import simulator as nl  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
t0 = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=args.seed, threads=args.threads or None, precision=args.precision)
if args.network in networks.SELF_SUSTAINED:
    model, neuron, w_ex, w_in, (kind, a, b), warmup = networks.SELF_SUSTAINED[args.network]
    NE, NI, delay, (CE, CI) = int(3200 * args.scale), int(800 * args.scale), 0.1, (64, 16)
    neuron = dict(neuron, V_m=nl.init.Uniform(a, b) if kind == "uniform" else nl.init.Normal(a, b))
else:
    model, neuron, delay, (w_ex, w_in), (CE, CI), rate = networks.brunel(args)
    NE, NI, warmup = 4 * args.order, args.order, 1.5
exc, inh = sim.create(getattr(nl, model), NE, params=neuron), sim.create(getattr(nl, model), NI, params=neuron)
if args.network == "hh_coba":       # a kick, then the network sustains itself
    sim.connect(sim.create(nl.poisson_generator, rate=300.0, start=1.0, stop=51.0), exc + inh, weight=6.0, delay=delay)
elif args.network not in networks.SELF_SUSTAINED:
    sim.connect(sim.create(nl.poisson_generator, rate=rate), exc + inh, weight=w_ex, delay=delay)
sim.connect(exc, exc + inh, rule=nl.fixed_indegree(CE), weight=w_ex, delay=delay)
sim.connect(inh, exc + inh, rule=nl.fixed_indegree(CI), weight=w_in, delay=delay)
spikes = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
sim.connect(exc, spikes[0])
sim.connect(inh, spikes[1])
sim.plan()
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
sim.simulate(max(args.warmup, warmup))
seconds["prepare"] = time.perf_counter() - t0
t0 = time.perf_counter()
res = sim.cont(args.time)
seconds["simulate"] = time.perf_counter() - t0
stats = {}
for name, rec, n in (("E", spikes[0], NE), ("I", spikes[1], NI)):
    times, senders = res.events(rec, plain=True)
    stats[name] = spike_statistics(times - res.window[0], senders, n, args.time)
report(seconds, stats)
