"""The benchmark networks, in NEST's names and units: what all sides build.

brunel, brunel_alpha: Brunel (2000) with delta and with alpha-shaped currents; --order excitatory neurons times 4.
coba, cuba, hh_coba: Brette et al. (2007), benchmarks 1 to 3, after Vogels and Abbott (2005); 4000 neurons times --scale, the
in-degree stays 64 + 16. microcircuit: Potjans and Diesmann (2014); --scale shrinks 77,169 neurons and 299 million synapses
together, in-degrees stay.
"""
import argparse
import os
from typing import NamedTuple

import numpy as np

DELTA = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
ALPHA = dict(C_m=250.0, tau_m=20.0, tau_syn_ex=0.5, tau_syn_in=0.5, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
COBA = dict(C_m=200.0, g_L=10.0, E_L=-60.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, E_ex=0.0, E_in=-80.0, tau_syn_ex=5.0,
            tau_syn_in=10.0, I_e=200.0)
CUBA = dict(C_m=200.0, tau_m=20.0, E_L=-49.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, tau_syn_ex=5.0, tau_syn_in=10.0)
HH = dict(C_m=200.0, g_L=10.0, E_L=-60.0, g_Na=20000.0, g_K=6000.0, E_Na=50.0, E_K=-90.0, V_T=-63.0, E_ex=0.0, E_in=-80.0,
          tau_syn_ex=5.0, tau_syn_in=10.0)
# model, parameters, excitatory and inhibitory weight, how V_m begins (distribution, its two parameters), shortest warm-up
SELF_SUSTAINED = dict(coba=("iaf_cond_exp", COBA, 6.0, -67.0, ("uniform", -60.0, -50.0), 1.0),
                      cuba=("iaf_psc_exp", CUBA, 16.2, -90.0, ("uniform", -60.0, -50.0), 1.0),
                      hh_coba=("hh_cond_exp_traub", HH, 6.0, -67.0, ("normal", -65.0, 5.0), 100.0))
PSC_EXP = dict(C_m=250.0, tau_m=10.0, tau_syn_ex=0.5, tau_syn_in=0.5, t_ref=2.0, E_L=-65.0, V_th=-50.0, V_reset=-65.0)
# neurons, sources of 8 spikes/s outside, mean and standard deviation of the first V_m; chances of a connection from each source
LAYERS = dict(
    L23E=(20683, 1600, -68.28, 5.36, (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000)),
    L23I=(5834, 1500, -63.16, 4.57, (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000)),
    L4E=(21915, 2100, -63.33, 4.74, (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000)),
    L4I=(5479, 1900, -63.45, 4.94, (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000)),
    L5E=(4850, 2000, -63.11, 4.94, (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000)),
    L5I=(1065, 1900, -61.66, 4.55, (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000)),
    L6E=(14395, 2900, -66.72, 5.46, (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252)),
    L6I=(2948, 2100, -61.43, 4.48, (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443)))
NAMES = ("brunel", "brunel_alpha", *SELF_SUSTAINED, "microcircuit")


class Network(NamedTuple):
    """What a side builds. A weight or delay is a number, or (mean, standard deviation) of a normal distribution that is
    redrawn until it has its mean's sign, and a delay until it rounds to a step or more."""

    model: str
    populations: dict[str, tuple]       # size, parameters, how V_m begins (distribution, its two parameters) or None
    drives: list[tuple]                 # names of targets, rate (Hz), weight, delay, start and stop (ms) or None
    projections: list[tuple]            # name of the sources, names of targets, rule, its number, weight, delay
    warmup: float                       # shortest


def arguments():
    """Of one side's run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=NAMES, default="brunel")
    for name, value in dict(order=100, scale=1.0, time=1000.0, warmup=200.0, threads=1, seed=1, g=5.0, eta=2.0,
                            precision="double", backend="cpu").items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    args = parser.parse_args()
    if args.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return args


def describe(args):
    """The network that the arguments ask for."""
    if args.network == "microcircuit":
        return microcircuit(args.scale)
    if args.network in SELF_SUSTAINED:
        model, neuron, w_ex, w_in, begin, warmup = SELF_SUSTAINED[args.network]
        sizes, delay, weights, indegrees = (int(3200 * args.scale), int(800 * args.scale)), 0.1, (w_ex, w_in), (64, 16)
        drives = [(("E", "I"), 300.0, 6.0, delay, (1.0, 51.0))] if args.network == "hh_coba" else []     # a kick
    else:
        model, neuron, delay, weights, indegrees, rate = brunel(args)
        sizes, begin, warmup, drives = (4 * args.order, args.order), None, 1.5, [(("E", "I"), rate, weights[0], delay, None)]
    return Network(model, {name: (size, neuron, begin) for name, size in zip("EI", sizes)}, drives,
                   [(name, ("E", "I"), "fixed_indegree", n, w, delay) for name, n, w in zip("EI", indegrees, weights)], warmup)


def microcircuit(scale):
    populations = {name: (int(n * scale), PSC_EXP, ("normal", mean, sd)) for name, (n, _, mean, sd, _) in LAYERS.items()}
    drives = [((name,), 8.0 * sources, 87.81, 1.5, None) for name, (_, sources, *_) in LAYERS.items()]
    projections = []
    for target, (n, *_, chances) in LAYERS.items():
        for (source, (m, *_)), p in zip(LAYERS.items(), chances):
            number = round(np.log1p(-p) / np.log1p(-1.0 / (n * m)) * scale)      # with repetition, p of all pairs are met
            weight, delay = (87.81, 1.5) if source.endswith("E") else (-4 * 87.81, 0.8)
            weight *= 2 if (source, target) == ("L4E", "L23E") else 1
            if number:
                projections.append((source, (target,), "fixed_total_number", number, (weight, 0.1 * abs(weight)),
                                    (delay, delay / 2)))
    return Network("iaf_psc_exp", populations, drives, projections, 100.0)


def brunel(args):
    """Model, parameters, delay (ms), weights, in-degrees and the drive's rate (Hz) of the two networks of Brunel."""
    indegrees = 4 * args.order // 10, args.order // 10
    if args.network == "brunel":
        return "iaf_psc_delta", DELTA, 1.5, (0.1, -0.1 * args.g), indegrees, 1000.0 * args.eta * 20.0 / (0.1 * 20.0)
    J = 0.1 / psp_of_1_pA(**{k: ALPHA[k] for k in ("C_m", "tau_m")}, tau_syn=0.5)
    threshold_rate = 20.0 * ALPHA["C_m"] / (J * indegrees[0] * np.e * ALPHA["tau_m"] * 0.5)
    return "iaf_psc_alpha", ALPHA, 1.5, (J, -args.g * J), indegrees, 1000.0 * args.eta * threshold_rate * indegrees[0]


def psp_of_1_pA(C_m, tau_m, tau_syn):
    """Peak (mV) of the potential that an alpha-shaped current of 1 pA evokes."""
    from scipy.special import lambertw
    a, b = tau_m / tau_syn, 1.0 / tau_syn - 1.0 / tau_m
    t = (-lambertw(-np.exp(-1.0 / a) / a, k=-1).real - 1.0 / a) / b
    return np.e / (tau_syn * C_m * b) * ((np.exp(-t / tau_m) - np.exp(-t / tau_syn)) / b - t * np.exp(-t / tau_syn))
