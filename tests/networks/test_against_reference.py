"""Random small networks: the engine does what the slow simulator in tests/reference.py does, spike for spike.

Input sums are exact on both sides, since constant and array weights are multiples of 2**-10 mV and drawn ones stand on their
grid; so spikes must be the same, and V_m may differ by the rounding of one step only.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from nestling import simulator as nl
from nestling.models.arithmetic import each, plus, total
from nestling.models.arithmetic import times as product
from nestling.models.contract import Along, Unit, mV, pA, times

CHECKS = settings(deadline=None, derandomize=True, database=None,
                  suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture])

Currents = Annotated[float, Unit("pA"), Along("tau_syn", "I_syn")]


class Listed:
    """A leaky neuron with a list of synaptic currents, at the receptors 1, 2, ..."""

    class Params(NamedTuple):
        tau_syn: times = (2.0,)
        V_th: mV = 12.0

    class State(NamedTuple):
        V_m: mV = 0.0
        I_syn: Currents = 0.0

    class Inputs(NamedTuple):
        spikes: Currents = 0.0
        current: pA = 0.0

    class Step(NamedTuple):
        P: Annotated[float, Along("tau_syn")]
        V_th: mV

    def derive(p, dt):
        return Listed.Step(np.exp(-dt / p.tau_syn), p.V_th)

    def update(s, c, x):
        I = each(plus, each(product, s.I_syn, c.P), x.spikes)
        V = 0.97 * s.V_m + 0.05 * total(I)
        spiked = c.V_th < V
        return Listed.State(0.0 if spiked else V, I), spiked


dyadic = st.integers(-6 * 1024, 10 * 1024).map(lambda i: i / 1024)
weight_law = st.sampled_from([
    nl.dist.Normal(3.0, 4.0), nl.dist.Normal(1.0, 5.0, min=-0.5, max=4.0), nl.dist.Uniform(-2.0, 7.0),
    nl.dist.LogNormal(0.5, 0.7), nl.dist.LogNormal(0.5, 0.7, max=3.0)])


def delay_number(dt: float) -> Any:
    """On the grid, or between two steps and rounded, or halfway between and rounded up."""
    return st.one_of(st.integers(1, 30), st.sampled_from([1.3, 1.5, 10.4, 10.5, 25.8])).map(lambda steps: round(steps * dt, 10))


def delay_law(dt: float) -> Any:
    return st.sampled_from([nl.dist.Uniform(dt, 30 * dt), nl.dist.Normal(15 * dt, 8 * dt, min=dt, max=29 * dt),
                            nl.dist.LogNormal(0.1, 0.5, max=30 * dt, min=2 * dt)])


def spread(start: float, step: float, cycle: int, first: int, n: int) -> np.ndarray:
    """n values that differ from node to node. Which parameters are arrays is part of a kernel: few patterns, few kernels."""
    return start + step * ((first + np.arange(n)) % cycle)


def neuron_params(pattern: str, first: int, n: int) -> dict[str, Any]:
    """Parameters of n neurons of which `first` were created before."""
    if pattern == "shared":
        return dict(I_e=420.0, V_min=-90.0)          # fires every 22 ms without any other input
    if pattern == "thresholds":
        return dict(I_e=350.0, V_th=spread(-61.0, 1.5, 5, first, n))
    return dict(tau_m=spread(7.0, 1.3, 7, first, n), C_m=spread(180.0, 20.0, 6, first, n), t_ref=spread(0.0, 0.4, 5, first, n),
                V_th=spread(-62.0, 1.25, 7, first, n), V_reset=spread(-72.0, 0.75, 5, first, n),
                E_L=spread(-71.0, 0.5, 4, first, n), I_e=spread(100.0, 90.0, 5, first, n),
                V_min=spread(-95.0, 2.0, 3, first, n), refractory_input=(first + np.arange(n)) % 2 == 0)


@st.composite
def some_of(draw: Any, views: list[Any]) -> Any:
    """A view: all of some populations, part of them, in scrambled order, or with nodes that stand there twice."""
    chosen = draw(st.lists(st.sampled_from(range(len(views))), min_size=1, max_size=len(views), unique=True))
    view = sum(views[i] for i in chosen)
    kind = draw(st.sampled_from(["all", "all", "slice", "scrambled", "repeated"]))
    if kind == "slice" and len(view) > 2:
        return view[draw(st.integers(0, len(view) // 2)):][::draw(st.sampled_from([1, 1, 2, -1]))]
    if kind == "scrambled":
        picked = draw(st.permutations(range(len(view))))
        return view[picked[:draw(st.integers(1, len(view)))]]
    if kind == "repeated":
        return view + view[:draw(st.integers(1, 3))]
    return view


def values(draw: Any, number: Any, law: Any, rule: Any, n_sources: int, n_targets: int) -> Any:
    """A weight or a delay in one of the forms that the rule takes."""
    shape, matrix = rule.shape(n_sources, n_targets), (n_targets, n_sources)
    kind = draw(st.sampled_from(["number", "number", "law", "order", "matrix"]))
    if kind == "law":
        return draw(law)
    if kind == "order" and shape or kind == "matrix":
        size = shape if kind == "order" else matrix
        cycle = draw(st.lists(number, min_size=1, max_size=7))
        return np.resize(np.array(cycle), size)
    return draw(number)


@st.composite
def rules(draw: Any, n_sources: int, n_targets: int, shared: int, repeated: bool) -> tuple[Any, dict[str, bool]]:
    """A rule that fits, and the switches; `shared`: how many nodes are source and target."""
    # where a node stands twice, both switches must be on
    autapses, multapses = draw(st.booleans()) or repeated, draw(st.booleans()) or repeated
    free_sources, free_targets = n_sources - (not autapses and shared > 0), n_targets - (not autapses and shared > 0)
    kinds = ["all_to_all", "fixed_prob"]
    kinds += ["one_to_one"] if n_sources == n_targets else []
    kinds += ["fixed_indegree"] if free_sources else []
    kinds += ["fixed_outdegree"] if free_targets else []
    kinds += ["fixed_total_number"] if multapses and (autapses or n_sources > 1 or not shared) else []
    kind = draw(st.sampled_from(kinds))
    most = st.integers(0, 12)
    rule = {
        "all_to_all": lambda: nl.all_to_all, "one_to_one": lambda: nl.one_to_one,
        "fixed_prob": lambda: nl.fixed_prob(draw(st.sampled_from([0.0, 0.05, 0.3, 0.8, 1.0]))),
        "fixed_indegree": lambda: nl.fixed_indegree(draw(most if multapses else st.integers(0, free_sources))),
        "fixed_outdegree": lambda: nl.fixed_outdegree(draw(most if multapses else st.integers(0, free_targets))),
        "fixed_total_number": lambda: nl.fixed_total_number(draw(st.integers(0, 80)))}[kind]()
    return rule, dict(allow_autapses=autapses, allow_multapses=multapses)


def wire(draw: Any, sim: nl.Simulator, sources: Any, targets: Any, weight: Any = dyadic, law: Any = weight_law,
         receptor_type: int | None = None) -> None:
    pre, post = draw(some_of(sources)), draw(some_of(targets))
    if draw(st.integers(0, 4)) == 0:            # else one_to_one would be rare
        n = min(len(pre), len(post))
        pre, post = pre[:n], post[:n]
    shared = len(np.intersect1d(pre.global_id, post.global_id))
    repeated = any(len(np.unique(view.global_id)) < len(view) for view in (pre, post))
    rule, switches = draw(rules(len(pre), len(post), shared, repeated))
    event(f"rule: {getattr(rule, '__name__', type(rule).__name__)}")
    seed = draw(st.sampled_from([None, None, 0, 7]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="delay = .* is no multiple of dt")
        sim.connect(pre, post, rule=rule, seed=seed, receptor_type=receptor_type, **switches,
                    weight=values(draw, weight, law, rule, len(pre), len(post)),
                    delay=values(draw, delay_number(sim.dt), delay_law(sim.dt), rule, len(pre), len(post)))


few = st.lists(st.integers(1, 6), max_size=1)      # sizes of populations: one or none


@st.composite
def window(draw: Any, dt: float) -> dict[str, float]:
    """When a generator or a recorder is active."""
    given = draw(st.sampled_from([{}, {}, dict(start=10), dict(start=30, stop=115, origin=2), dict(origin=23, start=4)]))
    return {name: steps * dt for name, steps in given.items()}


@st.composite
def spike_times(draw: Any, size: int, dt: float) -> dict[str, Any]:
    times, numbers = [], []
    for _ in range(size):
        steps = sorted(draw(st.lists(st.integers(1, 250), min_size=0, max_size=8)))     # the same time twice is allowed
        times.append(np.array(steps) * dt)
        numbers.append(np.array(draw(st.lists(st.integers(0, 4), min_size=len(steps), max_size=len(steps))), float))
    return dict(spike_times=times, spike_multiplicities=numbers if draw(st.booleans()) else [np.zeros(0)] * size,
                **draw(window(dt)))


@st.composite
def networks(draw: Any, backend: str) -> tuple[nl.Simulator, list[Any], list[Any]]:
    """A simulator that declares a network, its spike recorders and its multimeters."""
    dt = draw(st.sampled_from([0.1, 0.1, 0.1, 0.25, 0.05]))
    sim = nl.Simulator(dt=dt, seed=draw(st.sampled_from([1, 2, 2**64 - 1])), threads=draw(st.integers(1, 3)), backend=backend)
    pattern = draw(st.sampled_from(["shared", "shared", "thresholds", "all varied"]))
    neurons: list[Any] = []
    for n in draw(st.lists(st.integers(2, 14), min_size=1, max_size=3)):
        first = sum(map(len, neurons))
        initial = draw(st.sampled_from([{}, dict(V_m=-60.0), dict(V_m=nl.init.Uniform(-72.0, -56.0)),
                                        dict(V_initializer=nl.init.Normal(-62.0, 3.0, max=-55.5)),
                                        dict(V_m=spread(-70.0, 1.0, 10, first, n))]))
        neurons.append(sim.create(nl.iaf_psc_delta, n, params=neuron_params(pattern, first, n) | initial))
    parrots = [sim.create(nl.parrot_neuron, n) for n in draw(st.lists(st.integers(1, 5), max_size=2))]
    spikers, noises, currents = [], [], []
    for n in draw(st.lists(st.integers(1, 4), max_size=1)):
        spikers.append(sim.create(nl.spike_generator, n, params=draw(spike_times(n, dt))))
    for n in draw(st.lists(st.integers(1, 3), max_size=1)):
        rate = draw(st.sampled_from([800.0, 25_000.0, spread(0.0, 3_000.0, 4, 0, n), nl.dist.Uniform(100.0, 5_000.0)]))
        noises.append(sim.create(nl.poisson_generator, n, rate=rate, **draw(window(dt))))
    for n in draw(st.lists(st.integers(1, 2), max_size=1)):
        amplitude = draw(st.sampled_from([300.0, -120.5, spread(128.0, 256.0, 2, 0, n)]))
        currents.append(sim.create(nl.dc_generator, n, amplitude=amplitude, **draw(window(dt))))
    # spikes of parrots do not go round in circles: they would multiply without end
    for i, parrot in enumerate(parrots):
        wire(draw, sim, neurons + spikers + parrots[:i], [parrot])
    for _ in range(draw(st.integers(1, 3))):
        wire(draw, sim, neurons + parrots + spikers, neurons)
    for noise in noises:
        wire(draw, sim, [noise], neurons, weight=st.integers(-300, 1500).map(lambda i: i / 1024))
        if parrots:
            wire(draw, sim, [noise], parrots)
    for current in currents:
        wire(draw, sim, [current], neurons, weight=st.integers(-2, 4).map(float), law=st.just(nl.dist.Uniform(0.0, 2.0)))
    # neurons that take weights by their sign, and at several receptors
    signed = [sim.create(nl.iaf_psc_exp, n, I_e=spread(300.0, 90.0, 3, 0, n), tau_syn_in=5.0) for n in draw(few)]
    listed = [sim.create(Listed, n, tau_syn=[[2.0 + i % 3, 5.0, 0.5] for i in range(n)]) for n in draw(few)]
    for others, receptors in ((signed, [None]), (listed, [1, 2, 3])):
        for sources in (neurons + spikers + signed + listed, noises):
            if sources and others:
                wire(draw, sim, sources, others, dyadic.map(lambda w: 32 * w), receptor_type=draw(st.sampled_from(receptors)))
    if signed + listed:
        wire(draw, sim, signed + listed, neurons)
    spike_recorders = []
    for sources in (neurons, neurons + parrots + spikers + signed + listed, noises):
        if sources:
            spike_recorders.append(sim.create(nl.spike_recorder, **draw(window(dt))))
            for _ in range(draw(st.integers(1, 2))):       # connected twice: two lists of nodes, one after the other
                sim.connect(draw(some_of(sources)), spike_recorders[-1])
    interval = draw(st.sampled_from([1, 1, 7])) * dt
    meters = [sim.create(nl.multimeter, record_from=["V_m", "r"], interval=interval, **draw(window(dt)))]
    for _ in range(draw(st.integers(1, 2))):
        sim.connect(meters[0], draw(some_of(neurons)))
    for others, names in ((signed, ["V_m", "I_syn_ex", "I_syn_in"]), (listed, ["V_m", "I_syn_1", "I_syn_3"])):
        if others:
            meters.append(sim.create(nl.multimeter, record_from=names, interval=interval))
            sim.connect(meters[-1], draw(some_of(others)))
    return sim, spike_recorders, meters


def run_in_windows(sim: nl.Simulator, windows: list[int]) -> list[nl.Results]:
    """simulate for the first window (steps), cont for the others."""
    return [(sim.cont if i else sim.simulate)(steps * sim.dt) for i, steps in enumerate(windows)]


def stamps_of(times_ms: np.ndarray, dt: float) -> np.ndarray:
    """Times as whole numbers of steps."""
    stamps = np.rint(times_ms / dt).astype(np.int64)
    np.testing.assert_allclose(stamps * dt, times_ms, rtol=1e-12)
    return stamps


def assert_same_spikes(results: list[nl.Results], expected: Any, recorder: Any) -> None:
    """All windows' events of a recorder are the expected ones, none lost, none twice, in the order of time."""
    times, senders = (np.concatenate(x) for x in zip(*(r.events(recorder, plain=True) for r in results)))
    stamps = stamps_of(times, expected.dt)
    assert (np.diff(stamps) >= 0).all()
    order = np.lexsort((senders, stamps))
    wanted = expected.events(recorder)
    np.testing.assert_array_equal(stamps[order], wanted[0])
    np.testing.assert_array_equal(senders[order], wanted[1])


