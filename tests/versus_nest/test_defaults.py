"""Parameters and their defaults, all of them, against NEST's; and what can be recorded. Every model of the public face."""
import types

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.reading import is_model, read_model

# What NEST's models have and ours do not: settings of plasticity, threads and solvers, and what only tells about a node.
EVERYWHERE = {
    "Ca", "archiver_length", "available", "beta_Ca", "capacity", "element_type", "elementsize", "frozen", "global_id",
    "gsl_error_tol", "has_connections", "ignore_and_spike", "ignore_and_spike_interval", "ignore_and_spike_offset",
    "instantiations", "label", "local", "model", "model_id", "n_synapses", "node_uses_wfr", "post_trace", "recordables",
    "stimulus_source", "synaptic_elements", "t_spike", "tau_Ca", "tau_minus", "tau_minus_triplet", "thread", "thread_local_id",
    "type_id", "vp",
}
RECORDED = {"events"}                              # what was recorded is in the results
WRITTEN = {"overwrite", "precision"}               # NEST has the one for all files, the other where record_to is "ascii"
PHASOR = {"y_0", "y_1"}                            # how NEST computes a sine
ABSENT = {                                         # what some of NEST's models have and ours do not
    "ac_generator": PHASOR,
    "multimeter": RECORDED,
    "noise_generator": PHASOR,
    "parrot_neuron": {"flush_event_send_interval"},
    "pp_psc_delta": {"t_ref_remaining"},
    "sinusoidal_poisson_generator": PHASOR,
    "spike_generator": {"precise_times", "shift_now_spikes", "spike_weights"},
    "spike_recorder": RECORDED,
    "spike_train_injector": {"precise_times", "shift_now_spikes"},
    "voltmeter": RECORDED,
    "weight_recorder": RECORDED,
    # recordables: what a generator emits is seen at its targets
    "recordables of ac_generator": {"I"},
    "recordables of dc_generator": {"I"},
    "recordables of sinusoidal_poisson_generator": {"rate"},
    "recordables of step_current_generator": {"I"},
    # parameters that are ours alone
    "NEST's pulsepacket_generator": {"overlap"},
    **{f"NEST's {name}": WRITTEN for name in ("multimeter", "spike_recorder", "voltmeter")},
    "NEST's weight_recorder": WRITTEN | {"senders", "targets"},        # NEST tells of these in nodes, not in defaults
}
INFINITE = np.finfo(float).max                     # what NEST says for infinity
MODELS = [name for name, thing in vars(nl).items() if isinstance(thing, types.ModuleType) and hasattr(thing, "Params")]


def fields(model, record):
    """Names and defaults of a record, none if a model has no such record."""
    return getattr(getattr(nl, model), record)._field_defaults if hasattr(getattr(nl, model), record) else {}


def recordables(model):
    return {f.name for f in read_model(getattr(nl, model)).state} if is_model(getattr(nl, model)) else set()


def plain(value, like=None):
    """A default as a value that can be compared: lists as lists, NEST's largest number as infinity. A state's list is given by
    one number for all entries: there are as many as `like` has."""
    if isinstance(value, (tuple, list, np.ndarray)):
        return list(value)
    if isinstance(like, (tuple, list, np.ndarray)):
        return [value] * len(like)
    return float(np.sign(value)) * np.inf if isinstance(value, float) and abs(value) == INFINITE else value


def test_all_models_and_recorders_are_held_against_nest():
    assert {"iaf_psc_delta", "izhikevich", "mip_generator", "spike_generator", "spike_recorder", "voltmeter"} <= set(MODELS)
    assert {name.split()[-1] for name in ABSENT} <= set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_defaults_are_those_of_nest(nest, model):
    nest.ResetKernel()
    theirs = nest.GetDefaults(model)
    shared = {k: v for k, v in {**fields(model, "Params"), **fields(model, "State")}.items() if k in theirs}
    assert {k: plain(v, theirs[k]) for k, v in shared.items()} == {k: plain(theirs[k]) for k in shared}


@pytest.mark.parametrize("model", MODELS)
def test_no_parameter_is_missing_or_added_without_being_named_here(nest, model):
    nest.ResetKernel()
    theirs, params = set(nest.GetDefaults(model)), set(fields(model, "Params"))
    assert theirs - EVERYWHERE - params - set(fields(model, "State")) == ABSENT.get(model, set())
    assert params - theirs == ABSENT.get(f"NEST's {model}", set())


@pytest.mark.parametrize("model", MODELS)
def test_what_nest_records_can_be_recorded(nest, model):
    nest.ResetKernel()
    theirs = set(nest.GetDefaults(model).get("recordables", ()))
    assert theirs - recordables(model) == ABSENT.get(f"recordables of {model}", set())


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
