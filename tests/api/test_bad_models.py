"""Models that do not keep the contract: refused when nodes are created, with the name of what is missing or misspelt."""
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import ms, mV, poisson


class Params(NamedTuple):
    tau: ms = 10.0


class State(NamedTuple):
    V_m: mV = 0.0


class Inputs(NamedTuple):
    spikes: mV = 0.0


class Step(NamedTuple):
    decay: float


def derive(p, dt):
    return Step(np.exp(-dt / p.tau))


def update(s, c, x):
    return State(s.V_m * c.decay + x.spikes), s.V_m > 1.0


PARTS = dict(Params=Params, State=State, Inputs=Inputs, Step=Step, derive=derive, update=update)


def model(*drop, **changes):
    """A leaky integrator without the parts in `drop`, and with `changes`."""
    parts = {**PARTS, **changes}
    return type("leaky", (), {name: part for name, part in parts.items() if name not in drop})


def refuse(source, *words):
    sim = nl.Simulator(threads=1)
    sim.create(nl.iaf_psc_delta)
    before = sim.network
    with pytest.raises(nl.ModelError) as caught:
        sim.create(source, 3)
    for word in ("leaky", *words):
        assert word in str(caught.value)
    assert sim.network is before
    sim.simulate(1.0)


def test_the_model_that_the_others_are_made_from_runs(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(model(), 3, V_m=[0.5, 0.6, 0.7])
    volt = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(volt, cells)
    trace = sim.simulate(1.0).trace(volt, plain=True)
    np.testing.assert_allclose(trace[-1], np.array([0.5, 0.6, 0.7]) * np.exp(-0.1))


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(part):
    refuse(model(part), "is no model", f"lacks {part}")


@pytest.mark.parametrize("part", PARTS)
def test_a_misspelt_part_is_named_with_what_stands_in_its_place(part):
    refuse(model(part, **{part[:-1]: PARTS[part]}), f"lacks {part} (it has {part[:-1]})")


@pytest.mark.parametrize("name, written", [("EMITS", "EMIT"), ("PER_CONNECTION", "PER_CONECTION"), ("check", "chek"),
                                           ("bound", "bounds"), ("schedule", "schedul")])
def test_a_misspelt_option_is_named_since_it_would_be_overlooked(name, written):
    refuse(model(**{written: "counts"}), written, f"if {name} is meant")


@pytest.mark.parametrize("changes, words", [
    (dict(update=lambda s, c, x: (State(s.V), False)), ["update", "'V'", "it has V_m"]),
    (dict(update=lambda s, c, x: (State(s.V_m * c.dcay), False)), ["update", "'dcay'", "it has decay"]),
    (dict(update=lambda s, c, x: (State(x.spike), False)), ["update", "'spike'", "it has spikes"]),
    (dict(update=lambda s, c, x: (State(V=0.0), False)), ["update", "unexpected keyword argument 'V'"]),
    (dict(update=lambda s, c, x: (s, threshold)), ["update", "'threshold' is not defined"]),   # noqa: F821
    (dict(derive=lambda p, dt: Step(p.tua)), ["derive", "'tua'", "it has tau"]),
], ids=["state", "step", "input", "new state", "global name", "parameter"])
def test_a_misspelt_field_in_a_function_is_named_before_anything_is_compiled(changes, words):
    refuse(model(**changes), *words)


@pytest.mark.parametrize("changes, words", [
    (dict(update=lambda s, c: s), ["update must take 3 arguments", "(s, c)"]),
    (dict(derive=lambda p: p), ["derive must take 2 arguments", "(p)"]),
    (dict(check=5), ["check must be a function", "5"]),
    (dict(update=lambda s, c, x: s), ["update must return (State, what is emitted)"]),
    (dict(derive=lambda p, dt: None), ["derive must return a Step", "None"]),
    (dict(EMITS="spike"), ["EMITS is 'spike'", "'spikes', 'counts' or 'current'"]),
    (dict(EMITS="current"), ["emits a current", "PER_CONNECTION", "bound"]),
    (dict(Params={}), ["Params must be a typing.NamedTuple", "{}"]),
    (dict(Params=NamedTuple("Params", [("tau", ms)])), ["tau has no default value"]),
    (dict(Inputs=NamedTuple("Inputs", [("spikes", mV)])), ["spikes has no default value"]),
    (dict(Inputs=NamedTuple("Inputs", [("n", poisson)])), ["Inputs.n is a Poisson count", "Step must give its mean"]),
    (dict(State=NamedTuple("State", [("name", str)])), ["State.name", "str", "a unit"]),
    (dict(State=NamedTuple("State", [("V_m", "furlong")])), ["State", "'furlong' is not defined"]),   # noqa: F821
], ids=lambda v: "-".join(v) if isinstance(v, dict) else "")
def test_a_part_of_the_wrong_form_is_named(changes, words):
    refuse(model(**changes), *words)


def test_one_name_for_a_parameter_and_a_state_is_refused():
    class Params(NamedTuple):
        V_m: mV = 1.0
    refuse(model(Params=Params, derive=lambda p, dt: Step(1.0)), "V_m is both a parameter and a state")


def test_an_error_of_arithmetic_on_default_values_is_no_misspelling(backend):
    class Params(NamedTuple):
        tau: ms = 0.0
    sim = nl.Simulator(threads=1, backend=backend)
    sim.create(model(Params=Params, derive=lambda p, dt: Step(1.0 - dt / p.tau)), 3, tau=10.0)
    sim.simulate(1.0)
