"""A benchmark network in Nestling, timed: one JSON line."""
import time

import networks
from building import build
from common import report, spike_statistics

args = networks.arguments()
net = networks.describe(args)
t0 = time.perf_counter()
from nestling import simulator as nl  # noqa: E402  (the import is timed)

seconds = {"import": time.perf_counter() - t0}
t0 = time.perf_counter()
sim, nodes, spikes = build(nl, args, net)
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
