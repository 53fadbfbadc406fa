"""Inputs chosen by the sign of a weight, and by number: every weight arrives where it belongs, and nowhere else."""
from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.arithmetic import each, plus
from nestling.models.contract import Along, Unit, clock, nS, pA, times

N = 7                       # targets: more than threads, and no multiple of their number


class Summing:
    """Adds up what arrives, by sign at receptor 0, at an input of its own at receptor 3."""

    RECEPTORS = {0: ("ex", "inh"), 3: "third"}

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        e: nS = 0.0
        i: nS = 0.0
        t: nS = 0.0
        c: pA = 0.0

    class Inputs(NamedTuple):
        inh: nS = 0.0       # not in the order of RECEPTORS
        ex: nS = 0.0
        third: nS = 0.0
        current: pA = 0.0

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Summing.Step()

    def update(s, c, x):
        return Summing.State(s.e + x.ex, s.i + x.inh, s.t + x.third, s.c + x.current), False


Currents = Annotated[float, Unit("pA"), Along("tau_syn", "I_syn")]


class Listing:
    """The same with a list of inputs."""

    class Params(NamedTuple):
        tau_syn: times = (1.0,)

    class State(NamedTuple):
        I: Currents = 0.0

    class Inputs(NamedTuple):
        spikes: Currents = 0.0

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Listing.Step()

    def update(s, c, x):
        return Listing.State(each(plus, s.I, x.spikes)), False


class Ticking:
    """A generator: two spikes to every target in every tenth step."""

    EMITS, PER_CONNECTION = "counts", True

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        pass

    class Inputs(NamedTuple):
        step: clock

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Ticking.Step()

    def bound(c):
        return 2.0

    def update(s, c, x):
        return Ticking.State(), 2 if (x.step >= 0) & (x.step % 10 == 0) else 0


def summed(sim: nl.Simulator, cells: Any, names: Any, duration: float = 6.0) -> np.ndarray:
    """What has arrived at every cell in the end: (names, cells)."""
    sim.simulate(duration)
    return np.array([np.atleast_1d(cells.get(name)) for name in names])


