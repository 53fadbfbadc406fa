"""The CUDA backend does what the CPU does, bit for bit, however a GPU orders its threads and whenever its buffers are full.

Kernels are real PTX, executed on the CPU by the machine of ptx_machine.py; on a GPU if there is one (but for the tests that
order threads or watch what they access).
"""
import types

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import cuda, cuda_binding, cuda_room, cuda_traces

pytestmark = pytest.mark.usefixtures("gpu")


@pytest.fixture
def emulated(load_file):
    """Makes machines for PTX of which the CUDA backend runs on the one that was made last, until the test is over."""
    kind, usual = load_file("emulated.py").EmulatedDevice, cuda._device

    def make(**given):
        cuda._device = kind(**given)
        return cuda._device
    yield make
    cuda._device = usual


def network(backend, precision="double", seed=5, many=1):
    """Two populations and all kinds of synapses: constant and drawn weights and delays, both signs, generators, recorders."""
    sim = nl.Simulator(dt=0.1, seed=seed, backend=backend, precision=precision, threads=1)
    exc = sim.create(nl.iaf_psc_exp, 80 * many, params=dict(I_e=300.0, V_m=nl.init.Uniform(-70.0, -55.0)))
    inh = sim.create(nl.iaf_psc_alpha, 20 * many, params=dict(I_e=nl.init.Normal(380.0, 20.0)))
    noise = sim.create(nl.poisson_generator, rate=3000.0)
    train = sim.create(nl.spike_generator, spike_times=[1.0, 5.0, 5.3, 42.0])
    current = sim.create(nl.step_current_generator, amplitude_times=[3.0, 20.0], amplitude_values=[100.0, -50.0])
    counter = sim.create(nl.parrot_neuron, 3)
    both = exc + inh
    sim.connect(noise, both, weight=20.0, delay=1.0)
    sim.connect(noise, counter)
    sim.connect(current, exc[:10], weight=1.0, delay=0.7)
    sim.connect(train, both, weight=50.0, delay=1.5)
    sim.connect(counter, exc, weight=3.0, delay=0.8)
    sim.connect(exc, both, rule=nl.fixed_indegree(10), weight=nl.dist.Normal(30.0, 5.0),
                delay=nl.dist.Normal(1.5, 0.5, min=0.5))
    sim.connect(inh, both, rule=nl.pairwise_bernoulli(0.2), weight=-60.0, delay=0.9)
    spikes, meter = sim.create(nl.spike_recorder), sim.create(nl.multimeter, record_from=["V_m"], interval=0.3)
    for nodes in (exc, inh, counter):
        sim.connect(nodes, spikes)
    sim.connect(meter, exc[::7] + inh[:3])
    return types.SimpleNamespace(sim=sim, spikes=spikes, meter=meter, exc=exc, inh=inh)


def found(net, results):
    """All that was recorded, in some windows."""
    out = []
    for res in results:
        out += [*res.events(net.spikes, plain=True), res.trace(net.meter, "V_m", plain=True)]
    return out


def run(backend, *windows, **given):
    net = network(backend, **given)
    return found(net, [(net.sim.cont if i else net.sim.simulate)(w) for i, w in enumerate(windows or (60.0,))])


def assert_same(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b):
        np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def expected():
    """What the CPU records, by precision."""
    return {precision: run("cpu", precision=precision) for precision in ("double", "single")}


@pytest.mark.parametrize("precision", ["double", "single"])
def test_spikes_and_traces_are_those_of_the_cpu(expected, precision):
    assert len(expected[precision][0]) > 500
    assert_same(run("cuda", precision=precision), expected[precision])


@pytest.mark.parametrize("given", [dict(order="reversed"), dict(order=1), dict(order=2, blocks=7, threads=40),
                                   dict(blocks=1, threads=8), dict(capability=(7, 5))], ids=str)
def test_the_order_and_number_of_threads_changes_nothing(emulated, expected, given):
    emulated(**given)
    assert_same(run("cuda"), expected["double"])


def test_windows_change_nothing(expected):
    for windows in ((0.1, 30.0, 29.9), (7.3, 0.0, 52.7)):
        whole = found_in_one(run("cuda", *windows), len(windows))
        assert_same(whole, expected["double"])


def found_in_one(parts, n):
    assert len(parts) == 3 * n
    return [np.concatenate(parts[i::3]) for i in range(3)]


def test_full_buffers_are_read_back_and_the_run_goes_on(monkeypatch, expected):
    monkeypatch.setattr(cuda_binding, "SPIKES_LOGGED", 1)               # then room for two slices' spikes
    monkeypatch.setattr(cuda_traces, "ROOM", 1000)              # and for a few samples
    assert_same(run("cuda"), expected["double"])


