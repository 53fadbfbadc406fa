"""f-I curves: how fast eight neuron models fire when a constant current drives them.

Parameters are NEST's but for t_ref where it is given. Each model is one population whose I_e is an array. Lines are the theory
of the leaky integrate-and-fire neuron, an interval of t_ref + tau ln((R I + E_L - V_reset) / (R I + E_L - V_th)), which
simulated intervals exceed by less than a step (0.02 ms). Where neurons adapt, the rate of their first interval and that in the
long run differ: the threshold rises with every spike (mat2_psc_exp), or a slow variable opposes the current (aeif_cond_exp,
izhikevich). The Hodgkin-Huxley neuron (hh_psc_alpha) starts at a rate well above 0.
"""
import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nestling import simulator as nl

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--time", type=float, default=2000.0, help="simulated time, ms")
parser.add_argument("--threads", type=int, default=None, help="threads (default: chosen by size)")
parser.add_argument("--out", default="f_i_curves.png", help="where the picture is written")
args = parser.parse_args()

PANELS = [[(nl.iaf_psc_delta, 0.0), (nl.iaf_psc_exp, 2.0), (nl.iaf_psc_alpha, 5.0)], [(nl.iaf_cond_exp, 2.0)],      # t_ref, ms
          [(nl.mat2_psc_exp, None)], [(nl.aeif_cond_exp, None)], [(nl.izhikevich, None)], [(nl.hh_psc_alpha, None)]]
LARGEST = [1000.0, 1000.0, 2000.0, 2000.0, 30.0, 2000.0]       # I_e, pA


def interval(model, I, t_ref):
    """The interval between spikes of a leaky integrate-and-fire neuron in theory, ms; infinite where V stays below V_th."""
    p = model.Params()
    tau, R = (p.C_m / p.g_L, 1.0 / p.g_L) if "g_L" in p._fields else (p.tau_m, p.tau_m / p.C_m)      # ms, Gohm
    with np.errstate(invalid="ignore", divide="ignore"):
        T = t_ref + tau * np.log((R * I + p.E_L - p.V_reset) / (R * I + p.E_L - p.V_th))
    return np.where(p.V_th < R * I + p.E_L, T, np.inf)


sim = nl.Simulator(dt=0.02, threads=args.threads)
runs = []
for panel, largest in zip(PANELS, LARGEST):
    I = np.linspace(0.0, largest, 61)
    for model, t_ref in panel:
        cells, recorder = sim.create(model, len(I), I_e=I), sim.create(nl.spike_recorder)
        if t_ref is not None:
            cells.set(t_ref=t_ref)
        sim.connect(cells, recorder)
        runs.append((recorder, I))
res = sim.simulate(args.time)

figure, axes = plt.subplots(2, 3, figsize=(11, 7), layout="constrained")
runs, fine = iter(runs), np.linspace(0.0, 1000.0, 2001)
for ax, panel in zip(axes.flat, PANELS):
    for (model, t_ref), color in zip(panel, ("#0072B2", "#D55E00", "#009E73")):
        recorder, I = next(runs)
        times, senders = res.events(recorder, plain=True)
        trains = [times[senders == i] for i in range(len(I))]
        first = np.array([1e3 / np.diff(t)[0] if len(t) > 1 else 0.0 for t in trains])
        late = [np.diff(t[t > args.time / 2]) for t in trains]
        steady = np.array([1e3 / np.mean(d) if len(d) else 0.0 for d in late])
        name = model.__name__.rpartition(".")[2]
        said = f"{name}: fires from {I[np.argmax(steady > 0)]:g} pA on, {steady[-1]:.1f} spikes/s at {I[-1]:g} pA"
        if t_ref is None:
            ax.plot(I, first, "o", color="#D55E00", markersize=3, fillstyle="none", label="first interval")
            ax.plot(I, steady, "o", color="#0072B2", markersize=3, clip_on=False, label="in the long run")
        else:
            ax.plot(fine, 1e3 / interval(model, fine, t_ref), color=color, linewidth=1.0)
            ax.plot(I, steady, "o", color=color, markersize=3, clip_on=False, label=f"{name}, $t_{{ref}}$ = {t_ref:g} ms")
            fires = steady > 0
            late = 1e3 / steady[fires] - interval(model, I[fires], t_ref)
            said += f"; intervals longer than in theory by {late.min():.3f} to {late.max():.3f} ms"
        print(said)
    ax.set_title("leaky integrate-and-fire, and theory" if len(panel) > 1 else name)
    ax.legend(frameon=False, loc="upper left", fontsize="small")
    ax.set_ylim(bottom=0.0)
for ax in axes[:, 0]:
    ax.set_ylabel("Rate (spikes/s)")
for ax in axes[1]:
    ax.set_xlabel("Current (pA)")
figure.savefig(args.out, dpi=150)
print(f"picture in {Path(args.out).resolve()}")
