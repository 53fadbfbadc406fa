"""The solvers of differential equations on systems whose solution is known: order, stability, and the same bits compiled."""
import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nestling import simulator as nl
from nestling.models import hh_cond_exp_traub as traub
from nestling.models import solvers
from nestling.models.arithmetic import exp
from nestling.models.contract import mV

SOLVERS = {name: getattr(solvers, name) for name in ("rk4", "staggered", "rkf45")}


def membrane(y, a):
    """dV/dt = -g (V - E), dg/dt = -g / tau; a: E, tau."""
    g, (E, tau) = y[1], a
    return (g * E, 0.0), (-g, -1.0 / tau)


def membrane_after(t, V=-70.0, g=0.8, E=10.0, tau=3.0):
    return E + (V - E) * math.exp(-g * tau * -math.expm1(-t / tau)), g * math.exp(-t / tau)


def oscillator(y, a):
    """A circle run through once in 2 pi."""
    return (y[1], -y[0]), (0.0, 0.0)


def predator(y, a):
    """dx/dt = x (1 - x), du/dt = u x: x is logistic and u its own integral's exponential."""
    return (0.0, 0.0), (1.0 - y[0], y[0])


def predator_after(t, x=0.1, u=2.0):
    grown = 1.0 + x * math.expm1(t)
    return x * math.exp(t) / grown, u * grown


SYSTEMS = {"membrane": (membrane, (-70.0, 0.8), (10.0, 3.0), membrane_after),
           "oscillator": (oscillator, (1.0, 0.5), (), lambda t: (math.cos(t) + 0.5 * math.sin(t),
                                                                0.5 * math.cos(t) - math.sin(t))),
           "logistic": (predator, (0.1, 2.0), (), predator_after)}


def run(solver, derivatives, y, a, h, time):
    for _ in range(round(time / h)):
        y = solver(derivatives, y, h, a)
    return np.array(y)


def order(steps, errors):
    """The slope of log error over log step."""
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


# (staggered takes equations whose A and B do not depend on their own variable, which the logistic one's do)
@pytest.mark.parametrize("name, system", [("rk4", "membrane"), ("rk4", "oscillator"), ("rk4", "logistic"),
                                          ("staggered", "membrane"), ("staggered", "oscillator")])
def test_the_error_falls_with_the_fourth_power_of_the_step(name, system):
    derivatives, y, a, exact = SYSTEMS[system]
    steps = 0.2, 0.1, 0.05, 0.025
    errors = [abs(run(SOLVERS[name], derivatives, y, a, h, 4.0) - exact(4.0)).max() for h in steps]
    assert 3.8 < order(steps, errors) < 4.3, errors


@pytest.mark.parametrize("system", SYSTEMS)
def test_rkf45_keeps_its_tolerance_at_any_step(system):
    derivatives, y, a, exact = SYSTEMS[system]
    for h in (2.0, 0.5, 0.1):
        error = abs(run(solvers.rkf45, derivatives, y, a, h, 4.0) - exact(4.0)) / (1.0 + abs(np.array(exact(4.0))))
        assert error.max() < 200.0 * solvers.TOLERANCE           # of some 100 sub-steps


def test_fehlbergs_steps_are_of_fifth_order_and_their_error_is_of_the_fifth_power():
    derivatives, y, a, exact = SYSTEMS["membrane"]
    steps = 0.4, 0.2, 0.1
    both = [solvers.fehlberg(derivatives, y, h, a) for h in steps]
    assert order(steps, [abs(new[0] - exact(h)[0]) for h, (new, _) in zip(steps, both)]) > 5.7
    assert order(steps, [abs(error[0]) for _, error in both]) == pytest.approx(5.0, abs=0.2)


def spike(h, solver, time=4.0, I=1000.0):
    """Potential and gates of a Hodgkin-Huxley neuron through its action potential, no spike being looked for."""
    c, s = traub.derive(traub.Params(), h), traub.State()
    return run(solver, traub.derivatives, (s.V_m, s.Act_m, s.Inact_h, s.Act_n, 5.0, 2.0), (c, I), h, time)


def test_staggered_is_of_fourth_order_on_an_action_potential():
    c, s = traub.derive(traub.Params(), 0.1), traub.State()
    found = solve_ivp(lambda t, y: solvers.slope(traub.derivatives, tuple(y), (c, 1000.0)), (0.0, 4.0),
                      (s.V_m, s.Act_m, s.Inact_h, s.Act_n, 5.0, 2.0), method="DOP853", rtol=1e-12, atol=1e-14)
    assert found.y[0].max() > 20.0
    steps = 0.01, 0.005, 0.0025
    errors = [abs(spike(h, solvers.staggered) - found.y[:, -1])[0] for h in steps]
    assert 3.7 < order(steps, errors) < 4.5, errors


@pytest.mark.parametrize("g", [1e3, 1e6, 1e9, 1e12])
def test_staggered_is_stable_whatever_the_conductance(g):
    """A conductance that takes the membrane to 0 mV within no time: V goes there, and stays between the two potentials."""
    c, s = traub.derive(traub.Params(), 0.1), traub.State()
    y = (s.V_m, s.Act_m, s.Inact_h, s.Act_n, g, 0.0)
    wild = [y]
    for _ in range(300):
        y = solvers.staggered(traub.derivatives, y, 0.1, (c, 0.0))
        assert -100.0 < y[0] < 60.0 and all(-1e-6 <= x <= 1.0 + 1e-6 for x in y[1:4])
        wild.append(y)
    exploded = solvers.rk4(traub.derivatives, wild[0], 0.1, (c, 0.0))
    assert g < 1e5 or not abs(exploded[0]) < 1e3             # which is why there is another solver than rk4


class Neuron:
    """Some of everything: an exponential, a potential and a gate that depend on each other."""

    class Params(NamedTuple):
        E: mV = 10.0

    class State(NamedTuple):
        V_m: mV = -70.0
        gate: float = 0.1

    class Inputs(NamedTuple):
        spikes: mV = 0.0

    class Step(NamedTuple):
        h: float
        E: float

    SOLVER = solvers.rk4

    def derive(p, dt):
        return Neuron.Step(h=dt, E=p.E)

    def derivatives(y, a):
        V, gate = y
        up = exp(0.05 * (V + 40.0))
        return (2.0 * gate * a, up * 0.3), (-0.2 - 2.0 * gate, -0.3 * up - 0.5)

    def update(s, c, x, solve):
        V, gate = solve(Neuron.derivatives, (s.V_m, s.gate), c.h, c.E)
        return Neuron.State(V + x.spikes, gate), False





@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_compiled_gives_the_bits_of_plain_python(backend, name):
    sim = nl.Simulator(dt=0.25, threads=1, backend=backend)
    cell = sim.create(Neuron, solver=SOLVERS[name])
    meter = sim.create(nl.multimeter, record_from=["V_m", "gate"], interval=0.25)
    sim.connect(meter, cell)
    res = sim.simulate(50.0)
    s, c = Neuron.State(), Neuron.derive(Neuron.Params(), 0.25)
    for V, gate in zip(res.trace(meter, "V_m", plain=True)[:, 0], res.trace(meter, "gate", plain=True)[:, 0]):
        s, _ = Neuron.update(s, c, Neuron.Inputs(), SOLVERS[name])
        assert (V, gate) == (s.V_m, s.gate)
