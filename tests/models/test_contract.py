"""What a model may say of itself beyond one number a name: lists, receptors, solvers, series; and what is refused."""
from typing import Annotated, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models import solvers
from nestling.models.arithmetic import each, plus, total
from nestling.models.arithmetic import times as product
from nestling.models.contract import (
    Along,
    ParameterError,
    Supplied,
    Unit,
    clock,
    count,
    currents,
    ms,
    mV,
    nS,
    pA,
    poisson,
    potentials,
    series,
    times,
    uniform,
)
from nestling.models.reading import read_model, resized

Currents = Annotated[float, Unit("pA"), Along("tau_syn", "I_syn")]
Numbers = Annotated[float, Along("tau_syn")]


class Multi:
    """A leaky neuron with a list of synapses, each with a time constant and a gain."""

    class Params(NamedTuple):
        tau_m: ms = 10.0
        tau_syn: times = (2.0,)
        gain: Annotated[tuple, Unit(""), Along("tau_syn")] = (1.0,)

    class State(NamedTuple):
        V_m: mV = 0.0
        parts: Currents = 0.0
        I_syn: pA = 0.0
        n: int = 0

    class Inputs(NamedTuple):
        spikes: Currents = 0.0
        current: pA = 0.0

    class Step(NamedTuple):
        P: float
        Ps: Numbers
        gains: Numbers

    def check(p):
        if np.any(p.tau_syn <= 0):
            raise ParameterError("tau_syn must be above 0")

    def derive(p, dt):
        return Multi.Step(np.exp(-dt / p.tau_m), np.exp(-dt / p.tau_syn), p.gain)

    def update(s, c, x):
        I = each(plus, each(product, s.parts, c.Ps), each(product, x.spikes, c.gains))
        return Multi.State(c.P * s.V_m + 0.1 * total(I), I, total(I), s.n + 1), False


PARTS = {name: part for name, part in vars(Multi).items() if not name.startswith("__")}


def model(*drop, **changes):
    """A model like Multi without the parts in `drop`, and with `changes`."""
    parts = {**PARTS, **changes}
    return type("listed", (), {name: part for name, part in parts.items() if name not in drop})


def record(name, **fields):
    """A NamedTuple class: field = annotation, or (annotation, default)."""
    hints = [(k, v[0] if isinstance(v, tuple) else v) for k, v in fields.items()]
    made = NamedTuple(name, hints)
    made.__new__.__defaults__ = tuple(v[1] for v in fields.values() if isinstance(v, tuple)) or None
    made._field_defaults = {k: v[1] for k, v in fields.items() if isinstance(v, tuple)}
    return made


def refused(source, *words, **given):
    with pytest.raises(nl.ModelError) as caught:
        nl.Simulator(threads=1).create(source, 2, **given)
    for word in words:
        assert word in str(caught.value), caught.value


# ---------------------------------------------------------------------------------------------------------------- lists

def test_an_entry_of_a_list_is_a_field_of_its_own_under_a_numbered_name():
    described = read_model(Multi, {"tau_syn": 3})
    assert [f.name for f in described.state] == ["V_m", "I_syn_1", "I_syn_2", "I_syn_3", "I_syn", "n"]
    assert [f.name for f in described.inputs] == ["I_syn_1", "I_syn_2", "I_syn_3", "current"]
    assert [f.name for f in described.step] == ["P", "Ps_1", "Ps_2", "Ps_3", "gains_1", "gains_2", "gains_3"]
    assert [f.unit for f in described.state] == ["mV", "pA", "pA", "pA", "pA", ""]
    assert described.forms == ((-1, 3, -1, -1), (3, -1), (-1, 3, 3))
    assert described.spike_receptors == {1: ("I_syn_1",), 2: ("I_syn_2",), 3: ("I_syn_3",)}
    assert described.current_receptors == {0: ("current",)}


