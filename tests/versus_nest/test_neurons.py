"""Every neuron alone against NEST's: a current step, a train into each receptor, noise-like input; ordinary and odd parameters.

Models that NEST integrates exactly agree in every recordable and spike for spike. The others are compared with NEST's adaptive
solver, whose own error (its tolerance is 1e-3 in most models) sets what can be asked here; tests/versus_theory compares them
with solutions of tolerance 1e-12.
"""
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl

LATER = 4.0                     # ms that NEST runs on: it hands samples and spikes over late
TIME = 150.0                    # ms


class Case(NamedTuple):
    """A model, some parameter sets, the trains' weights with their receptors, and the size of the current step (pA)."""

    model: str
    sets: tuple = ({},)
    weights: tuple = (400.0, -300.0)
    receptors: tuple = (0, 0)
    current: float = 300.0
    current_receptors: tuple = (0,)
    exact: bool = True


PSC = ({}, dict(tau_syn_ex=10.0, tau_syn_in=9.99), dict(t_ref=0.0, V_reset=-80.0), dict(t_ref=0.25, tau_syn_ex=0.3, C_m=100.0))
SURE = dict(lambda_0=1000.0, Delta_V=1e-6, V_T_star=-50.0)       # chance has no part in a threshold as sharp as this
ADAPTING = dict(tau_sfa=[5.0, 50.0], q_sfa=[1.0, 2.0], tau_stc=[3.0, 20.0], q_stc=[7.0, -3.0])
R, ASC, A = ({name: True} for name in ("spike_dependent_threshold", "after_spike_currents", "adapting_threshold"))
LEVELS = ({}, R, ASC, {**R, **ASC}, {**R, **ASC, **A})
CASES = [
    Case("iaf_psc_exp", PSC, current_receptors=(0, 1)),
    Case("iaf_psc_alpha", (*PSC, dict(V_min=-75.0))),
    Case("iaf_psc_exp_multisynapse", (dict(tau_syn=[2.0, 9.99, 0.3]),), (400.0, -200.0, 900.0), (1, 2, 3)),
    Case("iaf_psc_alpha_multisynapse", (dict(tau_syn=[2.0, 9.99, 0.3]), dict(tau_syn=[1.0, 2.0, 3.0], V_min=-72.0)),
         (400.0, -200.0, 900.0), (1, 2, 3)),
    Case("mat2_psc_exp", ({}, dict(t_ref=0.5, tau_syn_ex=4.0, tau_1=3.0, alpha_1=5.0))),
    Case("izhikevich", ({}, dict(a=0.1), dict(c=-50.0, d=2.0), dict(consistent_integration=False)), (5.0, -3.0), (0, 0), 10.0),
    Case("ignore_and_fire", ({}, dict(rate=33.3, phase=0.5), dict(rate=1000.0, phase=0.1)), current_receptors=()),
    Case("gif_psc_exp", (dict(lambda_0=0.0), SURE, dict(SURE, t_ref=0.25, tau_syn_ex=0.3, **ADAPTING)), (100.0, -60.0),
         current=200.0),
    Case("glif_psc", tuple(dict(level, tau_syn=[2.0, 0.3], asc_r=[0.5, 0.0]) for level in LEVELS), (300.0, -200.0), (1, 2)),
    Case("pp_psc_delta", (dict(c_1=0.0, c_2=0.0), dict(c_1=0.0, c_2=0.0, tau_m=3.0, I_e=50.0)), (4.0, -3.0)),
    *(Case(name, sets, weights, current=900.0 if name.startswith("aeif") else 300.0, exact=False) for name, sets, weights in (
        ("iaf_cond_exp", ({}, dict(t_ref=0.25, tau_syn_ex=5.0)), (8.0, -5.0)),
        ("iaf_cond_alpha", ({}, dict(t_ref=0.25, tau_syn_ex=5.0)), (8.0, -5.0)),
        ("iaf_cond_beta", ({}, dict(tau_rise_ex=1.0, tau_decay_ex=4.0)), (8.0, -5.0)),
        ("iaf_cond_exp_sfa_rr", ({}, dict(tau_sfa=30.0)), (30.0, -10.0)),
        ("gif_cond_exp", (dict(lambda_0=0.0), dict(SURE, **ADAPTING)), (5.0, -4.0)),
        ("hh_cond_exp_traub", ({}, dict(tau_syn_ex=2.0)), (10.0, -10.0)),
        ("hh_psc_alpha", ({}, dict(tau_syn_ex=2.0)), (300.0, -200.0)),
        ("aeif_cond_exp", ({}, dict(t_ref=2.0)), (40.0, -20.0)),
        ("aeif_cond_alpha", ({}, dict(t_ref=2.0)), (15.0, -15.0)),
        ("aeif_psc_exp", ({}, dict(t_ref=2.0)), (1500.0, -300.0)),
        ("aeif_psc_alpha", ({}, dict(t_ref=2.0)), (500.0, -200.0)),
        ("aeif_psc_delta", ({}, dict(t_ref=2.0)), (2.0, -1.5)))),
]


