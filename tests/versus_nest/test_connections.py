"""GetConnections and its filters, and weights that change in a run with spikes on their way, as in NEST."""
import numpy as np
import pytest

from nestling import simulator as nl

SPIKES = np.arange(1.0, 9.0)
BEFORE, AFTER = 5.0, 10.0                 # ms
TAU = dict(tau_syn_ex=2.0, tau_syn_in=5.0)


@pytest.fixture
def kernel(nest):
    nest.ResetKernel()
    nest.resolution = 0.1
    return nest


def rows(given):
    """(source, target, weight, delay) by row, sorted."""
    table = np.array([np.asarray(given[name], float) for name in ("source", "target", "weight", "delay")]).T
    return table[np.lexsort(table.T)]


def test_the_same_connections_are_found_by_the_same_filters(kernel):
    nest = kernel
    w = np.arange(1.0, 13.0).reshape(4, 3)
    there = [nest.Create("iaf_psc_exp", n) for n in (3, 4)]
    calls = [(0, 1, dict(weight=w, delay=1.0 + w / 10)), (1, 0, dict(weight=-2.0, delay=1.5)),
             (0, 0, dict(weight=3.0, delay=0.5))]
    sim = nl.Simulator()
    here = [sim.create(nl.iaf_psc_exp, n) for n in (3, 4)]
    for a, b, synapse in calls:
        nest.Connect(there[a], there[b], "all_to_all", synapse)
        sim.connect(here[a], here[b], **synapse)
    pairs = dict(weight=np.array([0.5, 0.25, 8.0]), delay=np.array([0.1, 2.0, 0.3]))
    nest.Connect(there[0], there[1][:3], "one_to_one", pairs)
    sim.connect(here[0], here[1][:3], rule=nl.one_to_one, **pairs)
    filters = [(None, None), (0, None), (None, 1), (1, 0), (0, 0)]
    picks = [slice(None), slice(1, 3), slice(0, 1)]
    for source, target in filters:
        for pick in picks:
            ends = [[None if i is None else side[i][pick] for i in (source, target)] for side in (here, there)]
            found = nest.GetConnections(*ends[1])
            theirs = {name: np.atleast_1d(v) for name, v in found.get(["source", "target", "weight", "delay"]).items()} \
                if len(found) else dict.fromkeys(("source", "target", "weight", "delay"), np.zeros(0))
            mine = sim.get_connections(*ends[0])
            assert len(mine) == len(found)
            np.testing.assert_allclose(rows(mine.get()), rows(theirs) - [1, 1, 0, 0], rtol=1e-12)
    assert len(mine) > 0


W, DELAYS = np.array([[100.0], [200.0], [-50.0]]), {"one delay": [1.5, 1.5, 1.5], "several delays": [1.5, 2.5, 3.0]}
EDITS = {"weights": dict(weight=[300.0, 50.0, -200.0]), "zero": dict(weight=[0.0, 0.0, 0.0]),
         "smaller": dict(weight=[50.0, 0.0, -10.0]), "tiny, other signs": dict(weight=[-1e-9, 1e-9, 1e-9]),
         "other signs": dict(weight=[-300.0, 50.0, 200.0]), "large": dict(weight=[3e4, 5e4, -2e4]), "gone": None,
         "delays": dict(delay=[3.0, 1.5, 1.5])}


def voltages_there(nest, delays, edit):
    train = nest.Create("spike_generator", params=dict(spike_times=SPIKES))
    parrot, cells = nest.Create("parrot_neuron"), nest.Create("iaf_psc_exp", 3, TAU)
    meter = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=0.1))
    nest.Connect(train, parrot, syn_spec=dict(delay=0.1))
    nest.Connect(parrot, cells, "all_to_all", dict(weight=W, delay=np.array(delays)[:, None]))
    nest.Connect(meter, cells)
    nest.Simulate(BEFORE)
    found = nest.GetConnections(parrot, cells)
    if edit is None:
        found.disconnect()
    else:
        found.set(**edit)
    nest.Simulate(AFTER + 1.0)
    events = meter.events
    return np.array([events["V_m"][events["senders"] == cell.global_id] for cell in cells]).T


def voltages_here(backend, threads, delays, edit):
    sim = nl.Simulator(backend=backend, threads=threads)
    train = sim.create(nl.spike_generator, spike_times=SPIKES)
    parrot, cells = sim.create(nl.parrot_neuron), sim.create(nl.iaf_psc_exp, 3, params=TAU)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(train, parrot, delay=0.1)
    sim.connect(parrot, cells, weight=W, delay=np.array(delays)[:, None])
    sim.connect(meter, cells)
    before = sim.simulate(BEFORE).trace(meter, plain=True)
    found = sim.get_connections(parrot, cells)
    if edit is None:
        sim.disconnect(found)
    else:
        found.set(**edit)
    return np.concatenate([before, sim.cont(AFTER).trace(meter, plain=True)])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("delays", DELAYS)
def test_spikes_on_their_way_keep_the_weight_that_they_were_sent_with(kernel, backend, delays, edit, threads):
    given = DELAYS[delays]
    if edit == "delays" and delays == "one delay":
        given = [1.5, 3.0, 1.5]                 # NEST keeps the shortest and the longest delay that a run began with
    here = voltages_here(backend, threads, given, EDITS[edit])
    there = voltages_there(kernel, given, EDITS[edit])[:len(here)]
    assert len(here) == round((BEFORE + AFTER) / 0.1) and np.ptp(there) > 2.0
    np.testing.assert_allclose(here, there, rtol=0, atol=1e-9)