def test_sizes_are_those_of_the_defaults_and_then_of_what_is_given():
    assert read_model(Multi).sizes == (("tau_syn", 1),)
    longer = resized(read_model(Multi), {"tau_syn": [np.ones(4)] * 2})
    assert longer.sizes == (("tau_syn", 4),) and longer != read_model(Multi)
    assert longer == read_model(Multi, {"tau_syn": 4}) and hash(longer) == hash(read_model(Multi, {"tau_syn": 4}))


def test_lists_reach_derive_as_arrays_of_entries_by_nodes():
    described = read_model(Multi, {"tau_syn": 3})
    one, other = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0])
    values = dict(tau_m=10.0, tau_syn=[one] * 4, gain=[one, other, one, one])
    stacked = described.parameters(values)
    assert stacked.tau_syn.shape == (3, 1) and stacked.gain.shape == (3, 4)
    np.testing.assert_array_equal(stacked.gain[1], [2.0, 5.0, 2.0, 2.0])
    flat = described.constants(values, 0.1)
    assert [np.shape(v) for v in flat] == [()] + [(1,)] * 3 + [(4,)] * 3
    nested = described.step_of(list(range(7)))
    assert nested == Multi.Step(0, (1, 2, 3), (4, 5, 6))


def recorded(sim, cells, *names, duration=6.0):
    meter = sim.create(nl.multimeter, record_from=list(names), interval=0.1)
    sim.connect(meter, cells)
    found = sim.simulate(duration)
    return {name: found.trace(meter, name, plain=True) for name in names}


@pytest.mark.parametrize("threads", [1, 2])
def test_a_model_with_lists_does_what_plain_python_does(backend, threads):
    taus, gains = [[2.0, 5.0, 0.5], [3.0, 4.0, 1.0], [2.0, 2.0, 2.0]], [[1.0, 2.0, 4.0]] * 3
    sim = nl.Simulator(threads=threads, backend=backend)
    cells = sim.create(Multi, 3, tau_syn=taus, gain=gains, tau_m=np.array([10.0, 20.0, 5.0]), I_syn_2=[0.0, 1.0, 2.0])
    for receptor, spike_times in ((1, [1.0]), (2, [2.0, 2.1]), (3, [0.5, 4.0])):
        source = sim.create(nl.spike_generator, spike_times=spike_times)
        sim.connect(source, cells, receptor_type=receptor, weight=0.25 * receptor, delay=0.3)
    found = recorded(sim, cells, "V_m", "I_syn_1", "I_syn_2", "I_syn_3", "I_syn", "n")
    arrivals = {1: [1.3], 2: [2.3, 2.4], 3: [0.8, 4.3]}
    for i in range(3):
        c = Multi.Step(float(np.exp(-0.1 / [10.0, 20.0, 5.0][i])), tuple(float(np.exp(-0.1 / t)) for t in taus[i]),
                       tuple(gains[i]))
        s = Multi.State(0.0, (0.0, float(i), 0.0), 0.0)
        for k in range(60):
            spikes = tuple(0.25 * r * sum(abs(t - 0.1 * (k + 1)) < 1e-6 for t in arrivals[r]) for r in (1, 2, 3))
            s, _ = Multi.update(s, c, Multi.Inputs(spikes))
            for name, value in zip(found, (s.V_m, *s.parts, s.I_syn, s.n)):
                assert found[name][k, i] == value, (i, k, name)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_lists_of_any_length_run(backend, n):
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Multi, 2, tau_syn=[2.0] * n, gain=[1.0] * n, I_syn=3.0)
    source = sim.create(nl.spike_generator, spike_times=[1.0])
    for receptor in range(1, n + 1):
        sim.connect(source, cells, receptor_type=receptor, weight=2.0)
    with pytest.raises(nl.BadConnection, match=f"receptor_type = {n + 1}"):
        sim.connect(source, cells, receptor_type=n + 1)
    found = recorded(sim, cells, "I_syn")["I_syn"]
    np.testing.assert_allclose(found[19], 2.0 * n)              # 1 + 1 ms
    assert (found[18] == 0.0).all()


class Numbered(NamedTuple):
    n: int = 2
    step: float = 1.0


