"""What the engine supplies to models: values that change at known times, normal numbers, numbers that connections share, and
nothing at all where nothing is asked for."""
from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.models.contract import Supplied, count, currents, mother, normal, pA, series, times, uniform


class Nothing(NamedTuple):
    pass


class Probe:
    """Shows the current and the number of spikes that arrive in a step."""

    RECEPTORS = {0: "n"}
    Params = Step = Nothing

    class State(NamedTuple):
        I: pA = 0.0
        n: int = 0

    class Inputs(NamedTuple):
        current: pA = 0.0
        n: count = 0

    def derive(p, dt):
        return Nothing()

    def update(s, c, x):
        return Probe.State(x.current, x.n), False


class Listed(NamedTuple):
    at: times = ()              # steps from which on
    values: currents = ()       # these hold


def timetable(p, dt):
    n = [len(t) for t in p.at]
    joined = [np.concatenate([np.zeros(0), *lists]) for lists in (p.at, p.values)]
    return {"a": (joined[0].astype(int), np.repeat(np.arange(len(n)), n), joined[1])}


class Follower:
    """A node whose state is a series."""

    Params, Step = Listed, Nothing

    class State(NamedTuple):
        a: pA = 0.0

    class Inputs(NamedTuple):
        a: series

    def derive(p, dt):
        return Nothing()

    timetable = timetable

    def update(s, c, x):
        return Follower.State(x.a), False


class Stairs:
    """A generator of a current that follows a series."""

    EMITS, PER_CONNECTION = "current", True
    Params, State = Listed, Nothing

    class Inputs(NamedTuple):
        a: series

    class Step(NamedTuple):
        most: pA

    def derive(p, dt):
        return Stairs.Step(np.array([np.max(np.abs(v), initial=0.0) for v in p.values]))

    timetable = timetable

    def bound(c):
        return c.most

    def update(s, c, x):
        return Nothing(), x.a


def followed(at: Any, values: Any, steps: int) -> np.ndarray:
    """What a series should be in steps 0, 1, ...: the last value whose time has come, the last given of one time."""
    out = np.zeros(steps)
    for k in range(steps):
        for t, v in sorted(zip(at, values), key=lambda entry: entry[0]):
            if t <= k:
                out[k] = v
    return out


def traces(sim: nl.Simulator, cells: Any, *names: str, windows: tuple[float, ...] = (10.0,)) -> Any:
    """What was recorded in every step of some windows: (steps, cells), for each name."""
    meter = sim.create(nl.multimeter, record_from=list(names), interval=sim.dt)
    sim.connect(meter, cells)
    found = [(sim.cont if i else sim.simulate)(w) for i, w in enumerate(windows)]
    joined = [np.concatenate([f.trace(meter, name, plain=True) for f in found]) for name in names]
    return joined[0] if len(names) == 1 else joined


AT = [[0, 3, 50], [], [7, 8, 9, 9, 20], [60, 10, 40], [-5, 99, 1000], [31, 32, 33]]
VALUES = [[1.0, -2.0, 0.5], [], [1.0, 2.0, 3.0, 4.0, 0.0], [6.0, 1.0, 4.0], [2.5, 3.0, 9.0], [5.0, 0.0, -1.25]]


