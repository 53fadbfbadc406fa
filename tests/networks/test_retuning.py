"""Parameters that are set while a run stands give what a plan and a program made anew give, bit for bit."""
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import planning, retuning

DRIVEN = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
GENERATORS = dict(
    poisson_generator=(dict(rate=9000.0), dict(rate=11_000.0)), dc_generator=(dict(amplitude=3.0), dict(amplitude=2.5)),
    noise_generator=(dict(mean=2.0, std=4.0), dict(mean=2.5, std=3.0)),
    ac_generator=(dict(amplitude=3.0, offset=2.0, frequency=20.0), dict(amplitude=2.5, phase=30.0)),
    gamma_sup_generator=(dict(rate=900.0, n_proc=10, gamma_shape=2), dict(rate=1000.0)),
    sinusoidal_poisson_generator=(dict(rate=9000.0, amplitude=3000.0, frequency=50.0), dict(amplitude=4000.0, frequency=20.0)),
    mip_generator=(dict(rate=9000.0, p_copy=0.5), dict(rate=10_000.0)),
    step_current_generator=(dict(amplitude_times=[5.0, 30.0], amplitude_values=[3.0, 2.0]),
                            dict(amplitude_times=[5.0, 40.0], amplitude_values=[2.5, 3.0])))


@pytest.fixture
def made_anew(monkeypatch):
    """A function that makes all that follows be made anew; and how often something was taken over instead, in a list."""
    taken = []

    def counting(*given):
        taken.append(retuning.retune(*given))
        return taken[-1]
    monkeypatch.setattr(planning, "retune", counting)
    return (lambda: monkeypatch.setattr(planning, "retune", lambda *_: False)), taken


def both_ways(made_anew, build, changes, **of_simulator):
    """The simulator and network of a run in which changes(net, i) is called every 2 ms, after it was compared, with a fresh run
    that follows, to one in which all is made anew each time; and how often something was taken over."""
    anew, taken = made_anew
    found = []
    for way in (lambda: None, anew):
        way()
        sim = nl.Simulator(seed=5, **of_simulator)
        net = build(sim)
        count = iter(range(1000))
        sim.simulate(2.0)
        res = sim.cont(30.0, callback=lambda _, net=net, count=count: changes(net, next(count)), every=2.0)
        assert res.n_events(net["rec"]) > 10
        fresh = sim.simulate(10.0)
        arrays = [(*r.events(net["rec"], plain=True), r.trace(net["meter"], plain=True)) for r in (res, fresh)]
        found.append([*arrays[0], *arrays[1], sim, net])
    for x, y in zip(found[0][:6], found[1][:6], strict=True):
        np.testing.assert_array_equal(x, y)
    return found[0], taken


def recorded(sim, **net):
    """These nodes, the neurons "a" and "b" recorded."""
    rec, meter = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.1)
    sim.connect(net["a"] + net["b"], rec)
    sim.connect(meter, net["b"])
    return dict(net, rec=rec, meter=meter)


def driven(sim, generator="poisson_generator", **given):
    """Two populations of one model and a generator that drives both."""
    a, b = sim.create(nl.iaf_psc_delta, 40, params=DRIVEN), sim.create(nl.iaf_psc_delta, 20, params=DRIVEN)
    noise = sim.create(getattr(nl, generator), **(given or GENERATORS[generator][0]))
    strength = 0.15 if "poisson" in generator else 0.5 if generator in ("gamma_sup_generator", "mip_generator") else 1.0
    sim.connect(noise, a + b, weight=strength, delay=1.0)
    made = sim.connect(a, a + b, rule=nl.fixed_indegree(8), weight=nl.dist.Normal(0.3, 0.05), delay=1.0)
    return recorded(sim, a=a, b=b, noise=noise, made=made)


@pytest.mark.parametrize("name, values", [
    ("iaf_psc_exp", dict(I_e=[300.0, 420.0], tau_syn_ex=[1.0, 3.0], t_ref=[1.0, 3.0], tau_m=[8.0, 12.0])),
    ("gif_psc_exp", dict(I_e=[100.0, 300.0], lambda_0=[2.0, 20.0], Delta_V=[0.5, 2.0])),
    ("aeif_cond_exp", dict(I_e=[500.0, 900.0], b=[40.0, 90.0], tau_w=[50.0, 150.0], V_peak=[-10.0, 5.0])),
    ("hh_psc_alpha", dict(I_e=[600.0, 900.0], g_Na=[10_000.0, 13_000.0], tau_syn_ex=[0.2, 1.0]))])