class Counted:
    """As many stages as a whole number says: each takes over from the one before."""

    Params = Numbered

    class State(NamedTuple):
        stage: Annotated[float, Along("n")] = 1.0
        steps: Annotated[int, Along("n", "k")] = 0

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        step: float

    def derive(p, dt):
        return Counted.Step(p.step)

    def update(s, c, x):
        return Counted.State(each(plus, s.stage, c.step), each(plus, s.steps, 1)), False


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_whole_number_says_how_many_entries_there_are(backend, n):
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Counted, 2, n=n)
    names = [f"{word}_{i + 1}" for word in ("stage", "k") for i in range(n)]
    assert sorted(cells.get()) == sorted(["n", "step", *names])
    if names:
        found = recorded(sim, cells, *names, duration=1.0)
        assert all(found[name][-1].tolist() == [11.0 if name.startswith("stage") else 10] * 2 for name in names)


@pytest.mark.parametrize("given, words", [
    (dict(n=[1, 2]), ["n = ", "the same for all nodes of a population"]),
    (dict(n=-1), ["n = -1", "0 or more"]),
])
def test_a_number_of_entries_that_cannot_be_is_refused(given, words):
    with pytest.raises(ParameterError) as caught:
        nl.Simulator().create(Counted, 2, **given)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize("given, words", [
    (dict(tau_syn=[[1.0, 2.0], [3.0]]), ["tau_syn has 1 entries for one node and 2 for another"]),
    (dict(tau_syn=[1.0, 2.0]), ["gain has 1 entries: must have 2, as many as tau_syn"]),
    (dict(tau_syn=[1.0, 2.0], gain=[[1.0, 2.0], [1.0]]), ["gain has 1 entries: must have 2"]),
    (dict(tau_syn=[1.0, -2.0], gain=[1.0, 1.0]), ["tau_syn must be above 0"]),
])
def test_lists_whose_lengths_do_not_fit_are_refused(given, words):
    sim = nl.Simulator()
    with pytest.raises(ParameterError) as caught:
        sim.create(Multi, 2, **given)
    assert all(word in str(caught.value) for word in words), caught.value
    assert sim.network.populations == ()


