"""A balanced network after van Vreeswijk and Sompolinsky (1996, Science 274:1724), as in BrainPy's example of this name.

500 excitatory and 500 inhibitory neurons, each with 50 random targets in either population. Left: the example's numbers,
weights of +-1 / sqrt(50) mV and a constant input 1 mV beyond threshold. A spike moves its targets by less than 0.02 mV, and
neurons fire like clocks. Right: the paper's scaling. A spike's charge is that of 10 mV / sqrt(50), 10 mV being the way from
reset to threshold, or of -2 and -1.8 times that; the input is that of 50 excitatory trains of 10 and 8 spikes/s. The network
cancels most of it, and fluctuations are left. The model is BrainPy's (2.8) neurons.LIF with synapses.Exponential.
"""
import argparse
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl
from nestling.models.contract import ms, mV


class LIF:
    class Params(NamedTuple):
        V_rest: mV = -52.0
        V_th: mV = -50.0
        V_reset: mV = -60.0
        tau: ms = 10.0
        tau_s: ms = 2.0
        I: mV = 0.0
    class State(NamedTuple):
        V_m: mV = -60.0
        g: mV = 0.0                  # synaptic input
    class Inputs(NamedTuple):
        spikes: mV = 0.0
    class Step(NamedTuple):
        V_inf: mV
        V_th: mV
        V_reset: mV
        decay: float
        decay_s: float

    def derive(p, dt):
        return LIF.Step(p.V_rest + p.I, p.V_th, p.V_reset, np.exp(-dt / p.tau), np.exp(-dt / p.tau_s))
    def update(s, c, x):
        g = c.decay_s * s.g + x.spikes
        V_inf = c.V_inf + g
        V = V_inf + (s.V_m - V_inf) * c.decay
        spiked = c.V_th <= V
        return LIF.State(c.V_reset if spiked else V, g), spiked


parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="balanced_1996.png", help="where the picture is written")
args = parser.parse_args()
J = 1.0 / np.sqrt(50.0)
Q, W = 10.0 * J, 10.0 * J * 10.0 / 2.0          # mV, the paper's scaling: a charge, and its weight, tau / tau_s times that
CASES = {"Numbers of the example": ((3.0, 3.0), ((J, -J), (J, -J))),            # inputs, weights by target and source, mV
         "Scaling of the paper": ((50 * 0.01 * 10.0 * Q, 50 * 0.008 * 10.0 * Q), ((W, -2.0 * W), (W, -1.8 * W)))}

figure, axes = plt.subplots(2, 2, figsize=(11, 6), sharex=True, sharey="row", height_ratios=[3, 1], layout="constrained")
for (title, (inputs, weights)), (top, bottom) in zip(CASES.items(), axes.T):
    sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
    cells = [sim.create(LIF, 500, I=I, V_m=nl.init.Normal(-60.0, 10.0)) for I in inputs]
    recorders = [sim.create(nl.spike_recorder) for _ in cells]
    for target, recorder, row in zip(cells, recorders, weights):
        sim.connect(target, recorder)
        for source, weight in zip(cells, row):
            sim.connect(source, target, rule=nl.fixed_outdegree(50), weight=weight, delay=0.1, allow_multapses=False)
    res = sim.simulate(1000.0)
    for i, (recorder, name, color) in enumerate(zip(recorders, ("excitatory", "inhibitory"), ("#0072B2", "#D55E00"))):
        times, senders = res.events(recorder, plain=True)
        top.plot(times[senders < 50], senders[senders < 50] + 50 * i, "|", markersize=3.5, color=color)
        bottom.plot(*nl.firing_rate(res, recorder, 5.0), color=color, linewidth=0.9, label=name)
        cv = np.nanmean(nl.isi_cv(res, recorder))
        print(f"{title}, {name}: {res.rate(recorder):.2f} spikes/s, CV of intervals {cv:.2f}")
    top.set(title=f"{title}: CV of intervals {cv:.2f}", ylim=(-0.5, 99.5))
    bottom.set(xlabel="Time (ms)", xlim=(0, 1000.0), ylim=(0, 100))
axes[0, 0].set_ylabel("Neuron")
axes[1, 0].set_ylabel("Rate in 5 ms\n(spikes/s)")
axes[1, 1].legend(frameon=False, ncols=2, loc="upper right")
figure.savefig(args.out, dpi=150)
