"""The E/I network of brainevent's guide "Build an event-driven E/I network", complete: sparse operators, neurons in NumPy.

3200 excitatory and 800 inhibitory neurons, 80 random targets each, 0.6 and 6.7 mS. `synaptic_input` is the guide's, line by
line: spikes in, conductances out, at a cost in proportion to the spikes. Around it stand integrate-and-fire neurons with
exponential conductances of 5 and 10 ms, as in Vogels and Abbott (2005): a leak of 1 mS, reversal potentials 0 and -80 mV, and
a constant current that would bring the membrane from -60 to -40 mV, above the threshold of -50 mV. Activity is irregular and
sustains itself, as in coba_2005.py, which leaves the neurons to the simulator. Shown are 1000 neurons.
"""
import argparse
import time
from pathlib import Path

import brainunit as u
import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as brainevent

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--time", type=float, default=500.0, help="simulated time, ms")
parser.add_argument("--out", default="event_driven.png", help="where the raster is written")
args = parser.parse_args()

n_exc, n_inh = 3200, 800
num = n_exc + n_inh

# Fixed fan-out connectivity, excitatory (+) and inhibitory (-)
exc_conn = brainevent.FixedPostNumConn(num_pre=n_exc, num_post=num,
                                       conn_num=80, weight=0.6 * u.mS, seed=1)
inh_conn = brainevent.FixedPostNumConn(num_pre=n_inh, num_post=num,
                                       conn_num=80, weight=-6.7 * u.mS, seed=2)


def synaptic_input(spikes):
    spk = brainevent.BinaryArray(spikes)
    g = spk[:n_exc] @ exc_conn + spk[n_exc:] @ inh_conn   # event-driven, unit-aware
    return g  # noqa: RET504


dt, leak, refractory = 0.1, 1.0, 50                        # ms, mS, steps
decay_ex, decay_in = np.exp(-dt / 5.0), np.exp(-dt / 10.0)
rng = np.random.default_rng(1)
v = rng.uniform(-60.0, -50.0, num)                         # mV
g_ex, g_in = np.zeros(num), np.zeros(num)                  # mS
held = np.zeros(num, int)                                  # steps of the refractory period left
spikes = np.zeros(num, bool)
excitatory = np.arange(num) < n_exc
steps, times, senders = round(args.time / dt), [], []

start = time.perf_counter()
for step in range(steps):
    # inhibitory weights are negative: the two conductances are told apart by who fired
    g_ex = g_ex * decay_ex + synaptic_input(spikes & excitatory).to_decimal(u.mS)
    g_in = g_in * decay_in - synaptic_input(spikes & ~excitatory).to_decimal(u.mS)
    total = leak + g_ex + g_in
    target = (leak * -60.0 + g_in * -80.0 + 20.0) / total  # the excitatory reversal potential is 0 mV, the current 20 uA
    v = np.where(held > 0, v, target + (v - target) * np.exp(-total * dt / 20.0))      # C = 20 uF: 20 ms at rest
    held = np.maximum(held - 1, 0)
    spikes = v >= -50.0
    v[spikes], held[spikes] = -60.0, refractory
    fired = np.flatnonzero(spikes)
    times.append(np.full(len(fired), (step + 1) * dt))
    senders.append(fired)
taken = time.perf_counter() - start

times, senders = np.concatenate(times), np.concatenate(senders)
rates = [np.count_nonzero(which) / n / args.time * 1e3 for which, n in ((senders < n_exc, n_exc), (senders >= n_exc, n_inh))]
print(f"excitatory {rates[0]:.2f}, inhibitory {rates[1]:.2f} spikes/s; {args.time:g} ms in {taken:.2f} s, "
      f"{1e6 * taken / steps:.0f} us a step")
fig, ax = plt.subplots(figsize=(8, 5), constrained_layout=True)
for which, shift, color, label in (((senders < 800), 0, "#0072B2", "excitatory"),
                                   ((senders >= n_exc) & (senders < n_exc + 200), 800 - n_exc, "#D55E00", "inhibitory")):
    ax.plot(times[which], senders[which] + shift, ".", markersize=1.5, color=color, label=label)
ax.set(xlabel="time (ms)", ylabel="neuron", xlim=(0.0, args.time), ylim=(0, 1000),
       title="E/I network of the guide: event-driven products, neurons in NumPy")
ax.legend(loc="upper right", markerscale=6)
fig.savefig(args.out, dpi=150)
print(f"raster in {Path(args.out).resolve()}")
