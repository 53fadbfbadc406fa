"""A state that ceases to be a number stops the run: the error names the population, the node and the step, the first of all."""
from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.arithmetic import each
from nestling.models.arithmetic import times as product
from nestling.models.contract import Along, mV, numbers


class Growing:
    """Grows by a factor in every step; what is infinite less itself is NaN."""

    class Params(NamedTuple):
        gain: float = 1.0

    class State(NamedTuple):
        V_m: mV = 1.0
        w: float = 0.0
        n: int = 0

    class Inputs(NamedTuple):
        spikes: mV = 0.0

    class Step(NamedTuple):
        gain: float

    def derive(p, dt):
        return Growing.Step(p.gain)

    def update(s, c, x):
        V = s.V_m * c.gain + x.spikes
        return Growing.State(V, V - V, s.n + 1), V > 3e300


class GrowingList:
    """The same in the last entry of a list."""

    class Params(NamedTuple):
        gain: numbers = (1.0, 1.0)

    class State(NamedTuple):
        n: int = 0
        parts: Annotated[float, Along("gain")] = 1.0

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        gain: Annotated[float, Along("gain")]

    def derive(p, dt):
        return GrowingList.Step(p.gain)

    def update(s, c, x):
        parts = each(product, s.parts, c.gain)
        return GrowingList.State(s.n, each(product, parts, 1.0 if parts[1] < 1e300 else math.nan)), False


def last_step(gain: float, largest: float = 1.797e308) -> int:
    """The step after which 1 has grown beyond the largest number."""
    V, k = 1.0, 0
    while True:
        V, k = V * gain, k + 1
        if not largest >= V:
            return k


def error_of(run: Any) -> str:
    with pytest.raises(nl.Diverged) as caught:
        run()
    assert isinstance(caught.value, ArithmeticError)
    return str(caught.value)


def network(backend: str, gains: Any, threads: int = 1, precision: str = "double", **connected: Any) -> tuple[Any, Any]:
    """Quiet neurons, a population that grows, and more quiet neurons."""
    sim = nl.Simulator(threads=threads, precision=precision, backend=backend)
    quiet, growing = sim.create(nl.iaf_psc_delta, 50), sim.create(Growing, len(gains), gain=np.asarray(gains))
    sim.create(Growing, 3)
    if connected:
        sim.connect(quiet, quiet, **connected)
    return sim, growing


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("connected", [{}, dict(delay=0.1), dict(delay=0.7)], ids=["slices of 32", "of 1", "of 7"])
def test_the_error_names_population_node_and_step(backend, threads, connected):
    gains = np.ones(20)
    gains[13] = 10.0
    sim, _ = network(backend, gains, threads, **connected)
    text = error_of(lambda: sim.simulate(1000.0))
    step = last_step(10.0)
    assert f"node 13 of population 1 (Growing) ceased to be a number in the step to t = {0.1 * step:g} ms" in text
    assert "V_m = inf, w = nan, n = " in text and "dt = 0.1 ms" in text
    slice_of = 32 if not connected else round(connected["delay"] / 0.1)
    assert f"(at t = {0.1 * slice_of * -(-step // slice_of):g} ms)" in text, "a run stops at the end of its slice"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_first_node_of_all_is_named_whatever_the_partitions(backend, threads):
    # all within one slice of 32 steps, the earliest in the last partition, and two in the same step
    gains = np.ones(21)
    gains[[0, 1, 17, 19]] = 1e20, 1e30, 1e60, 1e60
    sim, _ = network(backend, gains, threads)
    assert [last_step(g) for g in (1e20, 1e30, 1e60)] == [16, 11, 6]
    assert "node 17 of population 1 (Growing) ceased to be a number in the step to t = 0.6 ms" in error_of(
        lambda: sim.simulate(10.0))


@pytest.mark.parametrize("V, steps", [(1e308, 1), (1.0, 2)])
def test_the_very_first_steps_are_told_apart(backend, V, steps):
    sim, growing = network(backend, [1.0, 1e308])
    growing[1].set(V_m=V)
    assert f"node 1 of population 1 (Growing) ceased to be a number in the step to t = {0.1 * steps:g} ms" in error_of(
        lambda: sim.simulate(1.0))


def test_a_state_that_is_set_to_what_grows_too_fast_diverges_from_there(backend):
    sim, growing = network(backend, [1.0] * 4, threads=2)
    sim.simulate(5.0)
    growing[2].set(V_m=1e300, gain=1e3)
    assert "node 2 of population 1 (Growing) ceased to be a number in the step to t = 5.3 ms" in error_of(
        lambda: sim.cont(5.0))