def assert_same_traces(results: list[nl.Results], expected: Any, meter: Any, tolerance_mv: float) -> None:
    for name in meter.segments[0].population.params["record_from"]:
        tolerance = 0 if name == "r" else tolerance_mv
        stamps, values = expected.trace(meter, name)
        times = np.concatenate([r.trace_times(meter, plain=True) for r in results])
        np.testing.assert_array_equal(stamps_of(times, expected.dt), stamps)
        np.testing.assert_allclose(np.concatenate([r.trace(meter, name, plain=True) for r in results]), values, rtol=0,
                                   atol=tolerance)


def examples(backend: str, number: int, *strategies: Any) -> Callable[[Callable[..., None]], None]:
    """Runs a check on so many examples, and on fewer where kernels run on an emulated GPU, slowly."""
    def run(check: Callable[..., None]) -> None:
        settings(CHECKS, max_examples=number if backend == "cpu" else number * 2 // 5)(given(*strategies)(check))()
    return run


def windows_of(most: int) -> Any:
    """Lengths of runs in a row, in steps."""
    return st.lists(st.integers(0, 150), max_size=most).map(lambda windows: [*windows, 130])


def test_a_random_network_does_what_the_slow_simulator_does(reference, tolerances, backend):
    @examples(backend, 100, st.data(), windows_of(2))
    def check(data: Any, windows: list[int]) -> None:
        sim, spike_recorders, meters = data.draw(networks(backend))
        note(f"{windows} steps of {sim.plan()}")
        expected = reference.Reference(sim)
        expected.run(sum(windows))
        results = run_in_windows(sim, windows)
        total = sum(len(expected.events(r)[0]) for r in spike_recorders)
        event(f"spikes: {'none' if not total else 'below 100' if total < 100 else '100 or more'}")
        event(f"threads: {sim.threads}")
        for recorder in spike_recorders:
            assert_same_spikes(results, expected, recorder)
        for meter in meters:
            assert_same_traces(results, expected, meter, tolerances.EXACT_MV)


def events_and_traces(results: list[nl.Results], spike_recorders: list[Any], meters: list[Any]) -> list[np.ndarray]:
    return [np.concatenate(x) for recorder in spike_recorders for x in zip(*(r.events(recorder, plain=True) for r in results))
            ] + [np.concatenate([r.trace(meter, plain=True) for r in results]) for meter in meters]


def test_a_random_network_does_the_same_on_any_number_of_threads_in_single_precision(backend):
    @examples(backend, 30, st.data(), windows_of(1))
    def check(data: Any, windows: list[int]) -> None:
        sim, spike_recorders, meters = data.draw(networks(backend))
        found = []
        for threads in (1, 2, 4):
            single = nl.Simulator(dt=sim.dt, seed=sim.seed, threads=threads, precision="single", backend=backend)
            single.network = sim.network        # the same declarations
            found.append(events_and_traces(run_in_windows(single, windows), spike_recorders, meters))
        for other in found[1:]:
            for a, b in zip(found[0], other, strict=True):
                np.testing.assert_array_equal(a, b)
