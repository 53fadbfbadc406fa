"""Parameters that a generator cannot have: refused by create(), naming the parameter, its value and what is allowed."""
from __future__ import annotations

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl

nan, inf = np.nan, np.inf
DEVICES = ("ac_generator", "dc_generator", "gamma_sup_generator", "inhomogeneous_poisson_generator", "mip_generator",
           "noise_generator", "poisson_generator", "pulsepacket_generator", "sinusoidal_poisson_generator", "spike_generator",
           "spike_train_injector", "step_current_generator")
NUMBERS = {             # a number among the parameters of each device, with its unit and another of another dimension
    "ac_generator": ("amplitude", "pA", u.mV),
    "gamma_sup_generator": ("rate", "Hz", u.ms),
    "mip_generator": ("rate", "Hz", u.ms),
    "noise_generator": ("std", "pA", u.mV),
    "pulsepacket_generator": ("sdev", "ms", u.Hz),
    "sinusoidal_poisson_generator": ("amplitude", "Hz", u.pA),
}
LISTS = {               # the same of lists: times, and what there must be as many of
    "step_current_generator": ("amplitude_times", "amplitude_values", "pA", u.mV),
    "inhomogeneous_poisson_generator": ("rate_times", "rate_values", "Hz", u.pA),
    "spike_train_injector": ("spike_times", "spike_multiplicities", "", u.ms),
}


def cases(model, *rows):
    """Tests of one model: a name, its parameters (`size`: of how many nodes), and words of the message."""
    return [pytest.param(model, dict(params), words, id=f"{model}: {name}") for name, params, *words in rows]


def create(net, model, size=1, **params):
    return net.sim.create(getattr(nl, model), size, **params)


# --- when a device is on ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("model", DEVICES)
def test_times_of_a_device_are_finite_on_the_grid_and_in_order(net, refused, model):
    for name, value, words in (("start", 0.05, "dt = 0.1 ms"), ("origin", 7.25, "dt = 0.1 ms"), ("stop", 7.25, "dt = 0.1 ms"),
                               ("start", inf, "finite"), ("start", nan, "finite"), ("origin", -inf, "finite"),
                               ("stop", nan, "NaN")):
        with refused(net, nl.ParameterError, f"{name} = {value}", words):
            create(net, model, **{name: value})
    with refused(net, nl.ParameterError, "stop = 2.0", "start or later"):
        create(net, model, start=5.0, stop=2.0)
    with refused(net, nl.ParameterError, "stop = 1.0 (entry 1)", "start or later"):
        create(net, model, 3, start=2.0, stop=np.array([3.0, 1.0, 3.0]))
    with refused(net, nl.DimensionError, "start", "the unit is mV", "in ms"):
        create(net, model, start=1.0 * u.mV)
    with refused(net, nl.UnknownName, model, "'strat'", "did you mean start"):
        create(net, model, strat=1.0)


# --- numbers and lists ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("model", NUMBERS)
def test_numbers_are_finite_and_of_the_right_dimension(net, refused, model):
    name, unit, other = NUMBERS[model]
    for value in (nan, inf, -inf):
        with refused(net, nl.ParameterError, f"{name} = {value}", "finite"):
            create(net, model, **{name: value})
    with refused(net, nl.ParameterError, f"{name} = nan (entry 1)", "finite"):
        create(net, model, 2, **{name: [0.0, nan]})
    with refused(net, nl.ParameterError, f"{name} has shape (3,)", "2 nodes"):
        create(net, model, 2, **{name: [0.0, 0.0, 0.0]})
    with refused(net, nl.DimensionError, name, f"in {unit}"):
        create(net, model, **{name: 1.0 * other})
    with refused(net, nl.DimensionError, f"{name} = 'x'", "a number"):
        create(net, model, **{name: "x"})


@pytest.mark.parametrize("model", LISTS)
def test_lists_are_finite_of_equal_length_and_one_a_node(net, refused, model):
    times, values, unit, other = LISTS[model]
    given = {times: [1.0, 2.0], values: [1.0, 2.0]}
    for name, words in ((times, "ms"), (values, unit or "plain number")):
        for wrong in (nan, inf):
            with refused(net, nl.ParameterError, f"{name} = {wrong} (entry 1)", "finite"):
                create(net, model, **{**given, name: [1.0, wrong]})
        with refused(net, nl.ParameterError, f"{name} = 1.0", "must be a list"):
            create(net, model, **{**given, name: 1.0})
        with refused(net, nl.ParameterError, f"{name} has 2 lists", "3 nodes"):
            create(net, model, 3, **{**given, name: [[1.0, 2.0], [1.0, 2.0]]})
        with refused(net, nl.DimensionError, name, words):
            create(net, model, **{**given, name: [1.0, 2.0] * (u.Hz if name == times else other)})
    for number in (1, 3):
        with refused(net, nl.ParameterError, f"{values} has {number} entries", "2", times):
            create(net, model, **{**given, values: [1.0] * number})
    with refused(net, nl.ParameterError, f"{values} has 1 entries"):
        create(net, model, 2, **{times: [[1.0], [1.0, 2.0]], values: [[1.0], [1.0]]})


