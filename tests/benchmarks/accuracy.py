"""Neurons without a linear propagator, here and in NEST, against their equations solved to 12 digits: a table.

python tests/benchmarks/accuracy.py [model ...]

rate error: the worst of several constant currents, 2 s, dt 0.1 ms; V error: the largest away from spikes (2 ms), with synaptic
input and a current, 150 ms. NEST runs live, with its default tolerances. See tests/versus_theory/equations.py.
"""
import sys
from pathlib import Path

import numpy as np
from common import print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "versus_theory"))
import equations as truth  # noqa: E402
import nest  # noqa: E402

LATER = 4.0     # ms that NEST runs on: it hands samples and spikes over late


def prepare(dt):
    nest.ResetKernel()
    nest.resolution, nest.verbosity = dt, nest.VerbosityLevel.ERROR


def potential_in_nest(e, dt):
    prepare(dt)
    cell = nest.Create(e.name, params=e.given)
    meter, recorder = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=dt)), nest.Create("spike_recorder")
    for weight, times in e.trains:
        nest.Connect(nest.Create("spike_generator", params=dict(spike_times=np.round(times, 9))), cell,
                     syn_spec=dict(weight=weight, delay=1.0))
    times, values = zip(*e.currents)
    steps = dict(amplitude_times=np.round(times, 9), amplitude_values=values)
    nest.Connect(nest.Create("step_current_generator", params=steps), cell, syn_spec=dict(delay=1.0))
    nest.Connect(meter, cell)
    nest.Connect(cell, recorder)
    nest.Simulate(e.time + LATER)
    n = round(e.time / dt)
    spikes = truth.step_of(recorder.events["times"], dt)
    return meter.events["V_m"][:n], spikes[spikes <= n]


def spikes_in_nest(name, time=2000.0, dt=0.1):
    prepare(dt)
    cells, recorder = nest.Create(name, len(truth.CURRENTS[name]), params=truth.given_of(name)), nest.Create("spike_recorder")
    cells.I_e = list(truth.CURRENTS[name])
    nest.Connect(cells, recorder)
    nest.Simulate(time + LATER)
    times, senders = recorder.events["times"], recorder.events["senders"]
    return [truth.step_of(times[(senders == i) & (times < time + dt / 2)], dt) for i in cells.tolist()]


def row(name):
    true, found = truth.true_spikes(name), {"here": truth.spikes_here(name), "NEST": spikes_in_nest(name)}
    rates = {side: max(truth.rate_errors(name, found=x, true=true), key=abs) for side, x in found.items()}
    e = truth.Experiment(name, 150.0, truth.FIRING[name], truth.CURRENTS[name][1] / 2)
    (V, spikes), traces = e.solution(0.1), {"here": e.here(0.1), "NEST": potential_in_nest(e, 0.1)}
    far = {side: abs(V - x)[truth.away(len(V), spikes, s)].max() for side, (x, s) in traces.items()}
    return [name, *(f"{100 * r:.4f}" for r in rates.values()), *(f"{v:.1e}" for v in far.values())]


print_table(["model", "rate error %", "NEST's", "V error mV", "NEST's"], [row(name) for name in sys.argv[1:] or truth.NAMES])
