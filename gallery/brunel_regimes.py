"""Four regimes of a network of excitatory and inhibitory neurons (Brunel 2000, J. Comput. Neurosci. 8:183, figure 8).

Neurons, synapses (0.1 mV, delay 1.5 ms) and the numbers of inputs (a tenth of either population) are the same in all four. They
differ in g, the strength of inhibition relative to excitation, and in eta, the rate of the external Poisson input relative to
that which just reaches the threshold. A: excitation prevails, and neurons fire in two groups by turns, as fast as the
refractory period and the delay allow. B: strong input and strong inhibition, the whole network oscillates at some 180 Hz while
each neuron takes part at random. C: nearly asynchronous, irregular. D: input below threshold, an irregular slow oscillation
at some 22 Hz. Shown are 50 excitatory neurons, and the mean rate of all neurons in bins of 0.5 ms; note the different times.
12,500 neurons at `--order 2500`, as in the paper, where V_reset is 10 mV.
"""
import argparse
import time

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, default=2500, help="4 x order excitatory, order inhibitory neurons; regimes need 2500")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="brunel_regimes.png", help="where the picture is written")
args = parser.parse_args()

CASES = {"A: synchronous, regular": (3.0, 2.0, 50.0), "B: fast oscillation, irregular": (6.0, 4.0, 100.0),
         "C: asynchronous, irregular": (5.0, 2.0, 100.0), "D: slow oscillation, irregular": (4.5, 0.9, 400.0)}  # ms shown
NE, NI = 4 * args.order, args.order
J, delay, tau_m, V_th = 0.1, 1.5, 20.0, 20.0     # mV, ms, ms, mV
begin, end = 200.0, 1000.0                       # ms: numbers are those of all that follows `begin`

figure, axes = plt.subplots(4, 2, figsize=(11, 9), height_ratios=[2, 1, 2, 1], layout="constrained")
for (name, (g, eta, shown)), (top, bottom) in zip(CASES.items(), (axes[:2, 0], axes[:2, 1], axes[2:, 0], axes[2:, 1])):
    sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
    neuron = dict(C_m=1.0, tau_m=tau_m, t_ref=2.0, E_L=0.0, V_reset=10.0, V_th=V_th, V_m=nl.init.Uniform(0.0, 20.0))
    exc, inh = sim.create(nl.iaf_psc_delta, NE, params=neuron), sim.create(nl.iaf_psc_delta, NI, params=neuron)
    noise, spikes = sim.create(nl.poisson_generator, rate=1000.0 * eta * V_th / (J * tau_m)), sim.create(nl.spike_recorder)
    sim.connect(noise, exc + inh, weight=J, delay=delay)
    sim.connect(exc, exc + inh, rule=nl.fixed_indegree(NE // 10), weight=J, delay=delay)
    sim.connect(inh, exc + inh, rule=nl.fixed_indegree(NI // 10), weight=-g * J, delay=delay)
    sim.connect(exc + inh, spikes)
    start = time.perf_counter()
    res = sim.simulate(end)
    took = time.perf_counter() - start

    edges, activity = nl.rate_histogram(res, spikes, 0.5, start=begin)
    power = np.abs(np.fft.rfft(activity - activity.mean()))**2
    peak = np.fft.rfftfreq(len(activity), 0.5e-3)[power.argmax()]
    print(f"{name}: g {g:g}, eta {eta:g}: {activity.mean():.1f} spikes/s, CV of intervals "
          f"{np.nanmean(nl.isi_cv(res, spikes, start=begin)):.2f}, activity strongest at {peak:.0f} Hz; {took:.2f} s")
    times, senders = res.events(spikes, plain=True)
    some, late = (senders < 50) & (times > end - shown), edges[:-1] >= end - shown
    top.plot(times[some], senders[some], "|", color="#0072B2", markersize=3.5)
    bottom.bar(edges[:-1][late], activity[late], 0.5, align="edge", color="black")
    top.set(title=f"{name} ($g$ = {g:g}, $\\eta$ = {eta:g})", ylabel="Neuron", ylim=(-0.5, 49.5), xticklabels=[])
    bottom.set(ylabel="Rate (spikes/s)", xlabel="Time (ms)")
    top.set_xlim(end - shown, end)
    bottom.set_xlim(end - shown, end)
figure.savefig(args.out, dpi=150)
