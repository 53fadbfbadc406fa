"""Many sources onto many neurons by every rule, against NEST: V_m of all targets in every step."""
import numpy as np
import pytest

from nestling import simulator as nl

N_SOURCES, N_TARGETS = 7, 5
DURATION, LATER, DT = 30.0, 6.0, 0.1
rng = np.random.default_rng(1)
TRAINS = [np.sort(rng.integers(1, 250, 20)) / 10 for _ in range(N_SOURCES)]
MATRIX = (N_TARGETS, N_SOURCES)
NEURON = dict(tau_m=15.0, V_th=1000.0)          # never fires


def weights(shape):
    return np.random.default_rng(2).normal(0.0, 2.0, shape)


def delays(shape):
    return np.random.default_rng(3).integers(1, 40, shape) / 10


def here(backend, rule, n_sources=N_SOURCES, n_targets=N_TARGETS, precision="double", source=None, options=None, **given):
    """V_m of n_targets neurons that `rule` connects with sources (steps, targets)."""
    sim = nl.Simulator(dt=DT, backend=backend, precision=precision)
    cells = sim.create(nl.iaf_psc_delta, n_targets, **NEURON)
    model, params = source or (nl.spike_generator, dict(spike_times=TRAINS[:n_sources]))
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=DT)
    sim.connect(meter, cells)
    sim.connect(sim.create(model, n_sources, params=params), cells, rule=rule, **(options or {}), **given)
    return sim.simulate(DURATION).trace(meter, "V_m", plain=True)


def nest_multimeter(nest):
    return nest.Create("multimeter", params=dict(record_from=["V_m"], interval=DT))


def nest_V_m(meter, n):
    """What NEST's multimeter has recorded of n neurons (steps, n), up to DURATION."""
    events = meter.events
    order = np.lexsort((events["senders"], np.rint(events["times"] / DT)))
    return events["V_m"][order].reshape(-1, n)[:round(DURATION / DT)]


def theirs(nest, rule, n_sources=N_SOURCES, n_targets=N_TARGETS, source=None, **given):
    nest.ResetKernel()
    nest.resolution = DT
    cells, meter = nest.Create("iaf_psc_delta", n_targets, params=NEURON), nest_multimeter(nest)
    model, params = source or ("spike_generator", [dict(spike_times=t) for t in TRAINS[:n_sources]])
    nest.Connect(meter, cells)
    nest.Connect(nest.Create(model, n_sources, params=params), cells, rule, given)
    nest.Simulate(DURATION + LATER)
    return nest_V_m(meter, n_targets)


@pytest.mark.parametrize("given", [
    dict(),
    dict(weight=-1.3, delay=0.4),
    dict(weight=weights(MATRIX)),
    dict(delay=delays(MATRIX)),
    dict(weight=weights(MATRIX), delay=delays(MATRIX)),
    dict(weight=weights(MATRIX), delay=2.0),
], ids=["defaults", "constants", "weights", "delays", "weights and delays", "weights and a delay"])
def test_all_to_all_with_matrices_of_targets_by_sources(nest, backend, tolerances, given):
    V_m = here(backend, nl.all_to_all, **given)
    assert np.ptp(V_m) > 1.0
    np.testing.assert_allclose(V_m, theirs(nest, "all_to_all", **given), rtol=0, atol=tolerances.EXACT_MV)


@pytest.mark.parametrize("given", [
    dict(),
    dict(weight=weights(N_SOURCES)),
    dict(delay=delays(N_SOURCES)),
    dict(weight=weights(N_SOURCES), delay=delays(N_SOURCES)),
], ids=["defaults", "weights", "delays", "weights and delays"])
def test_one_to_one_with_a_value_for_each_pair(nest, backend, tolerances, given):
    V_m = here(backend, nl.one_to_one, n_targets=N_SOURCES, **given)
    assert np.ptp(V_m) > 1.0
    np.testing.assert_allclose(V_m, theirs(nest, "one_to_one", n_targets=N_SOURCES, **given), rtol=0,
                               atol=tolerances.EXACT_MV)


@pytest.mark.parametrize("rule, there", [
    (nl.fixed_indegree(N_SOURCES), dict(rule="fixed_indegree", indegree=N_SOURCES)),
    (nl.fixed_outdegree(N_TARGETS), dict(rule="fixed_outdegree", outdegree=N_TARGETS)),
    (nl.pairwise_bernoulli(1.0), dict(rule="pairwise_bernoulli", p=1.0)),
], ids=repr)
def test_random_rules_that_leave_no_choice_connect_all_pairs(nest, backend, tolerances, rule, there):
    synapse, once = dict(weight=1.7, delay=1.2), dict(allow_multapses=False)
    found = here(backend, rule, options=once, **synapse)
    np.testing.assert_array_equal(found, here(backend, nl.all_to_all, **synapse))
    np.testing.assert_allclose(found, theirs(nest, dict(there, **once), **synapse), rtol=0, atol=tolerances.EXACT_MV)


