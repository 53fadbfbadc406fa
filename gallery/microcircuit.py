"""The cortical microcircuit of Potjans and Diesmann (2014, Cereb. Cortex 24:785, doi 10.1093/cercor/bhs358).

The cells below one square millimetre of early sensory cortex: 77,169 neurons in four layers, an excitatory and an inhibitory
population in each, and 299 million synapses. Who connects to whom follows anatomy and physiology. Weights (87.8 pA, twice that
from L4E to L2/3E, -351 pA from inhibitory neurons; 10 % spread) and delays (1.5 and 0.8 ms; 50 % spread) are otherwise the same
everywhere, as is the rate of 8 spikes/s of 1500 to 2900 sources outside. Potentials begin near their stationary distributions.
Each population fires at a rate of its own, irregularly and nearly asynchronously. `--scale` shrinks neurons and synapse numbers
together. Neurons keep their in-degrees and share more of their inputs; correlations grow, and at 0.1 rates in layer 2/3 double.
Left, spikes of a share of the neurons. Right, rates, CVs of intervals (of neurons with 5 spikes or more), and a neuron's mean
correlation with up to 199 others of its population (counts in 2 ms): medians, quartiles, whiskers that hold 95 %. Dots: means;
diamonds: the paper's mean rates (table 6).
"""
import argparse
import resource
import sys
import time

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--scale", type=float, default=0.1, help="share of neurons and of synapses; 1 is the full model")
parser.add_argument("--time", type=float, default=1000.0, help="simulated time (ms), after 100 ms that are left out")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--precision", default="double", choices=["double", "single"])
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", default="microcircuit.png", help="where the picture is written")
args = parser.parse_args()

NAMES = ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
SIZES = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
CHANCE = np.array([[0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],     # from column to row
                   [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
                   [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
                   [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
                   [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
                   [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
                   [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
                   [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443]])
EXTERNAL = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100]                              # sources of 8 spikes/s for each neuron
V_MEAN = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]                # mV
V_SD = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
PAPER = [0.86, 2.80, 4.45, 5.93, 7.59, 8.64, 1.09, 7.88]                                 # spikes/s
NEURON = dict(C_m=250.0, tau_m=10.0, tau_syn_ex=0.5, tau_syn_in=0.5, t_ref=2.0, E_L=-65.0, V_th=-50.0, V_reset=-65.0)
COLORS = ["#0072B2", "#56B4E9", "#00694C", "#2BC49A", "#A34700", "#F08A3C", "#8A3B72", "#D795BE"]
DOT = dict(marker="o", markerfacecolor="black", markeredgecolor="white", markersize=5)
w, dt = 87.81, 0.1                                                                       # pA, ms
sizes = (SIZES * args.scale).astype(int)
# so many draws, with replacement, connect a pair with that probability
synapses = np.round(np.log1p(-CHANCE) / np.log1p(-1.0 / np.outer(SIZES, SIZES)) * args.scale).astype(int)
start = time.perf_counter()
sim = nl.Simulator(dt=dt, seed=args.seed, threads=args.threads, precision=args.precision)
cells = [sim.create(nl.iaf_psc_exp, int(n), params=NEURON, V_m=nl.init.Normal(m, s)) for n, m, s in zip(sizes, V_MEAN, V_SD)]
recorders = [sim.create(nl.spike_recorder) for _ in cells]
for target, (cell, recorder) in enumerate(zip(cells, recorders)):
    sim.connect(sim.create(nl.poisson_generator, rate=8.0 * EXTERNAL[target]), cell, weight=w, delay=1.5)
    sim.connect(cell, recorder)
    for source in np.flatnonzero(synapses[target]):
        mean = -4 * w if source % 2 else 2 * w if (target, source) == (0, 2) else w
        weight = nl.dist.Normal(mean, 0.1 * abs(mean), **({"max": 0.0} if mean < 0 else {"min": 0.0}))
        delay = nl.dist.Normal(0.8, 0.4, min=dt / 2) if source % 2 else nl.dist.Normal(1.5, 0.75, min=dt / 2)  # rounds to dt
        sim.connect(cells[source], cell, rule=nl.fixed_total_number(int(synapses[target, source])), weight=weight, delay=delay)
plan = sim.plan()
built = time.perf_counter()
sim.simulate(100.0)
begun = time.perf_counter()
res = sim.cont(args.time)
took = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(f"{sizes.sum():,} neurons, {synapses.sum():,} synapses of {plan.nbytes['synapses'] / synapses.sum():.2f} bytes; "
      f"{args.precision} precision, {plan.threads} thread(s), peak memory {peak / 1e9:.2f} GB\nbuilt in {built - start:.1f} s; "
      f"{args.time:g} ms simulated in {took:.2f} s: real-time factor {took / args.time * 1e3:.2f}")
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, (raster, *boxes) = plt.subplots(1, 4, figsize=(12, 6), width_ratios=[3, 1, 1, 1], layout="constrained")
share, shown, base, found = min(1.0, 2000 / sizes.sum()), 100.0 + max(0.0, args.time - 500.0), 0, []
for name, color, n, recorder, paper in zip(NAMES, COLORS, sizes, recorders, PAPER):
    times, senders = res.events(recorder, plain=True)
    counts = np.histogram2d(senders, times, [np.arange(min(n, 200) + 1) - 0.5, np.arange(100.0, sim.time + 1, 2.0) + dt / 2])[0]
    pairs = np.corrcoef(counts[counts.any(axis=1)])
    cvs = nl.isi_cv(res, recorder)
    found.append((res.rates(recorder), cvs[cvs >= 0], (pairs.sum(axis=1) - 1) / (len(pairs) - 1)))
    print("{:6} {:5.2f} spikes/s (paper {:.2f}), CV of intervals {:.2f}, correlation {:.4f}".format(
        name, found[-1][0].mean(), paper, *(x.mean() for x in found[-1][1:])))
    some = (senders < share * n) & (times > shown)
    raster.plot(times[some], base + senders[some], "|", color=color, markersize=2.2, markeredgewidth=0.7)
    raster.text(shown - 5.0, base + share * n / 2, name, color=color, ha="right", va="center")
    base += share * n
raster.set(xlabel="Time (ms)", xlim=(shown, sim.time), ylim=(base, 0), yticks=[],
           title=f"{sizes.sum():,} neurons, {synapses.sum() / 1e6:.0f} million synapses")
for values, axes, label in zip(zip(*found), boxes, ("Rate (spikes/s)", "CV of intervals", "Correlation")):
    parts = axes.boxplot(values, whis=(2.5, 97.5), orientation="horizontal", showfliers=False, patch_artist=True, widths=0.7,
                         medianprops=dict(color="black", linewidth=2), showmeans=True, meanprops=DOT)
    for box, color in zip(parts["boxes"], COLORS):
        box.set(facecolor=(color, 0.7), edgecolor=color)
    axes.set(xlabel=label, ylim=(8.5, 0.5), yticks=range(1, 9), yticklabels=NAMES if axes is boxes[0] else [])
boxes[0].plot(PAPER, range(1, 9), "D", markerfacecolor="white", markeredgecolor="black", markersize=5, zorder=3)
figure.savefig(args.out, dpi=150)
