"""A benchmark network in Nestling, timed: one JSON line."""
import functools
import operator
import time

import networks
from common import report, spike_statistics

args = networks.arguments()
net = networks.describe(args)
t0 = time.perf_counter()
from nestling import simulator as nl  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}


def initial(distribution, a, b):
    return nl.init.Uniform(a, b) if distribution == "uniform" else nl.init.Normal(a, b)


def all_of(names):
    return functools.reduce(operator.add, (nodes[name] for name in names))


def random_weight(value):
    return nl.dist.Normal(*value, **({"min": 0.0} if value[0] > 0 else {"max": 0.0})) if isinstance(value, tuple) else value


def random_delay(value):
    return nl.dist.Normal(*value, min=0.05) if isinstance(value, tuple) else value


t0 = time.perf_counter()
sim = nl.Simulator(dt=0.1, seed=args.seed, threads=args.threads or None, precision=args.precision)
nodes = {name: sim.create(getattr(nl, net.model), size, params=dict(neuron, **({"V_m": initial(*begin)} if begin else {})))
         for name, (size, neuron, begin) in net.populations.items()}
for targets, rate, weight, delay, window in net.drives:
    given = dict(zip(("start", "stop"), window)) if window else {}
    sim.connect(sim.create(nl.poisson_generator, rate=rate, **given), all_of(targets), weight=weight, delay=delay)
for source, targets, rule, number, weight, delay in net.projections:
    sim.connect(nodes[source], all_of(targets), rule=getattr(nl, rule)(number), weight=random_weight(weight),
                delay=random_delay(delay))
spikes = {name: sim.create(nl.spike_recorder) for name in nodes}
for name, recorder in spikes.items():
    sim.connect(nodes[name], recorder)
sim.plan()
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
sim.simulate(max(args.warmup, net.warmup))
seconds["prepare"] = time.perf_counter() - t0
t0 = time.perf_counter()
res = sim.cont(args.time)
seconds["simulate"] = time.perf_counter() - t0
stats = {}
for name, recorder in spikes.items():
    times, senders = res.events(recorder, plain=True)
    stats[name] = spike_statistics(times - res.window[0], senders, len(nodes[name]), args.time)
report(seconds, stats)
