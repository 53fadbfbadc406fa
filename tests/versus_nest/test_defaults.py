"""Parameters and their defaults, all of them, against NEST's."""
import numpy as np
import pytest

from nestling import simulator as nl

# What NEST's models have and ours do not: settings of plasticity and of threads, and what only tells about a node.
EVERYWHERE = {
    "Ca", "archiver_length", "available", "beta_Ca", "capacity", "element_type", "elementsize", "frozen", "global_id",
    "ignore_and_spike", "ignore_and_spike_interval", "ignore_and_spike_offset", "instantiations", "label", "local", "model",
    "model_id", "node_uses_wfr", "post_trace", "recordables", "stimulus_source", "synaptic_elements", "t_spike", "tau_Ca",
    "tau_minus", "tau_minus_triplet", "thread", "thread_local_id", "type_id", "vp",
}
RECORDERS = {"events", "n_events", "record_to", "time_in_steps"}
MODELS = {
    "iaf_psc_delta": set(),
    "parrot_neuron": {"flush_event_send_interval"},
    "spike_generator": {"precise_times", "shift_now_spikes", "spike_weights"},
    "poisson_generator": set(),
    "dc_generator": set(),
    "spike_recorder": RECORDERS,
    "multimeter": RECORDERS | {"offset"},
    "voltmeter": RECORDERS | {"offset"},
}
OWN_STATES = {"I", "refractory_spikes", "r"}       # NEST has them too, but hides them
INFINITE = np.finfo(float).max                     # what NEST says for infinity


def defaults(model):
    """Names and defaults of what a user sets: parameters and initial states."""
    source = getattr(nl, model)
    records = [getattr(source, name)._field_defaults for name in ("Params", "State") if hasattr(source, name)]
    return {k: v for r in records for k, v in r.items() if k not in OWN_STATES}


def plain(value):
    """A default as a value that can be compared: lists as lists, NEST's largest number as infinity."""
    if isinstance(value, (tuple, list, np.ndarray)):
        return list(value)
    return float(np.sign(value)) * np.inf if isinstance(value, float) and abs(value) == INFINITE else value


@pytest.mark.parametrize("model", MODELS)
def test_defaults_are_those_of_nest(nest, model):
    nest.ResetKernel()
    theirs = nest.GetDefaults(model)
    for name, value in defaults(model).items():
        assert plain(theirs[name]) == plain(value), name


@pytest.mark.parametrize("model", MODELS)
def test_no_parameter_is_missing_without_being_named_here(nest, model):
    nest.ResetKernel()
    assert set(nest.GetDefaults(model)) - EVERYWHERE == set(defaults(model)) | MODELS[model]


def test_recordables_are_those_of_nest(nest):
    nest.ResetKernel()
    assert set(nl.iaf_psc_delta.State._fields) - OWN_STATES == set(nest.GetDefaults("iaf_psc_delta")["recordables"])


def test_a_connection_has_nests_weight_and_delay_unless_they_are_given(nest, backend):
    nest.ResetKernel()
    synapse = nest.GetDefaults("static_synapse")
    assert (synapse["weight"], synapse["delay"]) == (1.0, 1.0)
    sim = nl.Simulator(backend=backend)
    projection = sim.connect(sim.create(nl.spike_generator), sim.create(nl.iaf_psc_delta))
    assert (projection.weight, projection.delay) == (1.0, 1.0)
    assert sim.dt == nest.resolution


def test_a_time_step_that_nest_would_not_take_is_taken(backend):
    # NEST counts time in units of 1 us; nothing here does
    sim = nl.Simulator(dt=1.0 / 3.0, backend=backend)
    generator, rec = sim.create(nl.spike_generator, spike_times=[1.0, 2.0 / 3.0 + 1.0]), sim.create(nl.spike_recorder)
    sim.connect(generator, rec)
    np.testing.assert_allclose(sim.simulate(3.0).events(rec, plain=True)[0], [1.0, 5.0 / 3.0])