def test_a_run_goes_on_when_what_diverged_is_put_right(backend):
    sim, growing = network(backend, [1.0, 1e100], threads=2)
    first = error_of(lambda: sim.simulate(10.0))
    assert "in the step to t = 0.4 ms" in first
    assert "in the step to t = 0.4 ms" in error_of(lambda: sim.cont(10.0)), "nothing has changed"
    growing[1].set(V_m=1.0, w=0.0)
    assert "node 1 of population 1" in error_of(lambda: sim.cont(10.0))
    growing[1].set(V_m=1.0, w=0.0, gain=1.0)
    sim.cont(10.0)
    assert growing.get("V_m").tolist() == [1.0, 1.0]
    growing[1].set(gain=1e100)
    assert error_of(lambda: sim.simulate(10.0)) == first
    growing[1].set(gain=1.0)
    sim.simulate(10.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_entries_of_lists_are_watched(backend, threads):
    sim = nl.Simulator(threads=threads, backend=backend)
    sim.create(nl.iaf_psc_delta, 7)
    sim.create(GrowingList, 5, gain=[[1.0, 1.0]] * 3 + [[1.0, 1e100], [1.0, 1.0]])
    text = error_of(lambda: sim.simulate(5.0))
    assert "node 3 of population 1 (GrowingList) ceased to be a number in the step to t = 0.3 ms" in text
    assert "n = 0, parts_1 = nan, parts_2 = nan" in text


def test_single_precision_has_smaller_numbers(backend):
    sim, _ = network(backend, [1.0, 10.0], precision="single")
    step = last_step(10.0, 3.4e38)
    assert step == 39
    assert f"node 1 of population 1 (Growing) ceased to be a number in the step to t = {0.1 * step:g} ms" in error_of(
        lambda: sim.simulate(100.0))


@pytest.mark.parametrize("state", [dict(V_m=math.inf), dict(V_m=-1e308, w=1e308), dict(V_m=-1e308), dict(V_m=1e308, w=1e308)],
                         ids=["infinite", "large of both signs", "large", "a sum beyond all numbers"])
def test_what_is_infinite_or_large_is_a_number(backend, state):
    class Still(Growing):
        """Nothing moves."""

        class State(NamedTuple):
            V_m: mV = math.inf
            w: float = 0.0

        def update(s, c, x):
            return s, False
    sim = nl.Simulator(threads=1, backend=backend)
    cells = sim.create(Still, 2, **state)
    sim.simulate(1.0)
    assert cells.get("V_m").tolist() == [state["V_m"]] * 2


class GrowingGenerator(Growing):
    """A generator of which every connection, and every recorder, has a copy."""

    EMITS, PER_CONNECTION = "counts", True

    class Inputs(NamedTuple):
        pass

    def bound(c):
        return 1.0

    def update(s, c, x):
        V = s.V_m * c.gain
        return Growing.State(V, V - V, s.n + 1), 1 if V > 0.0 else 0


def test_a_recorded_generator_is_named_by_its_own_place(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    sim.create(nl.iaf_psc_delta, 4)
    generators, spikes = sim.create(GrowingGenerator, 6, gain=[1.0, 1.0, 1.0, 1e100, 1.0, 1e200]), sim.create(nl.spike_recorder)
    sim.connect(generators[:3], spikes)
    sim.connect(generators[2:5], spikes)
    assert "node 3 of population 1 (GrowingGenerator) ceased to be a number in the step to t = 0.4 ms" in error_of(
        lambda: sim.simulate(10.0))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_error_holds_what_was_recorded_and_the_next_window_its_own(backend, threads):
    sim, growing = network(backend, [10.0, 1.0], threads)
    spikes, meter = sim.create(nl.spike_recorder), sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(growing, spikes)
    sim.connect(meter, growing)
    sim.simulate(5.0)
    with pytest.raises(nl.Diverged) as caught:
        sim.cont(100.0)
    results = caught.value.results
    times, senders = results.events(spikes, plain=True)
    # V_m is above 3e300 from the 301st step on, and infinite from the 309th; the slice ends with the 50 + 9 x 32 = 338th
    np.testing.assert_allclose(times, np.arange(301, 339) * 0.1)
    assert (senders == 0).all() and results.window == pytest.approx((5.0, 33.8)) and sim.time == pytest.approx(33.8)
    trace = results.trace(meter, plain=True)
    np.testing.assert_allclose(trace[:251, 0], 10.0 ** np.arange(51, 302), rtol=1e-12)
    assert trace.shape == (288, 2) and np.isinf(trace[-1, 0])
    growing[0].set(V_m=1.0, w=0.0)
    assert len(sim.cont(1.0).events(spikes, plain=True)[0]) == 0
    growing[0].set(gain=1.0)
    assert sim.cont(1.0).trace(meter, plain=True).shape == (10, 2)