@pytest.mark.parametrize("windows", [(10.0,), (3.2, 0.0, 0.1, 6.7), (0.1,) * 20 + (8.0,)], ids=["one window", "four", "many"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_nodes_follow_series_of_their_own(backend, threads, windows):
    sim = nl.Simulator(threads=threads, backend=backend)
    few, rest = sim.create(Follower, 2, at=AT[:2], values=VALUES[:2]), sim.create(Follower, 4, at=AT[2:], values=VALUES[2:])
    found = traces(sim, few + rest, "a", windows=windows)
    np.testing.assert_array_equal(found, np.array([followed(a, v, 100) for a, v in zip(AT, VALUES)]).T)
    meter = sim.network.populations[-1]
    again = sim.simulate(10.0)                                  # a second run begins anew
    assert meter.name == "multimeter" and again.window == (0.0, 10.0)
    np.testing.assert_array_equal(few.get("a"), found[-1, :2])


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("windows", [(10.0,), (3.2, 0.1, 6.7)], ids=["one window", "three"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_generators_follow_series_as_many_steps_later_as_the_delay_has(backend, threads, windows, precision):
    sim = nl.Simulator(threads=threads, precision=precision, backend=backend)
    stairs, probes = sim.create(Stairs, 6, at=AT, values=VALUES), sim.create(Probe, 5)
    weight, delay = np.zeros((5, 4)), np.ones((5, 4)) * 0.1
    expected = np.zeros((100, 5))
    chosen = [2, 0, 3, 5]                                       # a selection, not in the order of creation
    for i in range(5):
        for j, source in enumerate(chosen):
            weight[i, j], delay[i, j] = (i - 2) * 2.0**j, 0.1 * (1 + 3 * i + j)
            late = round(delay[i, j] / 0.1)
            expected[late:, i] += weight[i, j] * followed(AT[source], VALUES[source], 100)[:100 - late]
    sim.connect(stairs[chosen], probes, weight=weight, delay=delay)
    np.testing.assert_array_equal(traces(sim, probes, "I", windows=windows), expected)


def test_a_series_may_be_empty_and_may_end_before_the_run_begins(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Follower, 3, at=[[], [-3, -2, -1], [100]], values=[[], [1.0, 2.0, 3.0], [4.0]])
    np.testing.assert_array_equal(traces(sim, cells, "a"), np.tile([0.0, 3.0, 0.0], (100, 1)))


# ------------------------------------------------------------------------------------------------------- normal numbers

class Noise:
    """A generator of independent normal currents."""

    EMITS, PER_CONNECTION = "current", True
    Params = State = Step = Nothing

    class Inputs(NamedTuple):
        z: normal

    def derive(p, dt):
        return Nothing()

    def bound(c):
        return 6.5

    def update(s, c, x):
        return Nothing(), x.z


class Noisy:
    """A node that shows its random numbers."""

    Params = Step = Nothing

    class State(NamedTuple):
        one: float = 0.0
        other: float = 0.0
        u: float = 0.0

    class Inputs(NamedTuple):
        one: normal
        u: uniform
        other: normal

    def derive(p, dt):
        return Nothing()

    def update(s, c, x):
        return Noisy.State(x.one, x.other, x.u), False


def uncorrelated(a: np.ndarray, b: np.ndarray, tolerances: Any) -> None:
    """Assert that two samples of standard normal numbers are uncorrelated."""
    assert abs(np.mean(a * b)) < tolerances.STANDARD_ERRORS / np.sqrt(a.size)


def independent(z: np.ndarray, tolerances: Any) -> None:
    """Assert that columns and successive rows of standard normal numbers are independent, as far as products of pairs and of
    squares tell, and that none comes twice."""
    for power in (1, 2):
        y = z if power == 1 else (z**2 - 1) / np.sqrt(2)
        uncorrelated(y[1:], y[:-1], tolerances)
        uncorrelated(y[4:], y[:-4], tolerances)                 # a block of random words serves four steps
        pairs = (y.T @ y / len(y))[np.triu_indices(y.shape[1], 1)] * np.sqrt(len(y))
        assert np.abs(pairs).max() < stats.norm.isf(1e-4 / len(pairs))
        assert 0.8 < pairs.std() < 1.2
    assert len(np.unique(z)) > 0.998 * z.size                   # float32 has few numbers


def noise_at_probes(backend: str, threads: int = 1, windows: tuple[float, ...] = (500.0,)) -> np.ndarray:
    sim = nl.Simulator(threads=threads, seed=4, backend=backend)
    noise, probes = sim.create(Noise, 2), sim.create(Probe, 30)
    sim.connect(noise[0], probes[:10])
    sim.connect(noise[0], probes[10:20])
    sim.connect(noise[1], probes[20:], delay=nl.dist.Uniform(0.1, 2.0))
    return traces(sim, probes, "I", windows=windows)


def test_normal_numbers_are_normal_and_independent_between_connections(backend, tolerances):
    z = noise_at_probes(backend)
    assert z.shape == (5000, 30) and np.abs(z).max() < 6.5
    assert stats.kstest(z.ravel(), "norm").pvalue > tolerances.P_VALUE
    for column in z.T[::7]:
        assert stats.kstest(column, "norm").pvalue > tolerances.P_VALUE
    assert abs(np.mean(z**4) - 3) < tolerances.STANDARD_ERRORS * np.sqrt(96 / z.size)
    independent(z, tolerances)


def test_normal_numbers_are_the_same_on_any_number_of_threads_and_in_any_windows(backend):
    z = noise_at_probes(backend, windows=(50.0,))
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(noise_at_probes(backend, threads, (13.3, 0.1, 0.2, 36.4)), z)


def test_two_connections_of_one_pair_have_noise_of_their_own(backend, tolerances):
    sim = nl.Simulator(threads=1, seed=4, backend=backend)
    noise, probes = sim.create(Noise), sim.create(Probe, 10)
    sim.connect(noise, probes, rule=nl.fixed_indegree(4))
    assert stats.kstest(traces(sim, probes, "I", windows=(500.0,)).ravel() / 2, "norm").pvalue > tolerances.P_VALUE


@pytest.mark.parametrize("precision", ["double", "single"])
def test_nodes_get_normal_and_uniform_numbers_that_are_all_independent(backend, tolerances, precision):
    found = []
    for threads in (1, 3):
        sim = nl.Simulator(threads=threads, seed=9, precision=precision, backend=backend)
        cells = sim.create(Noisy, 4) + sim.create(Noisy, 3)     # two populations: nodes of equal place are different nodes
        found.append(traces(sim, cells, "one", "other", "u", windows=(300.0, 200.0)))
    one, other, u = found[0]
    for a, b in zip(found[0], found[1]):
        np.testing.assert_array_equal(a, b)
    assert stats.kstest(one.ravel(), "norm").pvalue > tolerances.P_VALUE
    assert stats.kstest(other.ravel(), "norm").pvalue > tolerances.P_VALUE
    assert stats.kstest(u.ravel(), "uniform").pvalue > tolerances.P_VALUE
    assert u.min() >= 0.0 and (u.max() < 1.0 or precision == "single")
    independent(np.concatenate([one, other, stats.norm.ppf(u.clip(1e-12, 1 - 1e-7))], axis=1).astype(float), tolerances)


# ------------------------------------------------------------------------------------------------------- shared numbers

class Mean(NamedTuple):
    n: float = 0.5
    p: float = 1.0


class Thinned:
    """A mother Poisson process; every connection gets a step's count with probability p, or nothing."""

    EMITS, PER_CONNECTION = "counts", True
    Params, State = Mean, Nothing

    class Inputs(NamedTuple):
        n: mother
        u: uniform

    class Step(NamedTuple):
        n: float
        p: float

    def derive(p, dt):
        return Thinned.Step(p.n, p.p)

    def update(s, c, x):
        return Nothing(), x.n if x.u < c.p else 0


def counts_of(backend: str, connect: Any, threads: int = 1, size: int = 1, windows: tuple[float, ...] = (500.0,),
              **given: Any) -> np.ndarray:
    """Counts that arrive at 12 probes in every step."""
    sim = nl.Simulator(threads=threads, seed=3, backend=backend)
    source, probes = sim.create(Thinned, size, **given), sim.create(Probe, 12)
    connect(sim, source, probes)
    return traces(sim, probes, "n", windows=windows)


def to_all(sim: nl.Simulator, source: Any, probes: Any) -> None:
    """By several calls, rules and multiples: the mother is the node's, not the call's."""
    sim.connect(source, probes[:4])
    sim.connect(source, probes[4:8], seed=17)
    sim.connect(source, probes[8:], rule=nl.fixed_outdegree(4), allow_multapses=False, weight=3.0)


def test_all_connections_of_a_node_receive_the_same_number(backend, tolerances):
    n = counts_of(backend, to_all)
    assert (n == n[:, :1]).all()
    observed = np.bincount(n[:, 0].astype(int).clip(max=4), minlength=5)
    expected = len(n) * np.append(stats.poisson.pmf(np.arange(4), 0.5), stats.poisson.sf(3, 0.5))
    assert stats.chisquare(observed, expected).pvalue > tolerances.P_VALUE


@pytest.mark.parametrize("threads", [2, 3])
def test_shared_numbers_are_the_same_on_any_number_of_threads_and_in_any_windows(backend, threads):
    np.testing.assert_array_equal(counts_of(backend, to_all, threads, p=0.3, windows=(33.3, 0.1, 0.2, 66.4)),
                                  counts_of(backend, to_all, p=0.3, windows=(100.0,)))


def test_different_nodes_have_different_mothers(backend, tolerances):
    def one_each(sim, source, probes):
        sim.connect(source, probes[:6], rule=nl.one_to_one)
        sim.connect(source[::-1], probes[6:], rule=nl.one_to_one)
    n = counts_of(backend, one_each, size=6)
    np.testing.assert_array_equal(n[:, :6], n[:, :5:-1])        # the same six nodes, the other way round
    z = (n[:, :6] - 0.5) / np.sqrt(0.5)
    for i in range(6):
        for j in range(i):
            uncorrelated(z[:, i], z[:, j], tolerances)


def test_nodes_of_different_populations_have_different_mothers(backend, tolerances):
    sim = nl.Simulator(threads=1, seed=3, backend=backend)
    probes = sim.create(Probe, 2)
    for i in range(2):
        sim.connect(sim.create(Thinned), probes[i])
    z = (traces(sim, probes, "n", windows=(500.0,)) - 0.5) / np.sqrt(0.5)
    uncorrelated(z[:, 0], z[:, 1], tolerances)


def test_thinning_is_independent_between_connections(backend, tolerances):
    n, whole = counts_of(backend, to_all, p=0.3, windows=(1000.0,)), counts_of(backend, to_all, windows=(1000.0,))
    assert ((n == 0) | (n == whole)).all(), "what arrives is the mother's"
    some = whole[:, 0] > 0
    z = ((n > 0)[some] - 0.3) / np.sqrt(0.21)
    independent_pairs = (z.T @ z / len(z))[np.triu_indices(12, 1)] * np.sqrt(len(z))
    assert np.abs(independent_pairs).max() < tolerances.STANDARD_ERRORS
    assert abs(z.mean()) < tolerances.STANDARD_ERRORS / np.sqrt(z.size)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_shared_number_arrives_at_every_target_after_its_own_delay(backend, threads):
    late = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 40])

    def delayed(sim, source, probes):
        sim.connect(source, probes, delay=0.1 * late[:, None])
    n = counts_of(backend, delayed, threads, windows=(20.0, 30.0))
    first = n[40:, 0]
    for i, d in enumerate(late):
        np.testing.assert_array_equal(n[39 + d:500 + d - 1, i], first[:len(n[39 + d:500 + d - 1, i])])
    assert first.sum() > 100


def test_a_recorder_sees_the_same_mother_as_the_targets(backend):
    sim = nl.Simulator(threads=2, seed=3, backend=backend)
    source, probes, spikes = sim.create(Thinned, 3), sim.create(Probe, 3), sim.create(nl.spike_recorder)
    sim.connect(source, probes, rule=nl.one_to_one, delay=0.1)
    sim.connect(source[1:], spikes)                             # a selection
    meter = sim.create(nl.multimeter, record_from=["n"], interval=0.1)
    sim.connect(meter, probes)
    found = sim.simulate(100.0)
    n, trains = found.trace(meter, "n", plain=True), found.spikes(spikes)
    stamps, senders = found.events(spikes, plain=True)
    for i in range(2):
        sent = np.bincount(np.rint(stamps[senders == i] / 0.1).astype(int), minlength=1001)[1:]
        np.testing.assert_array_equal(sent[:-1], n[1:, i + 1])  # sent in the step to 0.1 ms, it arrives in the next
    assert trains.shape[1] == 2


# ---------------------------------------------------------------------------------------------------- not drawn, and nought

Maybe = Annotated[float, Supplied("normal", when="sigma")]
MaybeCount = Annotated[int, Supplied("poisson", when="n")]


class Sigma(NamedTuple):
    sigma: float = 0.0
    mean: float = 0.0


class Unsteady:
    """A node that draws only where it is told to."""

    Params = Sigma

    class State(NamedTuple):
        z: float = 7.0
        n: int = 7

    class Inputs(NamedTuple):
        z: Maybe
        n: MaybeCount

    class Step(NamedTuple):
        sigma: float
        n: float

    def derive(p, dt):
        return Unsteady.Step(p.sigma, p.mean)

    def update(s, c, x):
        return Unsteady.State(x.z, x.n), False


def kinds(sim: nl.Simulator) -> dict[str, set[int]]:
    """How the inputs of Unsteady are supplied in all partitions (see layout.INPUT); -1: there is room for random words."""
    found = [inputs for inputs in sim._program.memory.inputs if len(inputs) == 2 and not (inputs["kind"] == 1).any()]
    return {name: {int(i[j]["kind"]) for i in found} | {-1 for i in found if i[j]["words_at"]} for j, name in enumerate("zn")}


def not_ahead(backend: str) -> set[int]:
    """A GPU draws a number when it is needed: there is no room for those of later steps."""
    return {-1} if backend == "cuda" else set()


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_not_asked_for_is_not_drawn_and_is_0(backend, threads, precision):
    sim = nl.Simulator(threads=threads, precision=precision, backend=backend)
    cells = sim.create(Unsteady, 4)
    z, n = traces(sim, cells, "z", "n")
    assert (z == 0).all() and (n == 0).all()
    assert kinds(sim) == dict(z={0}, n={0}), "no kernel draws, no memory is kept"


@pytest.mark.parametrize("threads", [1, 2])
def test_what_one_node_asks_for_is_drawn(backend, tolerances, threads):
    sim = nl.Simulator(threads=threads, backend=backend)
    cells = sim.create(Unsteady, 4, sigma=np.array([0.0, 0.0, 2.0, 0.0]))
    z, n = traces(sim, cells, "z", "n", windows=(500.0,))
    assert stats.kstest(z[:, 2], "norm").pvalue > tolerances.P_VALUE
    assert (n == 0).all() and kinds(sim) == dict(z={5, -1} - not_ahead(backend), n={0})


def test_counts_are_drawn_where_their_mean_is_not_0(backend, tolerances):
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Unsteady, 3, mean=np.array([2.0, 0.0, 5.0]))
    z, n = traces(sim, cells, "z", "n", windows=(500.0,))
    np.testing.assert_allclose(n.mean(axis=0), [2.0, 0.0, 5.0],
                               atol=tolerances.STANDARD_ERRORS * np.sqrt(5.0 / len(n)))
    assert (n[:, 1] == 0).all() and (z == 0).all() and kinds(sim) == dict(z={0}, n={3, -1} - not_ahead(backend))


def test_asking_for_one_input_does_not_change_the_numbers_of_another(backend):
    found = []
    for sigma in (0.0, 1.0):
        sim = nl.Simulator(threads=1, backend=backend)
        cells = sim.create(Unsteady, 3, mean=1.5, sigma=sigma)
        found.append(traces(sim, cells, "n"))
    np.testing.assert_array_equal(*found)


class UnsteadyCurrent:
    """A generator that draws only where it is told to."""

    EMITS, PER_CONNECTION = "current", True
    Params, State = Sigma, Nothing
    Inputs, Step = Unsteady.Inputs, Unsteady.Step

    def derive(p, dt):
        return Unsteady.Step(p.sigma, p.mean)

    def bound(c):
        return 6.5 * c.sigma + 1.0

    def update(s, c, x):
        return Nothing(), 1.0 + c.sigma * x.z


def test_generators_that_ask_for_nothing_draw_nothing(backend, tolerances):
    sim = nl.Simulator(threads=2, backend=backend)
    steady, unsteady = sim.create(UnsteadyCurrent), sim.create(UnsteadyCurrent, sigma=0.5)
    probes = sim.create(Probe, 6)
    sim.connect(steady, probes[:3], delay=0.1)
    sim.connect(unsteady, probes[3:], delay=0.1)
    found = traces(sim, probes, "I", windows=(500.0,))
    assert (found[:, :3] == 1.0).all()
    assert stats.kstest((found[:, 3:].ravel() - 1.0) / 0.5, "norm").pvalue > tolerances.P_VALUE
    assert kinds(sim)["z"] == {0, 5, -1} - not_ahead(backend)
