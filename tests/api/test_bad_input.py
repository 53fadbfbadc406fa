"""Numbers, names and shapes that cannot be: refused where they are written, with what is allowed; all stays as it was."""
from __future__ import annotations

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl

nan, inf = np.nan, np.inf


def cases(*rows):
    """Parameters: the mistake as a function of the network, the error, and words of its message."""
    return pytest.mark.parametrize("mistake, error, words",
                                   [pytest.param(call, error, words, id=name) for name, call, error, *words in rows])


def neuron(**params):
    return lambda net: net.sim.create(nl.iaf_psc_delta, 10, **params)


def device(model, size=1, **params):
    return lambda net: net.sim.create(model, size, **params)


def wire(**options):
    return lambda net: net.sim.connect(net.n, net.m, **options)


# --- physical dimensions ----------------------------------------------------------------------------------------------

@cases(
    ("parameter", neuron(C_m=1.0 * u.mV), nl.DimensionError, "C_m = 1. mV", "quantity in pF"),
    ("parameters as an array", neuron(tau_m=np.ones(10) * u.mV), nl.DimensionError, "tau_m", "the unit is mV", "in ms"),
    ("one of a list", neuron(tau_m=[1.0 * u.ms] * 9 + [1.0 * u.pF]), nl.DimensionError, "tau_m = 1. pF", "in ms"),
    ("state", neuron(V_m=1.0 * u.ms), nl.DimensionError, "V_m", "the unit is ms", "in mV"),
    ("V_initializer", neuron(V_initializer=1.0 * u.ms), nl.DimensionError, "V_initializer", "the unit is ms", "in mV"),
    ("initial distribution", neuron(V_initializer=nl.init.Normal(1.0, 2.0, unit=u.ms)), nl.DimensionError,
     "V_initializer: mean", "the unit is ms", "in mV"),
    ("quantities in a distribution", neuron(V_initializer=nl.init.Normal(1.0 * u.mV, 2.0 * u.ms)), nl.DimensionError,
     "V_initializer: std", "the unit is ms", "in mV"),
    ("constant", neuron(V_initializer=nl.init.Constant(1.0 * u.pA)), nl.DimensionError, "V_initializer: value", "in mV"),
    ("logarithm", neuron(V_initializer=nl.init.LogNormal(1.0 * u.mV, 1.0)), nl.DimensionError, "V_initializer: mean",
     "a plain number is expected"),
    ("unit of a number", neuron(r=1.0 * u.ms), nl.DimensionError, "r = 1. ms", "plain number"),
    ("rate", device(nl.poisson_generator, rate=1.0 * u.ms), nl.DimensionError, "rate", "the unit is ms", "in Hz"),
    ("amplitude", device(nl.dc_generator, amplitude=1.0 * u.mV), nl.DimensionError, "amplitude", "in pA"),
    ("spike times", device(nl.spike_generator, spike_times=[1.0] * u.mV), nl.DimensionError, "spike_times", "in ms"),
    ("multiplicities", device(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[1] * u.ms), nl.DimensionError,
     "spike_multiplicities", "a plain number"),
    ("recorder", device(nl.spike_recorder, start=1.0 * u.mV), nl.DimensionError, "start", "the unit is mV", "in ms"),
    ("interval", device(nl.multimeter, interval=1.0 * u.mV), nl.DimensionError, "interval", "the unit is mV", "in ms"),
    ("weight", wire(weight=1.0 * u.pA), nl.DimensionError, "weight", "the unit is pA", "in mV"),
    ("weights", wire(weight=np.ones((5, 10)) * u.pA), nl.DimensionError, "weight", "the unit is pA", "in mV"),
    ("weight of a distribution", wire(weight=nl.dist.Normal(1.0, 1.0, unit=u.pA)), nl.DimensionError, "weight: mean", "in mV"),
    ("weight of a current", lambda net: net.sim.connect(net.dc, net.n, weight=1.0 * u.mV), nl.DimensionError, "weight",
     "plain number"),
    ("weight of a count", lambda net: net.sim.connect(net.n, net.parrot, weight=1.0 * u.mV), nl.DimensionError, "weight",
     "plain number"),
    ("delay", wire(delay=1.0 * u.mV), nl.DimensionError, "delay", "the unit is mV", "in ms"),
    ("delay of a distribution", wire(delay=nl.dist.Uniform(1.0, 2.0, unit=u.Hz)), nl.DimensionError, "delay: low", "in ms"),
    ("simulate", lambda net: net.sim.simulate(1.0 * u.mV), nl.DimensionError, "duration", "the unit is mV", "in ms"),
    ("cont", lambda net: net.sim.cont(1.0 * u.Hz), nl.DimensionError, "duration", "the unit is Hz", "in ms"),
    ("time step", lambda net: nl.Simulator(dt=1.0 * u.mV), nl.DimensionError, "dt", "the unit is mV", "in ms"),
)
def test_a_wrong_dimension_is_named_with_the_expected_one(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("text", neuron(tau_m="abc"), nl.DimensionError, "tau_m = 'abc'", "a number or a quantity in ms"),
    ("digits", neuron(tau_m="3"), nl.DimensionError, "tau_m = '3'", "a number or a quantity in ms"),
    ("None", neuron(tau_m=None), nl.DimensionError, "tau_m = None", "a number or a quantity in ms"),
    ("True", neuron(tau_m=True), nl.DimensionError, "tau_m = True", "a number"),
    ("complex", neuron(tau_m=1j), nl.DimensionError, "tau_m = 1j", "a number"),
    ("ragged", neuron(tau_m=[[1.0], [1.0, 2.0]]), nl.DimensionError, "tau_m", "a number"),
    ("class of a distribution", neuron(V_initializer=nl.init.Normal), nl.DimensionError, "V_initializer", "a number"),
    ("text in a distribution", neuron(V_m=nl.init.Normal("a", 1.0)), nl.DimensionError, "V_m: mean = 'a'", "a number"),
    ("number for a switch", neuron(refractory_input=1), nl.ParameterError, "refractory_input = 1", "True or False"),
    ("random switch", neuron(refractory_input=nl.init.Uniform()), nl.ParameterError, "refractory_input", "True or False"),
    ("weight", wire(weight="strong"), nl.DimensionError, "weight = 'strong'", "a number or a quantity in mV"),
    ("weight True", wire(weight=True), nl.DimensionError, "weight = True", "a number"),
    ("delay", wire(delay=[None]), nl.DimensionError, "delay = [None]", "a number or a quantity in ms"),
    ("duration", lambda net: net.sim.simulate("long"), nl.DimensionError, "duration = 'long'", "a number"),
    ("no duration", lambda net: net.sim.simulate(None), nl.DimensionError, "duration = None", "a number"),
    ("dt", lambda net: nl.Simulator(dt="0.1"), nl.DimensionError, "dt = '0.1'", "a number or a quantity in ms"),
)
def test_what_is_no_number_is_refused(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


# --- names ------------------------------------------------------------------------------------------------------------

@cases(
    ("near", neuron(tau_n=1.0), nl.UnknownName, "iaf_psc_delta", "'tau_n'", "did you mean tau_m?", "C_m, t_ref, V_th"),
    ("in params", neuron(params=dict(Vth=1.0)), nl.UnknownName, "'Vth'", "did you mean V_th", "tau_m, C_m"),
    ("a state", neuron(V_n=1.0), nl.UnknownName, "'V_n'", "did you mean V_m", "refractory_spikes"),
    ("far", neuron(colour=1.0), nl.UnknownName, "'colour'", "tau_m, C_m, t_ref"),
    ("generator", device(nl.poisson_generator, rates=1.0), nl.UnknownName, "'rates'", "did you mean rate?"),
    ("no V_m to initialise", device(nl.poisson_generator, V_initializer=1.0), nl.UnknownName, "'V_initializer'", "rate"),
    ("recorder", device(nl.spike_recorder, begin=1.0), nl.UnknownName, "spike_recorder", "'begin'", "start, stop, origin"),
    ("meter", device(nl.multimeter, recordfrom="V_m"), nl.UnknownName, "did you mean record_from", "interval"),
)
def test_an_unknown_parameter_brings_the_names_that_are_near(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("misspelt", lambda net: net.sim.connect(net.wrong, net.n), nl.UnknownName, "recordable 'V_n'", "did you mean V_m?",
     "V_m, I, refractory_spikes, r"),
    ("of another model", lambda net: net.sim.connect(net.meter, net.parrot), nl.UnknownName, "parrot_neuron", "'V_m'", "none"),
    ("of a generator", lambda net: net.sim.connect(net.meter, net.noise), nl.UnknownName, "poisson_generator", "none"),
    ("of planned spikes", lambda net: net.sim.connect(net.meter, net.times), nl.UnknownName, "spike_generator", "none"),
    ("of one of several models", lambda net: net.sim.connect(net.meter, net.n + net.parrot), nl.UnknownName, "parrot_neuron"),
    ("none asked for", lambda net: net.sim.connect(net.bare, net.n), nl.BadRecording, "record_from", "V_m, I"),
    ("number", device(nl.multimeter, record_from=3), nl.BadRecording, "record_from = 3", "names of states"),
    ("numbers", device(nl.multimeter, record_from=[3]), nl.BadRecording, "record_from = [3]", "names of states"),
    ("None", device(nl.multimeter, record_from=None), nl.BadRecording, "record_from = None", "names of states"),
)
def test_an_unknown_recordable_brings_those_that_there_are(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


# --- values -----------------------------------------------------------------------------------------------------------

@cases(
    ("negative", device(nl.poisson_generator, rate=-1.0), nl.ParameterError, "rate = -1.0", "0 to 1e9 Hz"),
    ("NaN", device(nl.poisson_generator, rate=nan), nl.ParameterError, "rate = nan", "finite"),
    ("infinite", device(nl.poisson_generator, rate=inf), nl.ParameterError, "rate = inf", "finite"),
    ("one of several", device(nl.poisson_generator, 3, rate=[1.0, 2.0, -3.0]), nl.ParameterError, "rate = -3.0 (entry 2)"),
    ("some of a distribution", device(nl.poisson_generator, 100, rate=nl.init.Normal(1.0, 9.0)), nl.ParameterError, "rate = -"),
    ("current", device(nl.dc_generator, amplitude=inf), nl.ParameterError, "amplitude = inf", "finite"),
    ("stop before start", device(nl.poisson_generator, start=5.0, stop=2.0), nl.ParameterError, "stop = 2.0", "start or later"),
    ("start off the grid", device(nl.poisson_generator, start=0.05), nl.ParameterError, "start = 0.05", "dt = 0.1 ms"),
    ("endless start", device(nl.poisson_generator, start=inf), nl.ParameterError, "start = inf", "finite"),
    ("endless origin", device(nl.dc_generator, origin=-inf), nl.ParameterError, "origin = -inf", "finite"),
)
def test_generators_refuse_what_they_cannot_emit(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("tau_m", neuron(tau_m=0.0), nl.ParameterError, "tau_m = 0.0", "above 0 ms"),
    ("one tau_m", neuron(tau_m=[9.0] * 7 + [-1.0] * 3), nl.ParameterError, "tau_m = -1.0 (entry 7)", "above 0 ms"),
    ("random tau_m", lambda net: net.sim.create(nl.iaf_psc_delta, 100, tau_m=nl.init.Normal(10.0, 9.0)), nl.ParameterError,
     "tau_m = -", "above 0 ms"),
    ("C_m", neuron(C_m=-1.0), nl.ParameterError, "C_m = -1.0", "above 0 pF"),
    ("t_ref", neuron(t_ref=-0.1), nl.ParameterError, "t_ref = -0.1", "0 ms or more"),
    ("V_reset at V_th", neuron(V_reset=-55.0), nl.ParameterError, "V_reset = -55.0", "below V_th"),
    ("V_th below V_reset", neuron(V_th=-71.0), nl.ParameterError, "V_reset = -70.0", "below V_th"),
    ("NaN", neuron(V_th=nan), nl.ParameterError, "V_th = nan", "finite"),
    ("infinite tau_m", neuron(tau_m=inf), nl.ParameterError, "tau_m = inf", "finite"),
    ("infinite t_ref", neuron(t_ref=inf), nl.ParameterError, "t_ref = inf", "finite"),
    ("infinite I_e", neuron(I_e=[0.0] * 9 + [-inf]), nl.ParameterError, "I_e = -inf (entry 9)", "finite"),
    ("fraction of a stage", lambda net: net.sim.create(nl.gamma_sup_generator, gamma_shape=1.5), nl.ParameterError,
     "gamma_shape = 1.5", "whole"),
)
def test_parameters_outside_their_domain_are_refused(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("infinite", neuron(V_m=inf), nl.ParameterError, "V_m = inf", "finite"),
    ("NaN", neuron(V_initializer=nan), nl.ParameterError, "V_initializer = nan", "finite"),
    ("one entry", neuron(V_m=[0.0, nan] + [0.0] * 8), nl.ParameterError, "V_m = nan (entry 1)", "finite"),
    ("constant", neuron(V_initializer=nl.init.Constant(inf)), nl.ParameterError, "V_initializer = inf", "finite"),
    ("mean", neuron(V_m=nl.init.Normal(inf, 1.0)), nl.ParameterError, "V_m = Normal", "mean", "finite"),
    ("std", neuron(V_m=nl.init.Normal(0.0, inf)), nl.ParameterError, "V_m = Normal", "std", "finite"),
    ("negative std", neuron(V_m=nl.init.Normal(0.0, -1.0)), nl.ParameterError, "std=-1.0", "std must be 0 or more"),
    ("NaN std", neuron(V_m=nl.init.Normal(0.0, nan)), nl.ParameterError, "std=nan", "finite"),
    ("endless range", neuron(V_m=nl.init.Uniform(0.0, inf)), nl.ParameterError, "high=inf", "finite"),
    ("range upside down", neuron(V_m=nl.init.Uniform(2.0, -2.0)), nl.ParameterError, "smallest (2)", "largest (-2)"),
    ("NaN limit", neuron(V_m=nl.init.Normal(0.0, 1.0, min=nan)), nl.ParameterError, "min=nan", "min must be a finite number"),
    ("limits crossed", neuron(V_m=nl.init.Normal(0.0, 1.0, min=2.0, max=1.0)), nl.ParameterError, "can give no value"),
    ("limits out of reach", neuron(V_m=nl.init.Normal(0.0, 1.0, min=50.0)), nl.ParameterError, "can give no value"),
    ("limits hardly in reach", neuron(V_m=nl.init.Normal(0.0, 1.0, min=6.0)), nl.ParameterError, "one in 10,000", "[6, inf]"),
    ("too wide a logarithm", neuron(V_m=nl.init.LogNormal(700.0, 20.0)), nl.ParameterError, "range of floating-point"),
)
def test_initial_values_are_finite(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


def test_a_distribution_of_arrays_is_refused_where_it_is_written():
    with pytest.raises(nl.BadConnection, match="Normal: mean = array.* must be one number"):
        nl.init.Normal(np.zeros(3), 1.0)


@cases(
    ("off the grid", dict(spike_times=[1.0, 1.05]), nl.ParameterError, "spike_times", "1.05 ms", "dt = 0.1 ms",
     "allow_offgrid_times"),
    ("unsorted", dict(spike_times=[2.0, 1.0]), nl.ParameterError, "spike_times = 1.0 (entry 1)", "ascending"),
    ("negative", dict(spike_times=[-1.0]), nl.ParameterError, "spike_times = -1.0 (entry 0)", "above 0 ms"),
    ("at zero", dict(spike_times=[0.0, 1.0]), nl.ParameterError, "spike_times = 0.0 (entry 0)", "above 0 ms"),
    ("NaN", dict(spike_times=[1.0, nan]), nl.ParameterError, "spike_times = nan (entry 1)", "finite"),
    ("infinite", dict(spike_times=[1.0, inf]), nl.ParameterError, "spike_times = inf (entry 1)", "finite"),
    ("one number", dict(spike_times=1.0), nl.ParameterError, "spike_times = 1.0", "must be a list"),
    ("text", dict(spike_times="now"), nl.ParameterError, "spike_times = 'now'", "must be a list"),
    ("None", dict(spike_times=None), nl.ParameterError, "spike_times = None", "must be a list"),
    ("distribution", dict(spike_times=nl.dist.Uniform(1.0, 2.0)), nl.ParameterError, "spike_times", "lists of numbers"),
    ("lists for two nodes", dict(spike_times=[[1.0], [2.0]]), nl.ParameterError, "spike_times has 2 lists", "1 nodes"),
    ("too few multiplicities", dict(spike_times=[1.0, 2.0], spike_multiplicities=[1]), nl.ParameterError,
     "spike_multiplicities has 1 entries", "2 spike_times"),
    ("multiplicities alone", dict(spike_multiplicities=[1]), nl.ParameterError, "spike_multiplicities has 1 entries"),
    ("negative multiplicity", dict(spike_times=[1.0], spike_multiplicities=[-1]), nl.ParameterError,
     "spike_multiplicities = -1.0 (entry 0)", "0 or more"),
    ("broken multiplicity", dict(spike_times=[1.0, 2.0], spike_multiplicities=[1, 1.5]), nl.ParameterError,
     "spike_multiplicities = 1.5 (entry 1)", "whole"),
)
def test_spike_times_are_on_the_grid_in_order_and_counted_in_whole_numbers(net, refused, mistake, error, words):
    with refused(net, error, *words):
        net.sim.create(nl.spike_generator, **mistake)


@cases(
    ("several", device(nl.spike_recorder, 2), nl.ParameterError, "size = 2", "one spike_recorder at a time"),
    ("NaN", device(nl.spike_recorder, start=nan), nl.BadRecording, "start = nan", "finite"),
    ("endless start", device(nl.spike_recorder, start=inf), nl.BadRecording, "start = inf", "finite"),
    ("endless origin", device(nl.spike_recorder, origin=-inf), nl.BadRecording, "origin = -inf", "finite"),
    ("NaN stop", device(nl.spike_recorder, stop=nan), nl.BadRecording, "stop = nan", "not NaN"),
    ("two starts", device(nl.spike_recorder, start=[1.0, 2.0]), nl.BadRecording, "start = [1. 2.]", "one time"),
    ("stop before start", device(nl.spike_recorder, start=5.0, stop=1.0), nl.BadRecording, "stop = 1 ms", "start = 5 ms"),
    ("off the grid", device(nl.spike_recorder, start=0.05), nl.BadTime, "start = 0.05 ms", "dt = 0.1 ms"),
    ("no interval", device(nl.multimeter, interval=0.0), nl.BadRecording, "interval = 0 ms", "dt = 0.1 ms"),
    ("negative interval", device(nl.multimeter, interval=-1.0), nl.BadRecording, "interval = -1 ms", "dt = 0.1 ms"),
    ("endless interval", device(nl.multimeter, interval=inf), nl.BadRecording, "interval = inf", "finite"),
    ("interval off the grid", device(nl.multimeter, interval=0.25), nl.BadTime, "interval = 0.25 ms", "dt = 0.1 ms"),
)
def test_recorders_refuse_times_that_cannot_be(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


# --- shapes -----------------------------------------------------------------------------------------------------------

@cases(
    ("too few", neuron(tau_m=[1.0, 2.0]), nl.ParameterError, "tau_m has shape (2,)", "one for each of 10 nodes"),
    ("none", neuron(tau_m=[]), nl.ParameterError, "tau_m has shape (0,)", "10 nodes"),
    ("a column", neuron(V_m=np.zeros((10, 1))), nl.ParameterError, "V_m has shape (10, 1)", "10 nodes"),
    ("switches", neuron(refractory_input=[True, False]), nl.ParameterError, "refractory_input has shape (2,)", "10 nodes"),
    ("rates", device(nl.poisson_generator, 2, rate=[1.0, 2.0, 3.0]), nl.ParameterError, "rate has shape (3,)", "2 nodes"),
    ("size 0", lambda net: net.sim.create(nl.iaf_psc_delta, 0), nl.ParameterError, "size = 0", "at least one node"),
    ("empty shape", lambda net: net.sim.create(nl.iaf_psc_delta, (3, 0)), nl.ParameterError, "size = (3, 0)", "at least one"),
    ("negative", lambda net: net.sim.create(nl.iaf_psc_delta, -3), nl.ParameterError, "size = -3", "whole number"),
    ("broken", lambda net: net.sim.create(nl.iaf_psc_delta, 2.5), nl.ParameterError, "size = 2.5", "whole number"),
    ("with a unit", lambda net: net.sim.create(nl.iaf_psc_delta, 3 * u.ms), nl.ParameterError, "size = ", "whole number"),
)
def test_a_population_has_a_size_and_its_arrays_have_it_too(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("all_to_all", wire(weight=[1.0, 2.0]), nl.BadConnection, "weight has shape (2,)", "(5, 10)"),
    ("transposed", wire(weight=np.ones((10, 5))), nl.BadConnection, "weight has shape (10, 5)", "(5, 10)"),
    ("none", wire(weight=[]), nl.BadConnection, "weight has shape (0,)", "(5, 10)"),
    ("fixed_indegree", wire(rule=nl.fixed_indegree(2), weight=np.ones((2, 5))), nl.BadConnection,
     "weight has shape (2, 5)", "(5, 2) or (5, 10)"),
    ("fixed_outdegree", wire(rule=nl.fixed_outdegree(2), weight=np.ones(7)), nl.BadConnection, "(7,)", "(10, 2) or (5, 10)"),
    ("fixed_total_number", wire(rule=nl.fixed_total_number(6), weight=np.ones(7)), nl.BadConnection, "(7,)",
     "(6,) or (5, 10)"),
    ("fixed_prob", wire(rule=nl.fixed_prob(0.5), weight=np.ones(7)), nl.BadConnection, "(7,)", "of shape (5, 10)"),
    ("one_to_one", lambda net: net.sim.connect(net.m, net.m, rule=nl.one_to_one, weight=np.ones(4)), nl.BadConnection,
     "(4,)", "(5,) or (5, 5)"),
    ("constant", wire(weight=nl.dist.Constant(np.ones(3))), nl.BadConnection, "weight has shape (3,)", "(5, 10)"),
    ("delays", wire(delay=np.ones(3)), nl.BadConnection, "delay has shape (3,)", "(5, 10)"),
    ("sizes of one_to_one", wire(rule=nl.one_to_one), nl.BadConnection, "10 sources", "5 targets"),
)
def test_weights_and_delays_have_a_shape_that_the_rule_allows(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@pytest.mark.parametrize("size", [(-2, -2), (2, 0.5, 3), (True, 3)], ids=repr)
def test_every_side_of_a_shape_is_a_whole_number_above_0(net, refused, size):
    with refused(net, nl.ParameterError, f"size = {size}", "whole number"):
        net.sim.create(nl.iaf_psc_delta, size)


def test_params_must_be_a_dict(net, refused):
    with refused(net, TypeError, "params = [1]", "dict"):
        net.sim.create(nl.iaf_psc_delta, params=[1])


def test_a_rate_that_no_table_can_hold_is_refused(net, refused):
    with refused(net, nl.ParameterError, "rate = 1000000000000.0", "0 to 1e9 Hz"):
        net.sim.create(nl.poisson_generator, rate=1e12)
