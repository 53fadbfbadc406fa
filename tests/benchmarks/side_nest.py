"""A benchmark network in NEST, timed: one JSON line."""
import time

import networks
from common import report, spike_statistics

args = networks.arguments()
t0 = time.perf_counter()
import nest  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
nest.set_verbosity("M_ERROR")
nest.local_num_threads, nest.resolution, nest.rng_seed = args.threads, 0.1, args.seed
if args.network in networks.SELF_SUSTAINED:
    model, neuron, w_ex, w_in, (kind, a, b), warmup = networks.SELF_SUSTAINED[args.network]
    NE, NI, delay, (CE, CI) = int(3200 * args.scale), int(800 * args.scale), 0.1, (64, 16)
    neuron = dict(neuron, V_m=nest.random.uniform(a, b) if kind == "uniform" else nest.random.normal(a, b))
else:
    model, neuron, delay, (w_ex, w_in), (CE, CI), rate = networks.brunel(args)
    NE, NI, warmup = 4 * args.order, args.order, 1.5
t0 = time.perf_counter()
exc, inh = nest.Create(model, NE, neuron), nest.Create(model, NI, neuron)
spikes = nest.Create("spike_recorder"), nest.Create("spike_recorder")
nest.CopyModel("static_synapse", "excitatory", dict(weight=w_ex, delay=delay))
nest.CopyModel("static_synapse", "inhibitory", dict(weight=w_in, delay=delay))
if args.network == "hh_coba":
    kick = nest.Create("poisson_generator", params=dict(rate=300.0, start=1.0, stop=51.0))
    nest.Connect(kick, exc + inh, syn_spec=dict(weight=6.0, delay=delay))
elif args.network not in networks.SELF_SUSTAINED:
    nest.Connect(nest.Create("poisson_generator", params=dict(rate=rate)), exc + inh, syn_spec="excitatory")
nest.Connect(exc, spikes[0], syn_spec="excitatory")
nest.Connect(inh, spikes[1], syn_spec="excitatory")
nest.Connect(exc, exc + inh, dict(rule="fixed_indegree", indegree=CE), "excitatory")
nest.Connect(inh, exc + inh, dict(rule="fixed_indegree", indegree=CI), "inhibitory")
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
nest.Simulate(max(args.warmup, warmup))
seconds["prepare"] = time.perf_counter() - t0
begin = nest.biological_time
t0 = time.perf_counter()
nest.Simulate(args.time)
seconds["simulate"] = time.perf_counter() - t0
stats = {}
for name, rec, nodes in (("E", spikes[0], exc), ("I", spikes[1], inh)):
    events = rec.get("events")
    keep = events["times"] > begin
    stats[name] = spike_statistics(events["times"][keep] - begin, events["senders"][keep] - nodes[0].global_id, len(nodes),
                                   args.time)
report(seconds, stats)
