"""A sheet of neurons with local connections: 80 x 80 excitatory ones on a grid, 1,600 inhibitory ones between them at random.

The sheet is 1 mm wide and its opposite edges meet. Neurons connect to those within 0.3 mm of them with a probability that falls
off with distance as a Gaussian, of 0.05 mm for excitation and 0.2 mm for inhibition, whose synapses are six times as strong.
Left: the sheet, the targets of one excitatory neuron, and the mask around it. Middle: the share of pairs connected at each
distance, against the Gaussians. Right: how often each excitatory neuron fired in 50 ms. Narrow excitation makes neighbours fire
together, and wide inhibition keeps their patches apart.
"""
import argparse

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--side", type=int, default=80, help="excitatory neurons along an edge")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="topographic.png", help="where the picture is written")
args = parser.parse_args()

sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads)
n = args.side**2
sheet, anywhere = dict(extent=[1.0, 1.0], edge_wrap=True), nl.dist.Uniform(-0.5, 0.5)
start = nl.dist.Uniform(-70.0, -55.0)
exc = sim.create(nl.iaf_psc_exp, positions=nl.spatial.grid([args.side] * 2, **sheet), V_m=start)
inh = sim.create(nl.iaf_psc_exp, n // 4, positions=nl.spatial.free(anywhere, **sheet), V_m=start)
drive, recorder = sim.create(nl.poisson_generator, rate=7000.0), sim.create(nl.spike_recorder)
sim.connect(drive, exc + inh, weight=30.0, delay=0.5)
sim.connect(exc, recorder)
reach, J = nl.spatial.circular(0.3), 60.0 * 6400 / n                       # pA
profiles = {exc: 0.5 * nl.spatial_distributions.gaussian(nl.distance, std=0.05),
            inh: 0.1 * nl.spatial_distributions.gaussian(nl.distance, std=0.2)}
for (source, p), w in zip(profiles.items(), (J, -6.0 * J)):
    sim.connect(source, exc + inh, rule=nl.pairwise_bernoulli(p, mask=reach), weight=w, delay=1.5, allow_autapses=False)
print(sim.plan())
res = sim.simulate(500.0)
print(f"{res.rate(recorder):.2f} spikes/s")


def pairs_of(source):
    """Sources and targets of a view's connections, by their number in it and among the targets."""
    found = sim.get_connections(source, exc + inh).get(["source", "target"])
    return found["source"] - source.global_id[0], found["target"] - exc.global_id[0]


figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
for (source, p), name, color, every in zip(profiles.items(), ("excitatory", "inhibitory"), ("#0072B2", "#D55E00"), (23, 11)):
    nl.plot_layer(source, color="0.85" if source == exc else "0.7", size=1.5, ax=left)
    pre, post = pairs_of(source)
    space = source.space_to(exc + inh)
    others = np.arange(0, len(source), every)                               # some sources will do for the profile
    tried = space.displacement(np.repeat(others, len(exc + inh)), np.tile(np.arange(len(exc + inh)), len(others)))
    tried = tried[reach.contains(tried) & (tried != 0).any(axis=1)]
    made = np.isin(pre, others)
    nl.plot_distances(space.displacement(pre[made], post[made]), tried, p=lambda x, p=p: p.at(x[:, None] * [1.0, 0.0]),
                      color=color, label=name, ax=middle)
    if source == exc:
        one = n // 2 + args.side // 2
        nl.plot_targets(exc[one], (exc + inh)[post[pre == one]], mask=reach, color=color, size=3.0, ax=left)
middle.legend(frameon=False)
times, senders = res.events(recorder, plain=True)
nl.plot_layer(exc, values=np.bincount(senders[times > 450.0], minlength=n), size=360 / args.side, ax=right)
left.set(aspect="equal", xlabel="x (mm)", ylabel="y (mm)", title="Targets of one neuron")
middle.set(title="Connections and their profiles", xlabel="Distance (mm)")
right.set(aspect="equal", xlabel="x (mm)", title="Spikes in the last 50 ms")
figure.colorbar(right.collections[0], ax=right, label="Spikes")
figure.savefig(args.out, dpi=110)