def test_populations_of_one_model_with_lists_of_different_lengths_run_side_by_side(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    short, long = sim.create(Multi, 2), sim.create(Multi, 3, tau_syn=[2.0, 3.0], gain=[1.0, 1.0])
    source = sim.create(nl.spike_generator, spike_times=[1.0])
    sim.connect(source, short, weight=2.0)                      # one receptor: it need not be named
    with pytest.raises(nl.BadConnection, match="receptor_type is not given: .* 1 .I_syn_1., 2 .I_syn_2."):
        sim.connect(source, long)
    sim.connect(source, long, receptor_type=2, weight=3.0)
    found = recorded(sim, short, "I_syn"), recorded(sim, long, "I_syn")
    assert [f["I_syn"][19].tolist() for f in found] == [[2.0] * 2, [3.0] * 3]


@pytest.mark.parametrize("changes, words", [
    (dict(State=record("State", V=(Annotated[float, Along("tau")], 0.0))), ["State.V runs along 'tau'", "among Params"]),
    (dict(Step=record("Step", V=Annotated[float, Along("tau_m")])), ["Step.V runs along 'tau_m'", "must be a list"]),
    (dict(Inputs=record("Inputs", V=(Annotated[float, Along("")], 0.0))), None),
    (dict(Params=record("Params", tau_m=(ms, 1.0), tau_syn=(times, (1.0,)), gain=(Annotated[float, Along("tau_syn")], 1.0))),
     ["Params.gain runs along 'tau_syn'", "must be a list"]),
    (dict(Params=record("Params", tau_syn=times)), ["tau_syn has no default value"]),
    (dict(State=record("State", V=(times, ()))), ["State.V is a list", "Along"]),
    (dict(Inputs=record("Inputs", V=(Annotated[tuple, Along("tau_syn")], ()))), ["Inputs.V is a list"]),
    (dict(State=record("State", a=(Currents, 0.0), I_syn_1=(pA, 0.0))), ["I_syn_1 is the name of 2 fields"]),
    (dict(State=record("State", tau_m=(Numbers, 0.0), V=(mV, 0.0)),
          Params=record("Params", tau_syn=(times, (1.0,)), tau_m_1=(ms, 1.0))), ["tau_m_1 is both a parameter and a state"]),
    (dict(State=record("State", V=(Numbers, None))), ["V_1 has no default value"]),
], ids=["no such parameter", "a single number", "no axis", "a number in Params", "no default", "a bare list", "a list of lists",
        "a name twice", "a parameter's name", "no default of entries"])
def test_lists_along_what_cannot_be_are_refused(changes, words):
    if words is None:                                           # Along("") marks nothing
        read_model(model(**changes, update=lambda s, c, x: (s, False)))
    else:
        refused(model(**changes), "listed", *words)


# ------------------------------------------------------------------------------------------------------------ receptors

Two = record("Inputs", ex=(nS, 0.0), inh=(nS, 0.0), step=clock, n=(count, 0), u=(pA, 0.0), current=(pA, 0.0))


@pytest.mark.parametrize("given, words", [
    ({0: ("ex", "inhib")}, ["RECEPTORS[0] = ('ex', 'inhib')", "among ex, inh"]),
    ({0: "exc"}, ["RECEPTORS[0] = ('exc',)"]),
    ({0: "step"}, ["RECEPTORS[0] = ('step',)"]),
    ({0: "ex", 3: "current"}, ["RECEPTORS[3] = ('current',)"]),
    ({0: ("ex", "inh", "u")}, ["must name one input, or two"]),
    ({0: ()}, ["must name one input, or two"]),
    ({0: ("ex", "u")}, ["must be of one unit"]),
    ({0: ("n", "n")}, ["not count spikes"]),
    (["ex", "inh"], ["RECEPTORS = ['ex', 'inh']", "must be a dict"]),
    ({"ex": "ex"}, ["must be a dict by number"]),
    ({True: "ex"}, ["must be a dict by number"]),
], ids=str)
def test_receptors_that_name_no_inputs_are_refused(given, words):
    refused(model(Inputs=Two, update=lambda s, c, x: (s, False), RECEPTORS=given), "listed", *words)


def test_receptors_have_the_numbers_that_the_model_gives():
    described = read_model(model(Inputs=Two, update=lambda s, c, x: (s, False), RECEPTORS={0: ("ex", "inh"), 7: "u"}))
    assert described.spike_receptors == {0: ("ex", "inh"), 7: ("u",)}
    assert read_model(model(Inputs=Two, update=lambda s, c, x: (s, False))).spike_receptors == {0: ("ex",)}


# -------------------------------------------------------------------------------------------------------------- solvers

class Decay:
    """dV/dt = -V / tau + I_e, by whatever solver."""

    SOLVER = solvers.rk4

    class Params(NamedTuple):
        tau: ms = 10.0
        I_e: float = 1.0

    class State(NamedTuple):
        V_m: mV = 5.0

    class Inputs(NamedTuple):
        spikes: mV = 0.0

    class Step(NamedTuple):
        h: float
        r: float
        I_e: float

    def derive(p, dt):
        return Decay.Step(dt, 1.0 / p.tau, p.I_e)

    def derivatives(y, a):
        return (a[0].I_e,), (-a[0].r,)

    def update(s, c, x, solve):
        V, = solve(Decay.derivatives, (s.V_m,), c.h, (c,))
        return Decay.State(V + x.spikes), V > 100.0


def euler(derivatives, y, h, a):
    """The simplest of all."""
    A, B = derivatives(y, a)
    return each(plus, y, each(product, each(plus, A, each(product, B, y)), h))


def by_hand(solve, steps, tau):
    s, out = Decay.State(), []
    for _ in range(steps):
        s, _ = Decay.update(s, Decay.derive(Decay.Params(tau), 0.1), Decay.Inputs(), solve)
        out.append(s.V_m)
    return out


def test_a_model_is_solved_by_its_own_solver_or_by_the_one_given(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    taus = np.array([10.0, 3.0])
    own, other = sim.create(Decay, 2, tau=taus), sim.create(Decay, 2, tau=taus, solver=euler)
    found = recorded(sim, own + other, "V_m", duration=5.0)["V_m"]
    for i, (solve, tau) in enumerate([(solvers.rk4, 10.0), (solvers.rk4, 3.0), (euler, 10.0), (euler, 3.0)]):
        np.testing.assert_array_equal(found[:, i], by_hand(solve, 50, tau))
    assert np.abs(found[:, 0] - found[:, 2]).max() > 1e-3
    assert sum("Decay" in line for line in str(sim.plan()).splitlines() if line.startswith("  ")) >= 2


def test_models_with_different_solvers_are_different_models():
    own, same, other = read_model(Decay), read_model(Decay, solver=solvers.rk4), read_model(Decay, solver=euler)
    assert own == same and own != other and hash(own) == hash(same)


@pytest.mark.parametrize("source, given, words", [
    (Decay, dict(solver="rk4"), ["solver = 'rk4' must be a function"]),
    (Decay, dict(solver=4), ["solver = 4 must be a function"]),
    (Multi, dict(solver=solvers.rk4), ["Multi takes no solver"]),
    (model(SOLVER=solvers.rk4), {}, ["update must take 4 arguments", "(s, c, x)"]),
    (model(SOLVER="rk4", update=Decay.update), {}, ["SOLVER = 'rk4' must be a function"]),
    (model(update=Decay.update), {}, ["update must take 3 arguments", "(s, c, x, solve)"]),
    (model(timetable=lambda p: {}), {}, ["timetable must take 2 arguments", "(p)"]),
    (model(bound=lambda c, dt: 1.0), {}, ["bound must take 1 arguments", "(c, dt)"]),
    (model(check=lambda: None), {}, ["check must take 1 arguments"]),
    (Decay, dict(solver=lambda f, y, h: y), ["Decay.update"]),
], ids=["a name", "a number", "no SOLVER", "update without", "SOLVER a name", "update with", "timetable", "bound", "check",
        "too few arguments"])
def test_solvers_and_functions_of_the_wrong_form_are_refused(source, given, words):
    refused(source, *words, **given)


@pytest.mark.parametrize("name, written", [
    ("RECEPTORS", "RECEPTOR"), ("RECEPTORS", "RECPTORS"), ("SOLVER", "SOLVR"), ("SOLVER", "SOLVERS"),
    ("timetable", "time_table"), ("timetable", "timetabel"), ("bound", "bounds"), ("EMITS", "EMIT"),
    ("PER_CONNECTION", "PER_CONNECTIONS")])
def test_misspelt_options_are_named(name, written):
    refused(model(**{written: "x"}), f"listed.{written}", f"if {name} is meant")


# ------------------------------------------------------------------------------------ what is emitted, and what is supplied

def lone(**changes):
    """A model with nothing but what is given."""
    parts = dict(Params=record("Params"), State=record("State"), Inputs=record("Inputs"), Step=record("Step"),
                 derive=lambda p, dt: None, update=lambda s, c, x: (s, False))
    made = type("lone", (), {**parts, **changes})
    if "derive" not in changes:
        made.derive = lambda p, dt: made.Step()
    return made


Mean, Sigma = record("Mean", n=float), record("Sigma", sigma=float)


def test_counts_without_a_bound_are_refused_unless_the_model_passes_them_on():
    ticking = dict(EMITS="counts", Inputs=record("Inputs", k=clock, u=uniform))
    refused(lone(**ticking), "lone emits counts", "bound(c)")
    refused(lone(EMITS="counts", Inputs=record("Inputs", spikes=(mV, 0.0))), "bound(c)")
    read_model(lone(**ticking, bound=lambda c: 2.0))
    read_model(lone(EMITS="counts", Inputs=record("Inputs", spikes=(count, 0))))
    read_model(lone(EMITS="counts", Inputs=record("Inputs", n=poisson), Step=Mean, derive=lambda p, dt: Mean(1.0)))


def listing(found):
    return lone(Inputs=record("Inputs", a=series, b=series), timetable=lambda p, dt: found)


A = (np.array([3]), np.array([0]), np.array([1.0]))


@pytest.mark.parametrize("found, words", [
    (dict(a=A), ["timetable must give a, b, it gives a"]),
    (dict(a=A, b=A, c=A), ["it gives a, b, c"]),
    ({}, ["it gives nothing"]),
    (dict(a=A, b=A[:2]), ["b must be (steps, nodes, values)"]),
    (dict(a=A, b=(A[0], A[1], np.zeros(2))), ["b must be (steps, nodes, values), as many of each"]),
    (dict(a=A, b=(A[0], np.array([1]), A[2])), ["b has nodes beyond 0 to 0"]),
    (dict(a=A, b=(A[0], np.array([-1]), A[2])), ["b has nodes beyond"]),
    (None, ["lone.timetable"]),
], ids=["one missing", "one too many", "nothing", "two columns", "lengths", "node 1 of 1", "node -1", "None"])
def test_a_timetable_that_does_not_fit_the_inputs_is_refused(found, words):
    refused(listing(found), *words)


def test_a_timetable_that_names_nodes_beyond_a_population_is_refused_before_it_runs():
    class Late:
        """Right for one node, wrong for two."""

        class Params(NamedTuple):
            t_list: times = ()
            a_list: currents = ()

        class State(NamedTuple):
            pass

        class Inputs(NamedTuple):
            a: series

        class Step(NamedTuple):
            pass

        def derive(p, dt):
            return Late.Step()

        def timetable(p, dt):
            n = len(p.t_list)
            return {"a": (np.zeros(n, int), np.arange(n) ** 2, np.zeros(n))}

        def update(s, c, x):
            return Late.State(), False
    sim = nl.Simulator(threads=1)
    sim.create(Late, 3)
    with pytest.raises(nl.ModelError, match="a has nodes beyond 0 to 2"):
        sim.simulate(1.0)


def test_series_without_a_timetable_are_refused():
    refused(lone(Inputs=record("Inputs", a=series)), "change at known times", "timetable(p, dt)")


def test_what_decides_whether_an_input_is_drawn_must_be_a_constant():
    maybe = Annotated[float, Supplied("normal", when="sigma")]
    refused(lone(Inputs=record("Inputs", z=maybe)), "Inputs.z is drawn when 'sigma' is not 0", "Step has no such field")
    read_model(lone(Inputs=record("Inputs", z=maybe), Step=Sigma, derive=lambda p, dt: Sigma(1.0)))


# ------------------------------------------------------------------------------------------------------------ inheritance

class Slower(Decay):
    """The same with twice the time constant and another solver: what it does not say it inherits."""

    SOLVER = euler

    def derive(p, dt):
        return Decay.Step(dt, 0.5 / p.tau, p.I_e)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_model_may_inherit_from_another(backend, precision):
    sim = nl.Simulator(threads=1, backend=backend, precision=precision)
    cells = sim.create(Slower, 2, tau=5.0)
    found = recorded(sim, cells, "V_m", duration=5.0)["V_m"]
    np.testing.assert_allclose(found[:, 0], by_hand(euler, 50, 10.0), rtol=0, atol=1e-12 if precision == "double" else 1e-4)


def test_potentials_and_other_lists_need_no_axis():
    # a list that nothing runs along is a list of each node's own, of any length
    class Free(NamedTuple):
        levels: potentials = ()
    sim = nl.Simulator(threads=1)
    cells = sim.create(lone(Params=Free), 2, levels=[[1.0], [1.0, 2.0]])
    assert [v.tolist() for v in cells.get("levels")] == [[1.0], [1.0, 2.0]]
    sim.simulate(1.0)
