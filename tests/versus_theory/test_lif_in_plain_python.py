"""iaf_psc_delta as two plain functions, without a simulator, against the theory of the leaky integrate-and-fire neuron."""
import math

import pytest

from nestling.models.contract import ParameterError
from nestling.models.iaf_psc_delta import Inputs, Params, State, check, derive, update

DT = 0.1


class Neuron:
    """One neuron that is taken from step to step; step k ends at (k + 1) dt."""

    def __init__(self, dt=DT, V_m=-70.0, **params):
        self.p = Params(**params)
        check(self.p)
        self.c = derive(self.p, dt)
        self.s = State(V_m=V_m)

    def step(self, spikes=0.0, current=0.0):
        self.s, spiked = update(self.s, self.c, Inputs(spikes, current))
        return bool(spiked)

    def run(self, steps, **inputs):
        """V_m after each of the steps, and the numbers of those that ended in a spike."""
        V_m, spikes = [], []
        for k in range(steps):
            if self.step(**inputs):
                spikes.append(k)
            V_m.append(self.s.V_m)
        return V_m, spikes


def test_the_membrane_decays_to_rest_with_its_time_constant(tolerances):
    V_m, spikes = Neuron(V_m=-60.0, tau_m=12.0, E_L=-72.0).run(500)
    expected = [-72.0 + 12.0 * math.exp(-(k + 1) * DT / 12.0) for k in range(500)]
    assert V_m == pytest.approx(expected, rel=tolerances.ROUNDING) and not spikes


def test_a_constant_current_charges_the_membrane(tolerances):
    V_m, spikes = Neuron(I_e=300.0, tau_m=20.0, C_m=500.0).run(500)
    expected = [-70.0 + 12.0 * (1.0 - math.exp(-(k + 1) * DT / 20.0)) for k in range(500)]
    assert V_m == pytest.approx(expected, rel=tolerances.ROUNDING) and not spikes


def test_a_current_acts_from_the_step_after_its_arrival(tolerances):
    neuron = Neuron()
    neuron.step(current=300.0)
    assert neuron.s.V_m == pytest.approx(-70.0, rel=tolerances.ROUNDING)
    neuron.step()
    assert neuron.s.V_m == pytest.approx(-70.0 + 12.0 * (1.0 - math.exp(-DT / 10.0)), rel=tolerances.ROUNDING)


@pytest.mark.parametrize("weight", [3.0, -3.0])
def test_a_spike_moves_the_membrane_by_its_weight_at_once(weight, tolerances):
    neuron = Neuron()
    neuron.step(spikes=weight)
    assert neuron.s.V_m == pytest.approx(-70.0 + weight, rel=tolerances.ROUNDING)
    neuron.run(9)
    assert neuron.s.V_m == pytest.approx(-70.0 + weight * math.exp(-0.9 / 10.0), rel=tolerances.ROUNDING)


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.01])
@pytest.mark.parametrize("t_ref", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("I_e", [376.0, 400.0, 500.0, 1000.0, 5000.0])
def test_the_rate_under_a_constant_current_is_that_of_theory_to_one_step(I_e, t_ref, dt):
    depolarisation = I_e * 10.0 / 250.0
    period = t_ref + 10.0 * math.log(depolarisation / (depolarisation - 15.0))
    _, spikes = Neuron(dt=dt, I_e=I_e, t_ref=t_ref).run(round((3 * period + 1.0) / dt))
    intervals = {b - a for a, b in zip(spikes, spikes[1:])}
    assert len(spikes) >= 3 and len(intervals) == 1      # the threshold is crossed within a step and noticed at its end
    assert 0.0 <= intervals.pop() * dt - period < dt


@pytest.mark.parametrize("below", [0.1, -0.1])
def test_rheobase_separates_silence_from_firing(below):
    rheobase = 15.0 * 250.0 / 10.0
    _, spikes = Neuron(I_e=rheobase - below).run(3000)
    assert (len(spikes) > 0) == (below < 0)


def test_the_threshold_itself_is_enough_for_a_spike():
    neuron = Neuron(V_th=-60.0, V_m=-70.0, tau_m=1e300)
    assert not neuron.step(spikes=math.nextafter(10.0, 0.0) - 1e-12)
    assert Neuron(V_th=-60.0, V_m=-70.0, tau_m=1e300).step(spikes=10.0)


@pytest.mark.parametrize("t_ref, steps", [(0.0, 0), (0.5, 5), (2.0, 20), (0.25, 3), (0.7, 7), (1.1, 11)])
def test_the_membrane_is_held_at_reset_for_the_refractory_period(t_ref, steps):
    neuron = Neuron(t_ref=t_ref, V_reset=-65.0)
    assert neuron.step(spikes=100.0) and neuron.s.V_m == -65.0
    V_m, _ = neuron.run(steps + 1)
    assert V_m[:steps] == [-65.0] * steps and V_m[steps] < -65.0


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.01])
def test_refractory_periods_on_the_grid_take_so_many_steps(dt):
    for n in range(200):
        assert derive(Params(t_ref=n * 0.1), dt).n_ref == n * round(0.1 / dt)


def test_a_neuron_that_is_refractory_does_not_fire():
    neuron = Neuron(t_ref=1.0)
    assert [neuron.step(spikes=100.0) for _ in range(23)] == [k % 11 == 0 for k in range(23)]


@pytest.mark.parametrize("left", [1, 5, 19, 20])
def test_input_during_refractoriness_is_kept_decaying_or_dropped(left, tolerances):
    kept, dropped = (Neuron(refractory_input=keep, t_ref=2.0) for keep in (True, False))
    for neuron in (kept, dropped):
        neuron.step(spikes=100.0)
        neuron.run(20 - left)
        assert neuron.s.r == left
        neuron.step(spikes=4.0)                              # with `left` steps of refractoriness to go
        neuron.run(left)                                     # the last of which is the first in which V_m moves
    assert kept.s.V_m == pytest.approx(-70.0 + 4.0 * math.exp(-left * DT / 10.0), rel=tolerances.ROUNDING)
    assert dropped.s.V_m == pytest.approx(-70.0, rel=tolerances.ROUNDING)


def test_the_membrane_does_not_go_below_v_min(tolerances):
    neuron = Neuron(V_min=-75.0)
    neuron.step(spikes=-3.0)
    assert neuron.s.V_m == pytest.approx(-73.0)
    neuron.step(spikes=-30.0)
    assert neuron.s.V_m == -75.0
    neuron.run(10)
    assert neuron.s.V_m == pytest.approx(-70.0 - 5.0 * math.exp(-0.1), rel=tolerances.ROUNDING)


@pytest.mark.parametrize("name, value", [("tau_m", 0.0), ("tau_m", -1.0), ("C_m", 0.0), ("t_ref", -0.1), ("V_reset", -55.0),
                                         ("V_th", -70.0), ("tau_m", math.nan)])
def test_parameters_outside_their_domain_are_refused(name, value):
    with pytest.raises(ParameterError):
        Neuron(**{name: value})
