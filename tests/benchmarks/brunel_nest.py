"""Brunel's network in NEST, timed: one JSON line."""
import time

from common import network_arguments, report, spike_statistics

args = network_arguments()
t0 = time.perf_counter()
import nest  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
nest.set_verbosity("M_ERROR")
nest.local_num_threads, nest.resolution, nest.rng_seed = args.threads, 0.1, args.seed
NE, NI = 4 * args.order, args.order
neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
t0 = time.perf_counter()
exc, inh = nest.Create("iaf_psc_delta", NE, neuron), nest.Create("iaf_psc_delta", NI, neuron)
noise = nest.Create("poisson_generator", params=dict(rate=1000.0 * args.eta * 20.0 / (0.1 * 20.0)))
spikes = nest.Create("spike_recorder"), nest.Create("spike_recorder")
nest.CopyModel("static_synapse", "excitatory", dict(weight=0.1, delay=1.5))
nest.CopyModel("static_synapse", "inhibitory", dict(weight=-args.g * 0.1, delay=1.5))
nest.Connect(noise, exc + inh, syn_spec="excitatory")
nest.Connect(exc, spikes[0], syn_spec="excitatory")
nest.Connect(inh, spikes[1], syn_spec="excitatory")
nest.Connect(exc, exc + inh, dict(rule="fixed_indegree", indegree=NE // 10), "excitatory")
nest.Connect(inh, exc + inh, dict(rule="fixed_indegree", indegree=NI // 10), "inhibitory")
seconds["build"] = time.perf_counter() - t0
t0 = time.perf_counter()
nest.Simulate(max(args.warmup, 1.5))
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