@pytest.mark.parametrize("model", LISTS)
def test_times_of_lists_are_above_0_in_order_and_on_the_grid(net, refused, model):
    times, values, *_ = LISTS[model]
    for wrong, words in (([0.0, 1.0], ("0.0", "above 0 ms")), ([-1.0, 1.0], ("-1.0", "above 0 ms")), ([2.0, 1.0], ("1.0",)),
                         ([1.0, 1.05], ("1.05 ms is no multiple of dt = 0.1 ms", "allow_offgrid_times"))):
        with refused(net, nl.ParameterError, times, *words):
            create(net, model, **{times: wrong, values: [1.0, 2.0]})
    with refused(net, nl.ParameterError, "allow_offgrid_times = 1.0", "True or False"):
        create(net, model, allow_offgrid_times=1.0)


@pytest.mark.parametrize("model", ["step_current_generator", "inhomogeneous_poisson_generator"])
def test_two_values_cannot_begin_in_one_step(net, refused, model):
    times, values, *_ = LISTS[model]
    for wrong, offgrid in (([1.0, 1.0], False), ([1.02, 1.05], True), ([1.05, 1.1], True)):
        with refused(net, nl.ParameterError, f"{times}: {wrong[1]} ms", "in a later step than the time before it"):
            create(net, model, **{times: wrong, values: [1.0, 2.0], "allow_offgrid_times": offgrid})


# --- each one's own domain ----------------------------------------------------------------------------------------------

OWN = [
    *cases("gamma_sup_generator",
           ("no stage", dict(gamma_shape=0), "gamma_shape = 0", "1 to 12"),
           ("too many stages", dict(gamma_shape=13), "gamma_shape = 13", "1 to 12"),
           ("half a stage", dict(gamma_shape=2.5), "gamma_shape = 2.5", "whole"),
           ("shapes that differ", dict(size=2, gamma_shape=[2, 3]), "gamma_shape", "the same for all nodes of a population"),
           ("no process", dict(n_proc=0), "n_proc = 0", "1 or more"),
           ("one without a process", dict(size=2, n_proc=[3, -1]), "n_proc = -1.0 (entry 1)", "1 or more"),
           ("too many processes", dict(n_proc=2**31), "n_proc = 2147483648", "below 2^31"),
           ("negative rate", dict(rate=-1.0), "rate = -1.0", "0 Hz or more"),
           ("more than a stage in a step", dict(rate=2501.0, gamma_shape=4), "rate = 2501.0", "1 / (gamma_shape dt)")),
    *cases("inhomogeneous_poisson_generator",
           ("beyond all tables", dict(rate_times=[1.0, 2.0], rate_values=[1.0, 2e9]), "rate_values = 2000000000.0 (entry 1)",
            "at most 1e9 Hz")),
    *cases("mip_generator",
           ("negative rate", dict(rate=-1.0), "rate = -1.0", "0 to 1e9 Hz"),
           ("beyond all tables", dict(rate=1e10), "rate = 10000000000.0", "0 to 1e9 Hz"),
           ("probability above 1", dict(p_copy=1.1), "p_copy = 1.1", "0 to 1"),
           ("probability below 0", dict(size=3, p_copy=[0.5, 0.5, -0.1]), "p_copy = -0.1 (entry 2)", "0 to 1")),
    *cases("noise_generator",
           ("negative deviation", dict(std=-1.0), "std = -1.0", "0 pA or more"),
           ("negative modulation", dict(std=1.0, std_mod=-1.0), "std_mod = -1.0", "0 pA or more"),
           ("too strong a modulation", dict(std=1.0, std_mod=1.5), "std_mod = 1.5", "at most std"),
           ("no interval", dict(dt=0.0), "dt = 0.0", "above 0 ms"),
           ("negative interval", dict(dt=-1.0), "dt = -1.0", "above 0 ms"),
           ("shorter than a step", dict(dt=0.05), "dt = 0.05", "a multiple of dt = 0.1 ms"),
           ("next to nothing", dict(dt=1e-9), "dt = 1e-09", "a multiple of the simulator's dt = 0.1 ms"),
           ("between two steps", dict(dt=0.15), "dt = 0.15", "a multiple of dt = 0.1 ms")),
    *cases("pulsepacket_generator",
           ("negative number", dict(activity=-1), "activity = -1", "0 or more"),
           ("half a spike", dict(activity=1.5), "activity = 1.5", "whole"),
           ("negative width", dict(sdev=-1.0), "sdev = -1.0", "0 ms or more"),
           ("crowded", dict(activity=3, sdev=5.0, pulse_times=[0.0, 10.0, 20.0, 30.0, 40.0]), "pulse_times", "overlap = 4",
            "at 40.0 ms"),
           ("no room", dict(overlap=0), "overlap = 0", "1 to 12"),
           ("too much room", dict(overlap=13), "overlap = 13", "1 to 12"),
           ("one time", dict(pulse_times=1.0), "pulse_times = 1.0", "must be a list"),
           ("endless", dict(pulse_times=[1.0, inf]), "pulse_times = inf (entry 1)", "finite")),
    *cases("sinusoidal_poisson_generator",
           ("beyond all tables", dict(rate=1e10), "rate = 10000000000.0", "at most 1e9 Hz"),
           ("with its modulation", dict(rate=6e8, amplitude=-6e8), "rate = 600000000.0", "with amplitude at most 1e9 Hz"),
           ("number for a switch", dict(individual_spike_trains=1), "individual_spike_trains = 1", "True or False")),
    *cases("ac_generator",
           ("frequency", dict(frequency=inf), "frequency = inf", "finite"),
           ("phase", dict(phase=nan), "phase = nan", "finite"),
           ("offset", dict(offset=-inf), "offset = -inf", "finite")),
    *cases("spike_train_injector",
           ("negative number", dict(spike_times=[1.0], spike_multiplicities=[-1]), "spike_multiplicities = -1.0 (entry 0)",
            "0 or more"),
           ("half a spike", dict(spike_times=[1.0], spike_multiplicities=[1.5]), "spike_multiplicities = 1.5", "whole")),
]