def test_a_second_run_starts_afresh_with_the_graph_of_the_first(expected):
    net = network("cuda")
    net.sim.simulate(13.0)
    program = net.sim._program
    graph = program._graph
    assert_same(found(net, [net.sim.simulate(60.0)]), expected["double"])
    assert net.sim._program is program and program._graph is graph


@pytest.mark.parametrize("change", ["V_th", "V_m", "weights", "a few weights", "disconnect", "rate"])
def test_a_run_goes_on_with_what_was_changed(change):
    results = []
    for backend in ("cpu", "cuda"):
        net = network(backend)
        first = net.sim.simulate(20.0)
        if change == "V_th":
            net.exc.set(V_th=-56.0)
        elif change == "V_m":
            net.exc[:40].set(V_m=np.linspace(-70.0, -56.0, 40))
            np.testing.assert_array_equal(net.exc[:2].get("V_m"), [-70.0, -70.0 + 14.0 / 39.0])
        elif change == "weights":
            net.sim.get_connections(source=net.inh).set(weight=-90.0)
        elif change == "a few weights":
            net.sim.get_connections(source=net.exc[:5]).set(weight=99.0)
        elif change == "disconnect":
            net.sim.disconnect(net.sim.get_connections(source=net.inh[:7]))
        else:
            net.sim.get_connections(source=net.exc).set(delay=2.0)
        results.append(found(net, [first, net.sim.cont(20.0), net.sim.cont(10.0)]))
    assert_same(*results)


def test_it_needs_as_many_launches_as_there_are_kinds_of_nodes():
    net = network("cuda")
    net.sim.simulate(1.0)
    labels = [launch.label for launch in net.sim._program._launches]
    assert labels == ["generators"] * 2 + ["planned spikes"] + ["neurons"] * 3 + ["delivery"]


def test_memory_is_given_back_when_networks_change(emulated):
    device = emulated()
    net = network("cuda")
    taken = []
    for i in range(6):
        net.sim.simulate(2.0)
        net.exc.set(V_th=-56.0 + i)
        net.sim.cont(1.0)
        taken.append(sum(a.nbytes for a in device._memory.values()))
    assert taken[-1] == taken[1]
    del net
    assert not device._memory


def test_a_network_that_does_not_fit_says_what_it_needs(emulated):
    emulated(free=1 << 20)
    net = network("cuda")
    with pytest.raises(nl.TooLarge, match=r"GPU's memory \(synapses .* input rings .* 0.00 GB are free: precision='single'"):
        net.sim.simulate(1.0)
    emulated(free=1 << 33)
    net.sim.simulate(1.0)                   # nothing half-built was left


def test_the_estimate_is_near_what_is_taken(emulated):
    device = emulated()
    net = network("cuda", many=50)
    net.sim.simulate(0.1)
    taken = sum(a.nbytes for a in device._memory.values())
    device.free_room = 0
    with pytest.raises(nl.TooLarge) as error:
        cuda_room.check_fits(types.SimpleNamespace(**{**vars(net.sim._program), "table": None}))
    needed = 1e9 * float(str(error.value).partition("about ")[2].partition(" GB")[0])
    assert 0.6 * taken < needed < 1.5 * taken


def test_two_threads_never_write_where_another_reads(emulated, monkeypatch):
    device = emulated()
    races = []

    def watched(launch):
        kernel = device.machine.load(launch.kernel.ptx(device.capability))
        accesses = kernel.watched(device.blocks, device.threads, *launch.args, rows=launch.rows)
        races.extend((launch.label, r) for r in accesses.races())
        assert not len(accesses.misaligned())
    device._launch = watched
    net = network("cuda")
    net.sim.simulate(4.0)
    # the thread that turns over reads what atomics counted in launches before; within a launch nothing else is shared
    assert races == []


def test_cut_groups_hold_the_same_synapses():
    from nestling.simulator.cuda_tables import cut_groups
    from nestling.simulator.layout import GROUP

    groups = np.array([(0, 700, 3, 0), (700, 700, 4, 0), (700, 956, 5, 1), (956, 1213, 2, 1)], GROUP)
    first, cut = cut_groups(np.array([0, 1, 1, 3, 4], np.uint32), groups)
    assert first.tolist() == [0, 3, 3, 5, 7]
    assert cut.tolist() == [(0, 256, 3, 0), (256, 512, 3, 0), (512, 700, 3, 0), (700, 700, 4, 0), (700, 956, 5, 1),
                            (956, 1212, 2, 1), (1212, 1213, 2, 1)]