def test_fixed_total_number_makes_all_its_synapses_where_there_is_one_pair(nest, backend, tolerances):
    only = dict(n_sources=1, n_targets=1, weight=0.4, delay=0.3)
    np.testing.assert_allclose(here(backend, nl.fixed_total_number(9), **only),
                               theirs(nest, dict(rule="fixed_total_number", N=9), **only), rtol=0, atol=tolerances.EXACT_MV)


def test_fixed_total_number_without_multapses_is_refused_as_in_nest(nest, backend):
    once = dict(allow_multapses=False)
    with pytest.raises(nest.NESTError, match="multapses"):
        theirs(nest, dict(rule="fixed_total_number", N=35, **once))
    with pytest.raises(nl.BadConnection, match="multapses"):
        here(backend, nl.fixed_total_number(35), options=once)


def test_single_precision_follows_to_its_own_tolerance(nest, backend, tolerances):
    given = dict(weight=weights(MATRIX), delay=delays(MATRIX))
    np.testing.assert_allclose(here(backend, nl.all_to_all, precision="single", **given),
                               theirs(nest, "all_to_all", **given), rtol=0, atol=tolerances.SINGLE_MV)


@pytest.mark.parametrize("given", [
    dict(weight=weights(MATRIX)), dict(delay=delays(MATRIX)), dict(weight=weights(MATRIX), delay=delays(MATRIX)),
], ids=["weights", "delays", "weights and delays"])
def test_currents_take_matrices_too(nest, backend, tolerances, given):
    generators = dict(amplitude=np.arange(100.0, 800.0, 100.0), start=np.arange(7.0), stop=np.arange(7.0) * 2.0 + 12.0)
    found = here(backend, nl.all_to_all, source=(nl.dc_generator, generators), **given)
    expected = theirs(nest, "all_to_all", source=("dc_generator", generators), **given)
    assert np.ptp(found) > 10.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerances.EXACT_MV)


def different_neurons(n):
    """Parameters of n neurons, every one with its own; about half of them fire without any input."""
    rng = np.random.default_rng(4)
    draw = dict(tau_m=(5.0, 30.0), C_m=(100.0, 400.0), t_ref=(0.0, 5.0), V_th=(-58.0, -50.0), V_reset=(-80.0, -60.0),
                E_L=(-75.0, -65.0), I_e=(0.0, 500.0), V_m=(-80.0, -60.0), V_min=(-90.0, -76.0))
    params = {k: np.round(rng.uniform(*limits, n), 1) for k, limits in draw.items()}
    return dict(params, refractory_input=rng.random(n) < 0.5)


def network_here(backend, threads, params, n, synapse, loop):
    """Spikes as (step, neuron), and V_m."""
    sim = nl.Simulator(dt=DT, backend=backend, threads=threads)
    cells, rec = sim.create(nl.iaf_psc_delta, n, params=params), sim.create(nl.spike_recorder)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=DT)
    sim.connect(sim.create(nl.spike_generator, N_SOURCES, spike_times=TRAINS), cells, **synapse)
    if loop:
        sim.connect(cells, cells, **loop)
    sim.connect(cells, rec)
    sim.connect(meter, cells)
    res = sim.simulate(DURATION)
    times, senders = res.events(rec, plain=True)
    return sorted(zip(np.rint(times / DT).astype(int), senders)), res.trace(meter, "V_m", plain=True)


def network_there(nest, params, n, synapse, loop):
    nest.ResetKernel()
    nest.resolution = DT
    cells = nest.Create("iaf_psc_delta", n, params=[{k: v[i].item() for k, v in params.items()} for i in range(n)])
    rec, meter = nest.Create("spike_recorder"), nest_multimeter(nest)
    sources = nest.Create("spike_generator", N_SOURCES, params=[dict(spike_times=t) for t in TRAINS])
    nest.Connect(sources, cells, "all_to_all", synapse)
    if loop:
        nest.Connect(cells, cells, "all_to_all", loop)
    nest.Connect(cells, rec)
    nest.Connect(meter, cells)
    nest.Simulate(DURATION + LATER)
    spikes = zip(np.rint(rec.events["times"] / DT).astype(int), rec.events["senders"] - cells[0].global_id)
    return sorted(s for s in spikes if s[0] <= round(DURATION / DT)), nest_V_m(meter, n)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("recurrent", [False, True])
def test_different_neurons_with_different_synapses_do_as_in_nest(nest, backend, tolerances, threads, recurrent):
    n, params = 60, different_neurons(60)
    synapse = dict(weight=weights((n, N_SOURCES)), delay=delays((n, N_SOURCES)))
    loop = dict(weight=0.3 * weights((n, n)), delay=delays((n, n))) if recurrent else None
    spikes, V_m = network_here(backend, threads, params, n, synapse, loop)
    expected_spikes, expected_V_m = network_there(nest, params, n, synapse, loop)
    assert len(spikes) > 50
    assert spikes == expected_spikes
    np.testing.assert_allclose(V_m, expected_V_m, rtol=0, atol=tolerances.EXACT_MV)