def both(nest, case, given, dt, inputs):
    """The same experiment in NEST and here: traces by recordable, and spikes in steps, of both."""
    nest.ResetKernel()
    nest.resolution = dt
    theirs = nest.Create(case.model, params=given)
    names = list(theirs.recordables)
    sim = nl.Simulator(dt=dt, threads=1)
    ours = sim.create(getattr(nl, case.model), params=given)
    there = nest.Create("multimeter", params=dict(record_from=names, interval=dt)), nest.Create("spike_recorder")
    here = sim.create(nl.multimeter, record_from=names, interval=dt), sim.create(nl.spike_recorder)
    if names:
        nest.Connect(there[0], theirs)
        sim.connect(here[0], ours)
    nest.Connect(theirs, there[1])
    sim.connect(ours, here[1])
    if "current" in inputs:
        for receptor in case.current_receptors:
            step = dict(amplitude=case.current, start=20.0, stop=120.0)
            nest.Connect(nest.Create("dc_generator", params=step), theirs, syn_spec=dict(receptor_type=receptor, delay=1.0))
            sim.connect(sim.create(nl.dc_generator, params=step), ours, receptor_type=receptor, delay=1.0)
    every = dict(sparse=37, noise=2)
    rng = np.random.default_rng(5)
    for kind in set(inputs) & set(every):
        for j, (weight, receptor) in enumerate(zip(case.weights, case.receptors)):
            steps = np.flatnonzero(rng.random(int(TIME / dt) - 20) < 1.0 / every[kind]) + 10 + j
            size = weight * (1.0 if kind == "sparse" else 0.2)
            train = dict(spike_times=[round(float(k * dt), 9) for k in steps])
            nest.Connect(nest.Create("spike_generator", params=train), theirs,
                         syn_spec=dict(weight=size, delay=1.0, receptor_type=receptor))
            sim.connect(sim.create(nl.spike_generator, params=train), ours, weight=size, delay=1.0, receptor_type=receptor)
    nest.Simulate(TIME + LATER)
    res = sim.simulate(TIME)
    events = there[0].events
    keep = events["times"] <= TIME + dt / 2
    traces = {name: (res.trace(here[0], name, plain=True)[:, 0], events[name][keep]) for name in names}
    stamps = np.rint(there[1].events["times"] / dt).astype(int)
    return traces, np.rint(res.events(here[1], plain=True)[0] / dt).astype(int), stamps[stamps <= round(TIME / dt)]


@pytest.mark.parametrize("dt", [0.1, 0.05])
@pytest.mark.parametrize("inputs", [("current",), ("sparse",), ("current", "noise")], ids="+".join)
@pytest.mark.parametrize("case", [c for c in CASES if c.exact], ids=lambda c: c.model)
def test_an_exact_neuron_agrees_with_nest_in_every_recordable(nest, backend, tolerances, case, inputs, dt):
    for given in case.sets:
        traces, spikes, theirs = both(nest, case, given, dt, inputs)
        np.testing.assert_array_equal(spikes, theirs, err_msg=str(given))
        for name, (a, b) in traces.items():
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=tolerances.EXACT_MV, err_msg=f"{name} {given}")


@pytest.mark.parametrize("inputs", [("current",), ("sparse",), ("current", "noise")], ids="+".join)
@pytest.mark.parametrize("case", [c for c in CASES if not c.exact], ids=lambda c: c.model)
def test_other_neurons_agree_with_nest_within_its_tolerance(nest, backend, tolerances, case, inputs):
    for given in case.sets:
        traces, spikes, theirs = both(nest, case, given, 0.1, inputs)
        assert abs(len(spikes) - len(theirs)) <= 1, given
        away = np.ones(len(traces["V_m"][0]), bool)
        for k in np.concatenate([spikes, theirs]):
            away[max(k - 20, 0):k + 20] = False
        for name, (a, b) in traces.items():
            if name == "V_m":
                off = np.sqrt(np.mean((a - b)[away] ** 2)) if away.any() else 0.0
                limit = {"hh": tolerances.NEST_HH_MV, "ae": tolerances.NEST_AEIF_MV}.get(case.model[:2], tolerances.NEST_MV)
            elif name.startswith(("g_ex", "g_in", "I_syn")):
                off, limit = abs(a - b).max(), tolerances.NEST_SYNAPSE * (1.0 + abs(b).max())
            else:
                continue
            assert off < limit, (name, off, given)
