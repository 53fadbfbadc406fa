"""A benchmark network in Brian2's C++ standalone mode, timed: one JSON line. Needs an environment with brian2 and g++.

Generated code stays in the temporary directory; the first run of a size compiles it. `simulate` is Brian2's own time. coba and
hh_coba are integrated by exponential Euler, as Brian2's users do.
"""
import os
import tempfile

import brian2 as b2
import networks
import numpy as np
from brian2 import Hz, ms, mV, nS, pA
from common import report, spike_statistics

args = networks.arguments()
own_size = args.scale if args.network in networks.SELF_SUSTAINED else args.order
folder = os.path.join(tempfile.gettempdir(), f"brian2_{args.network}_{own_size:g}_{args.threads}")
b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
b2.prefs.devices.cpp_standalone.openmp_threads = args.threads if args.threads > 1 else 0
b2.defaultclock.dt = 0.1 * ms
b2.seed(args.seed)
SYNAPSES = "dg_ex/dt = -g_ex/(5*ms) : {unit}\n dg_in/dt = -g_in/(10*ms) : {unit}"
CONDUCTANCES = "10*nS*(-60*mV - v) + g_ex*(0*mV - v) + g_in*(-80*mV - v)"
EQUATIONS = dict(
    brunel="dv/dt = -v/(20*ms) : volt (unless refractory)",
    coba=f"dv/dt = ({CONDUCTANCES} + 200*pA)/(200*pF) : volt (unless refractory)\n" + SYNAPSES.format(unit="siemens"),
    cuba="dv/dt = (10*nS*(-49*mV - v) + g_ex + g_in)/(200*pF) : volt (unless refractory)\n" + SYNAPSES.format(unit="amp"),
    hh_coba=f"""dv/dt = ({CONDUCTANCES} - 20*usiemens*m**3*h*(v - 50*mV) - 6*usiemens*n**4*(v + 90*mV))/(200*pF) : volt
        dm/dt = (0.32*4/exprel((13 - x)/4)*(1 - m) - 0.28*5/exprel((x - 40)/5)*m)/ms : 1
        dh/dt = (0.128*exp((17 - x)/18)*(1 - h) - 4/(1 + exp((40 - x)/5))*h)/ms : 1
        dn/dt = (0.032*5/exprel((15 - x)/5)*(1 - n) - 0.5*exp((10 - x)/40)*n)/ms : 1
        x = (v + 63*mV)/mV : 1
        """ + SYNAPSES.format(unit="siemens"))
METHODS = dict(brunel="exact", cuba="exact", coba="exponential_euler", hh_coba="exponential_euler")
delay, warmup, variables = 0.1, 1.0, ("g_ex", "g_in")
if args.network == "brunel":
    _, _, _, weights, (CE, CI), rate = networks.brunel(args)
    NE, NI, warmup, variables = 4 * args.order, args.order, 1.5, ("v", "v")
    # as in NEST, input arrives before the threshold is tested in the same step; delays count from one step later
    b2.magic_network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    delay, weights = 1.4, [w * mV for w in weights]
    spiking = dict(threshold="v >= 20*mV", reset="v = 0*mV", refractory=2.1 * ms)
else:
    _, _, w_ex, w_in, _, warmup = networks.SELF_SUSTAINED[args.network]
    NE, NI, CE, CI = int(3200 * args.scale), int(800 * args.scale), 64, 16
    weights = (w_ex * pA, w_in * pA) if args.network == "cuba" else (w_ex * nS, -w_in * nS)
    spiking = (dict(threshold="v > -20*mV", refractory=3 * ms) if args.network == "hh_coba" else
               dict(threshold="v > -50*mV", reset="v = -60*mV", refractory=5.1 * ms))
N = NE + NI
neurons = b2.NeuronGroup(N, EQUATIONS[args.network], method=METHODS[args.network], **spiking)
kick = None
if args.network == "brunel":
    noise = b2.PoissonInput(neurons, "v", N=1000, rate=rate / 1000 * Hz, weight=weights[0])
elif args.network == "hh_coba":
    neurons.v = "-65*mV + 5*mV*randn()"
    kick = b2.PoissonInput(neurons, "g_ex", N=1, rate=300 * Hz, weight=6 * nS)
else:
    neurons.v = "-60*mV + rand()*10*mV"
rng, projections = np.random.default_rng(args.seed), []
for sources, variable, weight, indegree in zip((neurons[:NE], neurons[NE:]), variables, weights, (CE, CI)):
    synapses = b2.Synapses(sources, neurons, on_pre=f"{variable}_post += w", delay=delay * ms, namespace=dict(w=weight))
    pre = rng.integers(0, len(sources), N * indegree, dtype=np.int32)
    order = np.argsort(pre, kind="stable")       # Brian2 delivers twice as fast when a source's synapses lie together
    synapses.connect(i=pre[order], j=(order // indegree).astype(np.int32))
    projections.append(synapses)
monitor = b2.SpikeMonitor(neurons)
net = b2.Network(b2.collect(), projections)
net.schedule = b2.magic_network.schedule
begin = max(args.warmup, warmup)
if kick is not None:
    net.run(50 * ms)
    kick.active = False
net.run((begin - 50 * (kick is not None)) * ms)
net.run(args.time * ms)
b2.device.build(directory=folder, run=False)
b2.device.run()
times, i = monitor.t[:] / ms + 0.1, monitor.i[:]
stats = {}
for name, low, n in (("E", 0, NE), ("I", NE, NI)):
    keep = (times > begin + 0.05) & (i >= low) & (i < low + n)
    stats[name] = spike_statistics(times[keep] - begin, i[keep] - low, n, args.time)
report({"simulate": b2.device._last_run_time}, stats)
