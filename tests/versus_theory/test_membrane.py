"""The membrane below threshold in the simulator: exact solutions, and independence of the step."""
import numpy as np
import pytest

from nestling import simulator as nl

SAMPLES = np.arange(1, 501) * 0.1           # ms
TAU, C, E_L = 13.0, 210.0, -68.0


def membrane(backend, dt, precision="double", trains=(), currents=(), **neuron):
    """V_m at SAMPLES."""
    sim = nl.Simulator(dt=dt, backend=backend, precision=precision)
    cell = sim.create(nl.iaf_psc_delta, tau_m=TAU, C_m=C, E_L=E_L, **{"V_m": E_L, "V_th": 1000.0, **neuron})
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(meter, cell)
    for model, generators in ((nl.spike_generator, trains), (nl.dc_generator, currents)):
        for weight, delay, given in generators:
            sim.connect(sim.create(model, **given), cell, weight=weight, delay=delay)
    res = sim.simulate(50.0)
    np.testing.assert_allclose(res.trace_times(meter, plain=True), SAMPLES)
    return res.trace(meter, "V_m", plain=True)[:, 0]


def since(t):
    """Time since t, at SAMPLES; infinite before."""
    gone = SAMPLES - t
    return np.where(gone > -1e-6, gone, np.inf)


# weight, delay and parameters of generators
TRAINS = [(1.7, 0.5, dict(spike_times=[1.0, 4.2, 30.0])), (0.4, 10.0, dict(spike_times=[20.0])),
          (-2.9, 1.3, dict(spike_times=[3.6, 3.7], spike_multiplicities=[2, 1]))]
CURRENTS = [(1.0, 0.5, dict(amplitude=120.0, start=5.0, stop=25.0)),
            (-0.5, 2.0, dict(amplitude=90.0, start=0.1, origin=7.0))]


def exact(I_e=0.0, V_m=E_L):
    """The solution of the membrane's equation under TRAINS, CURRENTS, I_e and an initial V_m."""
    V = E_L + (V_m - E_L) * np.exp(-SAMPLES / TAU) + I_e * TAU / C * -np.expm1(-SAMPLES / TAU)
    for weight, delay, given in TRAINS:
        for t, n in zip(given["spike_times"], given.get("spike_multiplicities", [1] * 3)):
            V += n * weight * np.exp(-since(t + delay) / TAU)
    for weight, delay, given in CURRENTS:
        begin = given.get("origin", 0.0) + given["start"] + delay
        for sign, t in ((1.0, begin), (-1.0, begin - given["start"] + given.get("stop", np.inf))):
            gone = np.maximum(SAMPLES - t, 0.0)
            V += sign * weight * given["amplitude"] * TAU / C * -np.expm1(-gone / TAU)
    return V


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.02])
def test_the_membrane_follows_its_equation_at_any_step(backend, tolerances, dt):
    V_m = membrane(backend, dt, trains=TRAINS, currents=CURRENTS, I_e=77.0, V_m=-75.0)
    assert np.ptp(V_m) > 5.0
    np.testing.assert_allclose(V_m, exact(I_e=77.0, V_m=-75.0), rtol=0, atol=tolerances.EXACT_MV)


def test_steps_of_different_length_give_the_same_membrane(backend, tolerances):
    runs = [membrane(backend, dt, trains=TRAINS, currents=CURRENTS, I_e=30.0) for dt in (0.1, 0.05, 0.02)]
    for other in runs[1:]:
        np.testing.assert_allclose(other, runs[0], rtol=0, atol=tolerances.EXACT_MV)


def test_single_precision_follows_the_equation_to_its_own_tolerance(backend, tolerances):
    V_m = membrane(backend, 0.1, precision="single", trains=TRAINS, currents=CURRENTS, I_e=77.0, V_m=-75.0)
    np.testing.assert_allclose(V_m, exact(I_e=77.0, V_m=-75.0), rtol=0, atol=tolerances.SINGLE_MV)


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.02])
@pytest.mark.parametrize("delay", [0.1, 0.3, 0.7, 1.5])
def test_a_jump_is_seen_at_the_time_of_the_spike_plus_the_delay(backend, dt, delay):
    V_m = membrane(backend, dt, trains=[(2.0, delay, dict(spike_times=[2.0]))])
    sample = round((2.0 + delay) * 10) - 1
    assert V_m[:sample] == pytest.approx(E_L) and V_m[sample] == pytest.approx(E_L + 2.0)
