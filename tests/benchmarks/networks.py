"""The benchmark networks, in NEST's names and units: what all sides build.

brunel, brunel_alpha: Brunel (2000) with delta and with alpha-shaped currents; --order excitatory neurons times 4.
coba, cuba, hh_coba: Brette et al. (2007), benchmarks 1 to 3, after Vogels and Abbott (2005); 4000 neurons times --scale, the
in-degree stays 64 + 16.
"""
import argparse
import os

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
NAMES = ("brunel", "brunel_alpha", *SELF_SUSTAINED)


def arguments():
    """Of one side's run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=NAMES, default="brunel")
    for name, value in dict(order=100, scale=1.0, time=1000.0, warmup=200.0, threads=1, seed=1, g=5.0, eta=2.0,
                            precision="double").items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    args = parser.parse_args()
    if args.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return args


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