def test_neurons(name, values, made_anew):
    def build(sim):
        a, b = sim.create(getattr(nl, name), 4, I_e=values["I_e"][1]), sim.create(getattr(nl, name), 3, I_e=values["I_e"][1])
        sim.connect(sim.create(nl.poisson_generator, rate=6000.0), a + b, weight=3.0 if "cond" in name else 40.0)
        return recorded(sim, a=a, b=b)

    def change(net, i):
        key = list(values)[i % len(values)]
        (net["a"] + net["b"]).set(**{key: float(np.random.default_rng(i).uniform(*values[key]))})
    _, taken = both_ways(made_anew, build, change)
    assert taken == [True] * 14                         # what the last call sets is taken over when the run goes on


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_constants_that_differ_between_nodes(threads, precision, backend, made_anew):
    """What all nodes shared and no longer do, or the other way round, asks for another kernel; the rest does not."""
    if backend == "cuda" and threads > 1:
        return                                              # which only build the tables there
    def change(net, i):
        rng = np.random.default_rng(i)
        which = ("a", "b", "noise")[i % 3]
        if which == "noise":
            net["noise"].set(rate=float(rng.uniform(8000.0, 12_000.0)))
        elif i < 12:
            net[which].set(V_th=rng.uniform(15.0, 22.0, len(net[which])))
        else:
            (net["a"] + net["b"]).set(V_th=19.0)
    _, taken = both_ways(made_anew, driven, change, threads=threads, precision=precision, backend=backend)
    assert taken.count(False) in (2, 3, 4, 5, 6) and taken.count(True) >= 9


@pytest.mark.parametrize("name", GENERATORS)
def test_generators(name, made_anew):
    def change(net, i):
        net["noise"].set(**GENERATORS[name][1 - i % 2])
    (*_, sim, net), taken = both_ways(made_anew, lambda sim: driven(sim, name), change)
    assert any(taken) == (name != "step_current_generator")
    # a fresh run is that of a simulator that was given the same from the beginning
    again, other = sim.simulate(40.0), nl.Simulator(seed=5)
    fresh = driven(other, name, **GENERATORS[name][0] | GENERATORS[name][1])
    np.testing.assert_array_equal(other.simulate(40.0).events(fresh["rec"], plain=True), again.events(net["rec"], plain=True))


def test_rates_from_nothing_to_very_high_ones(made_anew):
    """Where a generator may emit more, or less, scales are others, and all is made anew."""
    rates = [0.0, 9000.0, 0.0, 0.0, 100.0, 9000.0, 9010.0, 9020.0, 5e5, 5e5, 20.0, 9000.0, 1.0, 2.0, 9000.0]
    _, taken = both_ways(made_anew, driven, lambda net, i: net["noise"].set(rate=rates[i]))
    assert taken.count(True) >= 3 and taken.count(False) >= 1


def test_weights_parameters_and_states_together(made_anew):
    """Also with synapses that are not stored, and where a state, or twice something, is set before the run goes on."""
    def build(sim):
        net = driven(sim)
        sim.connect(net["b"], net["a"], rule=nl.fixed_outdegree(8), weight=-0.4, delay=1.0, comm="procedural")
        return net

    def change(net, i):
        if i % 3 == 0:
            net["a"]._simulator.get_connections(net["a"][:20], synapse=net["made"]).set(weight=0.1 + 0.01 * i)
        net["b"].set(V_m=float(i))
        net["noise"].set(rate=9000.0 + 20.0 * i if i < 12 else 50.0)       # for which a fresh run has a finer scale
        if i % 2:
            net["noise"].set(rate=9100.0 if i < 12 else 60.0)
            net["a"].set(tau_m=18.0 + 0.1 * i)
            assert net["a"]._simulator.plan() is not None and net["a"].get("tau_m")[0] == 18.0 + 0.1 * i
        net["b"].set(tau_m=18.0 + 0.1 * i)
    _, taken = both_ways(made_anew, build, change)
    assert taken.count(True) >= 5


def test_what_has_no_constants_alone_is_made_anew(made_anew):
    """Trains that are known in advance, and generators that are recorded, of which there are copies."""
    def build(sim):
        net = driven(sim)
        net["train"] = sim.create(nl.spike_generator, spike_times=[3.0])
        sim.connect(net["train"], net["a"], weight=25.0, delay=1.0)
        sim.connect(net["noise"], net["rec"])
        return net

    def change(net, i):
        if i % 2:
            net["train"].set(spike_times=[5.0 + 2.0 * i])
        else:
            net["noise"].set(rate=9000.0 + i)
    _, taken = both_ways(made_anew, build, change)
    assert not any(taken)


def test_memory_stays_and_runs_go_on_after_reset_and_checkpoint(made_anew, backend, tmp_path):
    _, taken = made_anew
    sim = nl.Simulator(seed=5, backend=backend)
    net = driven(sim)
    sim.simulate(5.0)
    for rate in np.linspace(9000.0, 9500.0, 20):
        net["noise"].set(rate=float(rate))
        net["a"].set(tau_m=float(rate / 500.0))
        sim.cont(1.0)
    memory = sim._program.memory
    before = len(memory.kept), len(memory._instead)
    for rate in np.linspace(9000.0, 9500.0, 20):
        net["noise"].set(rate=float(rate))
        sim.cont(1.0)
    assert (len(memory.kept), len(memory._instead)) == before and taken.count(True) > 35
    sim.save(tmp_path / "it")
    other = nl.Simulator.load(tmp_path / "it")
    for one in (sim, other):
        one.populations[2].set(rate=9200.0)
    found = [one.cont(30.0).events(one.populations[3], plain=True) for one in (sim, other)]
    np.testing.assert_array_equal(*found)
    sim.reset()
    fresh = nl.Simulator(seed=5, backend=backend)
    same = driven(fresh)
    same["noise"].set(rate=9200.0)
    same["a"].set(tau_m=19.0)
    np.testing.assert_array_equal(sim.cont(30.0).events(net["rec"], plain=True),
                                  fresh.simulate(30.0).events(same["rec"], plain=True))
