"""A benchmark network in NEST, timed: one JSON line."""
import functools
import operator
import time

import networks
from common import report, spike_statistics

args = networks.arguments()
net = networks.describe(args)
t0 = time.perf_counter()
import nest  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
nest.set_verbosity("M_ERROR")
nest.local_num_threads, nest.resolution, nest.rng_seed = args.threads, 0.1, args.seed


def initial(distribution, a, b):
    return nest.random.uniform(a, b) if distribution == "uniform" else nest.random.normal(a, b)


def all_of(names):
    return functools.reduce(operator.add, (nodes[name] for name in names))


def synapses(weight, delay, name):
    """A model with constants of its own, or random values."""
    if not isinstance(weight, tuple):
        nest.CopyModel("static_synapse", name, dict(weight=weight, delay=delay))
        return name
    limits = dict(min=0.0, max=float("inf")) if weight[0] > 0 else dict(min=-float("inf"), max=0.0)
    return dict(weight=nest.math.redraw(nest.random.normal(*weight), **limits),
                delay=nest.math.redraw(nest.random.normal(*delay), min=0.05, max=float("inf")))


t0 = time.perf_counter()
nodes = {name: nest.Create(net.model, size, dict(neuron, **({"V_m": initial(*begin)} if begin else {})))
         for name, (size, neuron, begin) in net.populations.items()}
spikes = {name: nest.Create("spike_recorder") for name in nodes}
for i, (targets, rate, weight, delay, window) in enumerate(net.drives):
    params = dict(rate=rate, **(dict(zip(("start", "stop"), window)) if window else {}))
    nest.Connect(nest.Create("poisson_generator", params=params), all_of(targets),
                 syn_spec=synapses(weight, delay, f"drive_{i}"))
for name, recorder in spikes.items():
    nest.Connect(nodes[name], recorder)
for i, (source, targets, rule, number, weight, delay) in enumerate(net.projections):
    argument = {"fixed_indegree": "indegree", "fixed_total_number": "N"}[rule]
    nest.Connect(nodes[source], all_of(targets), {"rule": rule, argument: number}, synapses(weight, delay, f"synapse_{i}"))
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
nest.Simulate(max(args.warmup, net.warmup))
seconds["prepare"] = time.perf_counter() - t0
begin = nest.biological_time
t0 = time.perf_counter()
nest.Simulate(args.time)
seconds["simulate"] = time.perf_counter() - t0
stats = {}
for name, recorder in spikes.items():
    events = recorder.get("events")
    keep = events["times"] > begin
    stats[name] = spike_statistics(events["times"][keep] - begin, events["senders"][keep] - nodes[name][0].global_id,
                                   len(nodes[name]), args.time)
report(seconds, stats)
