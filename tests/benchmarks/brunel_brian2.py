"""Brunel's network in Brian2's C++ standalone mode, timed: one JSON line. Needs an environment with brian2 and g++.

Generated code stays in the temporary directory; the first run of a size compiles it. `simulate` is Brian2's own time.
"""
import os
import tempfile

import brian2 as b2
import numpy as np
from brian2 import Hz, ms, mV
from common import network_arguments, report, spike_statistics

args = network_arguments()
folder = os.path.join(tempfile.gettempdir(), f"brian2_brunel_{args.order}_{args.threads}")
b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
b2.prefs.devices.cpp_standalone.openmp_threads = args.threads if args.threads > 1 else 0
b2.defaultclock.dt = 0.1 * ms
b2.seed(args.seed)
NE, NI = 4 * args.order, args.order
N = NE + NI
# as in NEST, input arrives before the threshold is tested in the same step; delays count from one step later
b2.magic_network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
neurons = b2.NeuronGroup(N, "dv/dt = -v/(20*ms) : volt (unless refractory)", threshold="v >= 20*mV", reset="v = 0*mV",
                         refractory=2.1 * ms, method="exact")
noise = b2.PoissonInput(neurons, "v", N=1000, rate=args.eta * 20.0 / (0.1 * 20.0) * Hz, weight=0.1 * mV)
rng, projections = np.random.default_rng(args.seed), []
for sources, weight, indegree in ((neurons[:NE], 0.1, NE // 10), (neurons[NE:], -args.g * 0.1, NI // 10)):
    synapses = b2.Synapses(sources, neurons, on_pre=f"v_post += {weight}*mV", delay=1.4 * ms)
    pre = rng.integers(0, len(sources), N * indegree, dtype=np.int32)
    order = np.argsort(pre, kind="stable")       # Brian2 delivers twice as fast when a source's synapses lie together
    synapses.connect(i=pre[order], j=(order // indegree).astype(np.int32))
    projections.append(synapses)
monitor = b2.SpikeMonitor(neurons)
net = b2.Network(b2.collect(), projections)
net.schedule = b2.magic_network.schedule
begin = max(args.warmup, 1.5)
net.run(begin * ms)
net.run(args.time * ms)
b2.device.build(directory=folder, run=False)
b2.device.run()
times, i = monitor.t[:] / ms + 0.1, monitor.i[:]
stats = {}
for name, low, n in (("E", 0, NE), ("I", NE, NI)):
    keep = (times > begin + 0.05) & (i >= low) & (i < low + n)
    stats[name] = spike_statistics(times[keep] - begin, i[keep] - low, n, args.time)
report({"simulate": b2.device._last_run_time}, stats)