def expected_sums(reference: Any, sim: nl.Simulator, cells: Any, spikes: dict[int, int]) -> np.ndarray:
    """Sums of weights above and below 0 of all synapses on `cells`, times how many spikes their sources sent: (2, cells)."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for projection in sim.network.projections:
        for s in reference.synapses_of(projection, sim.dt, sim.seed):
            sums[s.target][int(s.weight < 0)] += s.weight * spikes[s.source]
    return np.array([sums[int(i)] for i in cells.global_id]).T


WEIGHTS = {
    "constant": lambda rng: 1.5, "negative constant": lambda rng: -2.25, "zero": lambda rng: 0.0,
    "matrix": lambda rng: rng.normal(0.0, 3.0, (N, 4)), "negative matrix": lambda rng: -rng.uniform(0.1, 3.0, (N, 4)),
    "matrix with zeros": lambda rng: np.where(rng.random((N, 4)) < 0.5, 0.0, rng.normal(0.0, 1.0, (N, 4))),
    "normal": lambda rng: nl.dist.Normal(0.3, 2.0), "uniform below 0": lambda rng: nl.dist.Uniform(-3.0, -1.0),
    "uniform up to 0": lambda rng: nl.dist.Uniform(-3.0, 0.0),
    "normal, cut at 0": lambda rng: nl.dist.Normal(0.0, 1.0, min=0.0),
}


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("from_generator", [False, True], ids=["from the table", "from generators"])
def test_weights_go_to_the_input_of_their_sign(reference, tolerances, backend, kind, from_generator):
    results = []
    for threads in (1, 2, 3):
        sim = nl.Simulator(threads=threads, seed=5, backend=backend)
        cells = sim.create(Summing, N)
        source = sim.create(Ticking, 4) if from_generator else sim.create(nl.spike_generator, 4, spike_times=[1.0, 2.0, 2.5])
        sim.connect(source, cells, weight=WEIGHTS[kind](np.random.default_rng(1)), delay=0.7)
        results.append(summed(sim, cells, "eit"))
    # ticks of the steps 0, 10, ..., 50, of which those up to 52 have arrived
    expected = expected_sums(reference, sim, cells, dict.fromkeys(source.global_id.tolist(), 12 if from_generator else 3))
    np.testing.assert_allclose(results[0][:2], expected, rtol=tolerances.ROUNDING, atol=1e-12)
    assert (results[0][2] == 0).all()
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    signs = dict(zip(("constant", "negative constant", "zero", "matrix", "normal"), ((1, 0), (0, 1), (0, 0), (1, 1), (1, 1))))
    if kind in signs:
        assert tuple(int(x) for x in (results[0][:2] != 0).any(axis=1)) == signs[kind]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(20), nl.fixed_outdegree(9), nl.fixed_prob(0.4), nl.fixed_total_number(90)],
                         ids=lambda rule: type(rule).__name__)
def test_random_weights_of_both_signs_by_any_rule(reference, tolerances, backend, rule, precision):
    results = []
    for threads in (1, 2, 3):
        sim = nl.Simulator(threads=threads, seed=2, precision=precision, backend=backend)
        # parrots: the same spike leaves several sources at several times
        source, parrots, cells = (sim.create(nl.spike_generator, spike_times=[1.0, 1.3]), sim.create(nl.parrot_neuron, 12),
                                  sim.create(Summing, N))
        sim.connect(source, parrots, delay=nl.dist.Uniform(0.1, 2.0))
        sim.connect(parrots, cells, rule=rule, weight=nl.dist.Normal(-0.2, 1.0), delay=nl.dist.Uniform(0.1, 1.5))
        results.append(summed(sim, cells, "ei"))
    expected = expected_sums(reference, sim, cells, dict.fromkeys(range(13), 2))
    tolerance = tolerances.ROUNDING if precision == "double" else 1e-5
    np.testing.assert_allclose(results[0], expected, rtol=tolerance, atol=1e-12 if precision == "double" else 1e-4)
    assert (results[0][0] > 0).any() and (results[0][1] < 0).any()
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_every_receptor_gets_its_own_by_number_and_by_name(backend):
    sim = nl.Simulator(threads=2, backend=backend)
    cells, source = sim.create(Summing, N), sim.create(nl.spike_generator, spike_times=[1.0])
    dc = sim.create(nl.dc_generator, amplitude=1.0, start=1.0, stop=2.0)
    for given, weight in ((0, 1.0), (0, -2.0), (None, -0.5), (3, 4.0), (3, -5.5), ("third", 8.0), ("ex", 16.0), ("ex", -1.0),
                          ("inh", 32.0), ("inh", -64.0)):
        sim.connect(source, cells, weight=weight, receptor_type=given)
    sim.connect(dc, cells, weight=0.25)
    found = summed(sim, cells, "eitc")
    np.testing.assert_array_equal(found[:, 0], [1.0 + 16.0 - 1.0, -2.0 - 0.5 + 32.0 - 64.0, 4.0 - 5.5 + 8.0, 10 * 0.25])
    assert (found == found[:, :1]).all()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_numbered_receptors_of_a_list_get_their_own(backend, threads):
    sim = nl.Simulator(threads=threads, backend=backend)
    cells, source = sim.create(Listing, N, tau_syn=[1.0] * 5), sim.create(nl.spike_generator, 2, spike_times=[1.0, 2.0])
    ticks = sim.create(Ticking)
    rng, expected = np.random.default_rng(3), np.zeros((5, N))
    for receptor in (1, 2, 4):
        weight = rng.integers(-1000, 1000, (N, 2)) / 64.0
        sim.connect(source, cells, weight=weight, receptor_type=receptor, delay=0.2 * receptor)
        expected[receptor - 1] += 2 * weight.sum(axis=1)
    sim.connect(source, cells[2:4], weight=0.5, receptor_type="I_syn_4")
    expected[3, 2:4] += 2 * 2 * 0.5
    weight = rng.integers(-1000, 1000, (N, 1)) / 64.0
    sim.connect(ticks, cells, weight=weight, receptor_type=5)
    expected[4] += 2 * 5 * weight[:, 0]                 # steps 0, 10, ..., 40, and 1 ms later
    names = [f"I_syn_{i + 1}" for i in range(5)]
    np.testing.assert_array_equal(summed(sim, cells, names), expected)


# --------------------------------------------------------------------------------------------------------------- scales

class Shared:
    """Two receptors by sign that have one input in common."""

    RECEPTORS = {0: ("ex", "inh"), 1: ("slow", "inh")}

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        e: nS = 0.0
        i: nS = 0.0
        s: nS = 0.0

    class Inputs(NamedTuple):
        ex: nS = 0.0
        inh: nS = 0.0
        slow: nS = 0.0

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Shared.Step()

    def update(s, c, x):
        return Shared.State(s.e + x.ex, s.i + x.inh, s.s + x.slow), False


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_receptors_that_share_an_input_agree_on_its_scale(backend, order):
    sim = nl.Simulator(threads=1, backend=backend)
    cells, source = sim.create(Shared, 3), sim.create(nl.spike_generator, spike_times=[1.0])
    both = np.array([[3.0], [-5.0], [0.25]])
    for receptor in order:
        sim.connect(source, cells, weight=both * (1 + receptor), receptor_type=receptor)
    sim.connect(source, cells, weight=2.0**40, receptor_type=1)         # makes the scale of `slow` coarse, and so the others'
    found = summed(sim, cells, "eis")
    np.testing.assert_array_equal(found, [[3.0, 0.0, 0.25], [0.0, -15.0, 0.0], [2.0**40 + 6.0, 2.0**40, 2.0**40 + 0.5]])


def test_a_projection_of_both_signs_that_drew_nothing_leaves_scales_as_they_were(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    cells, source = sim.create(Summing, 2), sim.create(nl.spike_generator, spike_times=[1.0])
    sim.connect(source, cells, weight=nl.dist.Normal(0.0, 1.0), rule=nl.fixed_prob(0.0))
    sim.connect(source, cells, weight=-0.3)
    np.testing.assert_allclose(summed(sim, cells, "ei"), [[0.0] * 2, [-0.3] * 2], rtol=1e-12)


def test_large_and_small_weights_of_both_signs_fit_together(backend):
    # the worst case of each sign counts all synapses, since the sign of each is not known in advance
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Summing, 2)
    source = sim.create(nl.spike_generator, 50, spike_times=[1.0], spike_multiplicities=[1000])
    weight = np.array([np.linspace(1e3, 1e4, 50), -np.linspace(1e3, 1e4, 50)])
    sim.connect(source, cells, weight=weight)
    found = summed(sim, cells, "ei")
    np.testing.assert_allclose(found, [[1000 * weight[0].sum(), 0.0], [0.0, 1000 * weight[1].sum()]], rtol=1e-12)


# --------------------------------------------------------------------------------------------------------------- errors

@pytest.mark.parametrize("wanted", [1, -1, "foo", True, 0.0, "current", "e"])
def test_errors_list_the_receptors_that_there_are(backend, wanted):
    sim = nl.Simulator(backend=backend)
    cells, source = sim.create(Summing, 2), sim.create(nl.spike_generator, spike_times=[1.0])
    with pytest.raises(nl.BadConnection) as caught:
        sim.connect(source, cells, receptor_type=wanted)
    assert str(caught.value) == (f"receptor_type = {wanted!r}: spike_generator emits spikes, Summing takes spikes at the "
                                 f"receptors 0 (ex and inh), 3 (third)")
    assert sim.network.projections == ()


def test_currents_and_spikes_have_receptors_of_their_own(backend):
    sim = nl.Simulator(backend=backend)
    cells, dc = sim.create(Summing, 2), sim.create(nl.dc_generator)
    listed = sim.create(Listing, 2, tau_syn=[1.0, 2.0])
    with pytest.raises(nl.BadConnection, match=r"dc_generator emits current, Summing takes currents at the receptors 0 "
                                               r"\(current\)"):
        sim.connect(dc, cells, receptor_type="ex")
    with pytest.raises(nl.BadConnection, match="Listing takes currents at no receptor"):
        sim.connect(dc, listed)
    with pytest.raises(nl.BadConnection, match=r"receptor_type is not given: .* receptors 1 \(I_syn_1\), 2 \(I_syn_2\)"):
        sim.connect(sim.create(Ticking), listed)


def test_targets_that_take_the_input_at_different_receptors_are_connected_separately(backend):
    class Same(Summing):
        """Another model with the same receptors."""
    sim = nl.Simulator(backend=backend)
    source, a, b = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(Summing, 2), sim.create(Same, 2)
    sim.connect(source, a + b, weight=np.array([[1.0], [-1.0], [2.0], [-2.0]]))
    np.testing.assert_array_equal(summed(sim, a + b, "ei"), [[1.0, 0.0, 2.0, 0.0], [0.0, -1.0, 0.0, -2.0]])
    others = sim.create(nl.iaf_psc_delta, 2)
    with pytest.raises(nl.BadConnection, match="ex in nS and inh in nS, spikes in mV.*separate calls"):
        sim.connect(source, a + others)


def test_weights_are_checked_in_the_unit_of_the_receptor(backend):
    import brainunit as u
    sim = nl.Simulator(backend=backend)
    cells, source = sim.create(Summing, 2), sim.create(nl.spike_generator, spike_times=[1.0])
    sim.connect(source, cells, weight=-2.0 * u.nS)
    sim.connect(source, cells, weight=np.array([[1.0], [-1.0]]) * u.uS, receptor_type=0)
    with pytest.raises(nl.DimensionError, match="nS"):
        sim.connect(source, cells, weight=2.0 * u.mV)
    np.testing.assert_allclose(summed(sim, cells, "ei"), [[1000.0, 0.0], [-2.0, -1002.0]])


def test_the_plan_names_both_inputs(backend):
    sim = nl.Simulator(backend=backend)
    cells, source = sim.create(Summing, 2), sim.create(nl.spike_generator, spike_times=[1.0])
    sim.connect(source, cells, weight=nl.dist.Normal(0.0, 1.0))
    sim.connect(source, cells, weight=-1.0, receptor_type=3)
    populations, _, connections = str(sim.plan()).partition("connections")
    assert "inh (2^-" in populations and "ex (2^-" in populations and "third (2^-" in populations
    assert "ex and inh" in connections and "third" in connections