@pytest.mark.parametrize("model, params, words", OWN)
def test_what_a_device_cannot_do_is_refused(net, refused, model, params, words):
    with refused(net, nl.ParameterError, *words):
        create(net, model, **params)


@pytest.mark.parametrize("model, params", [
    ("gamma_sup_generator", dict(gamma_shape=12, rate=833.0, n_proc=2**31 - 1)),
    ("noise_generator", dict(std=1.0, std_mod=1.0, dt=0.1)),
    ("mip_generator", dict(p_copy=0.0, rate=0.0)),
    ("pulsepacket_generator", dict(activity=3, sdev=5.0, pulse_times=[0.0, 10.0, 20.0, 30.0, 40.0], overlap=5)),
    ("pulsepacket_generator", dict(activity=3, sdev=5.0, pulse_times=[-10.0, 0.0])),
    ("pulsepacket_generator", dict(activity=0)),
    ("inhomogeneous_poisson_generator", dict(rate_times=[0.04], rate_values=[-1.0], allow_offgrid_times=True)),
    ("sinusoidal_poisson_generator", dict(rate=1.0, amplitude=5.0, phase=-700.0)),
    ("ac_generator", dict(frequency=-1e5, phase=1e6, start=5.0, stop=5.0)),
    ("step_current_generator", dict(amplitude_times=[[1.0], []], amplitude_values=[[1.0], []], size=2)),
    ("spike_train_injector", dict(spike_times=[1.0, 1.0], spike_multiplicities=[0, 3])),
])
def test_the_ends_of_each_domain_belong_to_it(net, model, params):
    assert create(net, model, **params).size == params.get("size", 1)


# --- connections ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("model", ["ac_generator", "noise_generator", "step_current_generator"])
def test_a_current_needs_a_target_that_takes_one(net, refused, model):
    device = create(net, model)
    with refused(net, nl.BadConnection, f"{model} emits current", "parrot_neuron takes currents at no receptor"):
        net.sim.connect(device, net.parrot)
    with refused(net, nl.DimensionError, "weight", "plain number"):
        net.sim.connect(device, net.n, weight=1.0 * u.mV)
    with refused(net, nl.BadRecording, model):
        net.sim.connect(device, net.rec)


@pytest.mark.parametrize("model", DEVICES)
def test_a_device_is_no_target(net, refused, model):
    device = create(net, model)
    with refused(net, nl.BadConnection, f"{model} takes spikes at no receptor"):
        net.sim.connect(net.n, device)
    with refused(net, nl.BadConnection, f"{model} takes currents at no receptor"):
        net.sim.connect(net.dc, device)
