"""Units: a quantity of any size and the bare number in NEST's unit are the same; results carry units."""
from __future__ import annotations

import subprocess
import sys
import textwrap

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl


def described(value):
    """A declared value in a form that can be compared exactly."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tolist()
    return [described(v) for v in value] if isinstance(value, (list, tuple)) else value


def declared(build):
    """Everything that `build` declares in a fresh simulator."""
    sim = nl.Simulator(threads=1)
    build(sim)
    net = sim.network
    return ([(p.name, p.size, {k: described(v) for k, v in (p.params | p.initial).items()}) for p in net.populations],
            [(described(p.weight), described(p.delay), p.receptor) for p in net.projections])


def same(build, a, b):
    assert declared(lambda sim: build(sim, a)) == declared(lambda sim: build(sim, b))


def parameter(name, model=nl.iaf_psc_delta, size=1):
    return lambda sim, value: sim.create(model, size, params={name: value})


NEURON = {"tau_m": u.ms, "C_m": u.pF, "t_ref": u.ms, "V_th": u.mV, "V_reset": u.mV, "E_L": u.mV, "I_e": u.pA, "V_min": u.mV,
          "V_m": u.mV, "I": u.pA, "refractory_spikes": u.mV}


@pytest.mark.parametrize("name", NEURON)
def test_a_bare_number_is_in_nest_s_unit(name):
    same(parameter(name), -61.3 if name.startswith("V_r") else 12.3, (-61.3 if name.startswith("V_r") else 12.3) * NEURON[name])


def test_every_parameter_with_a_unit_is_in_the_list_above():
    from nestling.models.reading import read_model
    model = read_model(nl.iaf_psc_delta)
    assert {f.name for f in (*model.params, *model.state) if f.unit} == set(NEURON)


@pytest.mark.parametrize("build, number, quantity", [
    (parameter("I_e"), 1500.0, 1.5 * u.nA),
    (parameter("I_e"), 2e6, 2.0 * u.uA),
    (parameter("tau_m"), 20.0, 0.02 * u.second),
    (parameter("t_ref"), 2.7, 2700 * u.us),
    (parameter("t_ref"), 0.3, 0.0003 * u.second),
    (parameter("V_th"), -55.1, -0.0551 * u.volt),
    (parameter("C_m"), 250.0, 0.25 * u.nF),
    (parameter("rate", nl.poisson_generator), 20_000.0, 20.0 * u.kHz),
    (parameter("rate", nl.poisson_generator), 200.0, 1 / (5.0 * u.ms)),
    (parameter("start", nl.poisson_generator), 1100.0, 1.1 * u.second),
    (parameter("amplitude", nl.dc_generator), 700.0, 0.7 * u.nA),
    (parameter("interval", nl.multimeter), 0.5, 500.0 * u.us),
    (parameter("stop", nl.spike_recorder), 300.0, 0.3 * u.second),
], ids=lambda value: "" if callable(value) else str(value))
def test_scalars_are_converted_to_the_last_bit(build, number, quantity):
    same(build, number, quantity)


@pytest.mark.parametrize("quantity", [
    np.array([10.0, 12.5, 17.1]) * u.ms, [10.0, 12.5, 17.1] * u.ms, [10.0 * u.ms, 12.5 * u.ms, 17.1 * u.ms],
    (0.01 * u.second, 12.5 * u.ms, 17.1 * u.ms), [10_000 * u.us, 12.5, 17.1 * u.ms],
    np.array([0.01, 0.0125, 0.0171]) * u.second, [0.01, 0.0125, 0.0171] * u.second,
], ids=["array", "list times unit", "list of quantities", "tuple", "mixed", "array of another size", "list of another size"])
def test_arrays_and_lists_of_quantities_are_those_of_numbers(quantity):
    same(parameter("tau_m", size=3), [10.0, 12.5, 17.1], quantity)
    same(parameter("tau_m", size=3), np.array([10.0, 12.5, 17.1]), quantity)


@pytest.mark.parametrize("quantity", [
    [1.1, 1000.1, 43210.9] * u.ms, np.array([1.1, 1000.1, 43210.9]) * u.ms, [1.1 * u.ms, 1000.1 * u.ms, 43210.9 * u.ms],
    [0.0011, 1.0001, 43.2109] * u.second, [[1.1, 1000.1, 43210.9]] * u.ms, [np.array([1.1, 1000.1, 43210.9]) * u.ms],
    [[1.1 * u.ms, 1.0001 * u.second, 43210.9 * u.ms]],
], ids=["list times unit", "array", "list of quantities", "seconds", "matrix", "list of arrays", "nested"])
def test_spike_times_with_units_are_on_the_grid_as_those_without(quantity):
    """A list times a unit has single precision in jax, where 1000.1 ms is 1000.09998 ms and on no grid."""
    same(parameter("spike_times", nl.spike_generator), [1.1, 1000.1, 43210.9], quantity)


def test_numbers_of_single_precision_keep_their_value():
    """Only what a short decimal stands for is read as that decimal."""
    from nestling.simulator.units import magnitude
    values = (np.random.default_rng(1).normal(size=100_000) * 10.0 ** np.arange(-5, 5).repeat(10_000)).astype(np.float32)
    found = magnitude(u.Quantity(values, unit=u.mV), "mV", "weight")
    np.testing.assert_array_equal(found.astype(np.float32), values)
    np.testing.assert_array_equal(magnitude([0.0, -0.0, 16777215.0, np.inf] * u.mV, "mV", "x"), [0.0, 0.0, 16777215.0, np.inf])


def connection(name):
    def build(sim, value):
        a = sim.create(nl.iaf_psc_delta, 3)
        sim.connect(a, a, **{name: value})
    return build


@pytest.mark.parametrize("build, number, quantity", [
    (connection("weight"), 0.1, 0.1 * u.mV), (connection("weight"), 0.1, 100.0 * u.uvolt),
    (connection("weight"), np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) * u.mV),
    (connection("weight"), np.arange(9.0), [float(i) for i in range(9)] * u.mV),
    (connection("weight"), nl.dist.Normal(0.1, 0.01), nl.dist.Normal(0.1 * u.mV, 0.01 * u.mV)),
    (connection("weight"), nl.dist.Normal(0.1, 0.01), nl.dist.Normal(100.0, 10.0, unit=u.uvolt)),
    (connection("weight"), nl.dist.Normal(0.1, 0.01, min=0.0), nl.dist.Normal(0.1, 0.01, min=0.0 * u.mV, unit=u.mV)),
    (connection("weight"), 0.3, nl.dist.Constant(0.3, unit=u.mV)),
    (connection("delay"), 1.5, 1.5 * u.ms), (connection("delay"), 1.5, 0.0015 * u.second),
    (connection("delay"), np.full(9, 0.7), np.full(9, 0.7) * u.ms), (connection("delay"), np.full(9, 0.7), [0.7] * 9 * u.ms),
    (connection("delay"), nl.dist.Uniform(1.0, 2.5), nl.dist.Uniform(1.0 * u.ms, 2500.0 * u.us)),
    (connection("delay"), nl.dist.LogNormal(0.5, 0.1, min=1.0), nl.dist.LogNormal(0.5, 0.1, min=1.0 * u.ms)),
    (parameter("V_initializer"), -65.0, -65.0 * u.mV), (parameter("V_initializer"), -65.0, nl.init.Constant(-65.0 * u.mV)),
    (parameter("V_initializer"), nl.init.Normal(-65.0, 5.0), nl.init.Normal(-65.0, 5.0, unit=u.mV)),
    (parameter("V_initializer"), nl.init.Uniform(-65.0, -60.0), nl.init.Uniform(-0.065 * u.volt, -60.0 * u.mV)),
], ids=lambda value: "" if callable(value) else str(value)[:40].replace("\n", " "))
def test_weights_delays_and_initial_values_take_quantities(build, number, quantity):
    same(build, number, quantity)


def test_a_number_without_dimension_may_come_as_a_quantity():
    def build(sim, weight):
        sim.connect(sim.create(nl.dc_generator), sim.create(nl.iaf_psc_delta), weight=weight)
    same(build, 2.0, u.Quantity(2.0))
    same(build, 2.0, (2.0 * u.volt) / (1.0 * u.volt))


def test_times_of_runs_and_the_step_take_quantities(backend):
    a, b, c = (nl.Simulator(dt=dt, backend=backend) for dt in (0.1, 0.1 * u.ms, 100.0 * u.us))
    assert a.dt == b.dt == c.dt == 0.1
    assert a.simulate(0.0021 * u.second).window == b.simulate(2.1).window == c.simulate(2100 * u.us).window == (0.0, 21 * 0.1)
    assert a.cont(1 * u.ms).window == b.cont(1).window


def driven(backend, ms=1.0, mV=1.0, pA=1.0, pF=1.0, Hz=1.0):
    """A recorded network whose numbers have the given units."""
    sim = nl.Simulator(0.1 * ms, threads=1, backend=backend)
    cells = sim.create(nl.iaf_psc_delta, 20, C_m=250.0 * pF, tau_m=20.0 * ms, I_e=100.0 * pA,
                       V_initializer=nl.init.Uniform(-70.0 * mV, -56.0 * mV))
    noise = sim.create(nl.poisson_generator, rate=9000.0 * Hz)
    rec = sim.create(nl.spike_recorder, start=1.0 * ms)
    volt = sim.create(nl.multimeter, record_from=["V_m", "I", "r"], interval=2.0 * ms)
    sim.connect(noise, cells, weight=0.7 * mV, delay=1.1 * ms)
    sim.connect(cells, cells, rule=nl.fixed_indegree(4), weight=-0.5 * mV, delay=nl.dist.Uniform(0.5 * ms, 2.0 * ms))
    sim.connect(cells, rec)
    sim.connect(volt, cells)
    return sim, rec, volt


def test_results_are_the_same_and_carry_units(backend):
    sim, rec, volt = driven(backend)
    plain = sim.simulate(50.0)
    sim, rec_u, volt_u = driven(backend, u.ms, u.mV, u.pA, u.pF, u.Hz)
    res = sim.simulate(50.0 * u.ms)
    times, senders = res.events(rec_u)
    assert len(senders) > 50 and times.unit == u.ms and isinstance(senders, np.ndarray)
    np.testing.assert_array_equal(times.to_decimal(u.ms), plain.events(rec, plain=True)[0])
    np.testing.assert_array_equal(senders, plain.events(rec)[1])
    assert res.trace(volt_u).unit == u.mV and res.trace(volt_u, "I").unit == u.pA
    assert isinstance(res.trace(volt_u, "r"), np.ndarray)
    np.testing.assert_array_equal(res.trace(volt_u).to_decimal(u.mV), plain.trace(volt, plain=True))
    assert res.trace_times(volt_u).unit == u.ms and res.times.unit == u.ms
    np.testing.assert_array_equal(res.times.to_decimal(u.ms), plain.times_ms)
    np.testing.assert_array_equal(res.trace_times(volt_u).to_decimal(u.ms), plain.trace_times(volt, plain=True))
    assert np.asarray(res.times.to_decimal(u.ms)).dtype == np.float64                     # to the last bit, not jax's 32


def test_plain_results_are_arrays_in_nest_s_units(backend):
    sim, rec, volt = driven(backend, u.ms, u.mV, u.pA, u.pF, u.Hz)
    res = sim.simulate(50.0 * u.ms)
    for array in (*res.events(rec, plain=True), res.trace(volt, plain=True), res.trace_times(volt, plain=True), res.times_ms,
                  res.rates(rec), res.spikes(rec)):
        assert type(array) is np.ndarray
    assert isinstance(res.rate(rec), float)
    assert -80.0 < res.trace(volt, plain=True).mean() < -50.0 and res.times_ms[-1] == pytest.approx(50.0)


# --- what is imported -----------------------------------------------------------------------------------------------------

HEAVY = ("jax", "jaxlib", "brainunit", "saiunit", "matplotlib", "tqdm", "scipy.stats", "pandas", "nest")


def modules_after(script):
    """Names of the heavy modules that a fresh interpreter has imported after a script."""
    code = textwrap.dedent(script) + f"\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])\n"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return eval(done.stdout.splitlines()[-1])


def test_importing_the_simulator_imports_nothing_heavy():
    assert modules_after("import nestling.simulator") == []
    assert modules_after("import nestling.models, nestling.connect, nestling.recorders") == []


def test_the_list_of_heavy_modules_is_looked_up_rightly():
    assert modules_after("import brainunit, matplotlib") == ["jax", "jaxlib", "brainunit", "saiunit", "matplotlib"]


def test_a_script_of_bare_numbers_never_imports_brainunit():
    assert modules_after("""
        from nestling import simulator as nl
        sim = nl.Simulator(dt=0.1, seed=1, threads=1)
        cells = sim.create(nl.iaf_psc_delta, 10, I_e=400.0, V_initializer=nl.init.Uniform(-70.0, -56.0))
        noise, rec, volt = sim.create(nl.poisson_generator, rate=9e3), sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
        sim.connect(noise, cells, weight=0.5)
        sim.connect(cells, cells, rule=nl.fixed_indegree(2), weight=nl.dist.Normal(0.1, 0.1), delay=1.5)
        sim.connect(cells, rec)
        sim.connect(volt, cells)
        res = sim.simulate(50.0)
        assert res.n_events(rec) and res.rate(rec) > 0 and res.spikes(rec).any() and len(res.rates(rec)) == 10
        res.events(rec, plain=True), res.trace(volt, plain=True), res.trace_times(volt, plain=True), res.times_ms
        nl.isi_cv(res, rec), nl.firing_rate(res, rec), nl.rate_histogram(res, rec), nl.count_correlation(res, rec)
        print(sim.plan(), sim, res, cells)
    """) == []
