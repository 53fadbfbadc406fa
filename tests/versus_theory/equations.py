"""The published equations of neurons that have no linear propagator, written again, and their solution to 12 digits.

`solve` takes a neuron from step to step by the Runge-Kutta method of order 8 (Hairer, Norsett and Wanner's DOP853) with a
tolerance of 1e-12. Conductances and synaptic currents are integrated with the potential; arriving spikes make them jump at the
ends of steps; a refractory neuron is clamped. What a spike is, is what NEST's models say: the end of a step at or above V_th
(iaf_cond_*, gif_cond_exp), the first step in which V falls again while above a level (hh_*), or V_peak, at its true time within
the step, after which integration goes on from V_reset (aeif_*). There the upstroke is solved for z = exp((V_th - V) / Delta_T),
which goes to 0 in nearly a straight line while V goes to infinity.

Citations are in the models' own docstrings, of which nothing else is used but default parameters and initial values.
"""
import math
from typing import Any, NamedTuple

import numba
import numpy as np
from scipy.integrate import ode

from nestling import simulator as nl

TOLERANCE = 1e-12
NAMES = [name for name in ("iaf_cond_exp", "iaf_cond_alpha", "iaf_cond_beta", "iaf_cond_exp_sfa_rr", "gif_cond_exp",
                           "hh_cond_exp_traub", "hh_psc_alpha", "aeif_cond_exp", "aeif_cond_alpha", "aeif_psc_exp",
                           "aeif_psc_alpha", "aeif_psc_delta") if hasattr(nl, name)]


class Equations(NamedTuple):
    """slopes(t, y, I, free, upstroke): y[0] is V, or z in an upstroke; I: current; free: 0 while V is clamped.

    arrives(y, ex, inh): what spikes of these weights add to y; fired: what the neuron's own spike adds; V_peak: NaN unless
    spikes are found within steps; level: above which a maximum of V is a spike, else NaN.
    """

    slopes: Any
    start: np.ndarray
    arrives: Any
    fired: np.ndarray
    V_th: float
    V_reset: float
    V_peak: float = math.nan
    Delta: float = math.nan
    level: float = math.nan


def conductances(p, name):
    """Leaky membranes: C dV/dt = -g_L (V - E_L) - sum g (V - E) + I."""
    C, g_L, E_L, E_ex, E_in = p.C_m, p.g_L, p.E_L, p.E_ex, p.E_in
    sfa_rr, beta = name.endswith("sfa_rr"), name.endswith("beta")
    two = beta or name.endswith("alpha")
    rise = (p.tau_rise_ex, p.tau_rise_in) if beta else (p.tau_syn_ex, p.tau_syn_in)
    decay = (p.tau_decay_ex, p.tau_decay_in) if beta else rise
    r_ex, r_in, d_ex, d_in = *rise, *decay
    E_sfa, E_rr, tau_sfa, tau_rr = (p.E_sfa, p.E_rr, p.tau_sfa, p.tau_rr) if sfa_rr else (0.0, 0.0, 1.0, 1.0)

    @numba.njit
    def slopes(t, y, I, free, upstroke):
        d = np.zeros(5)
        J = -g_L * (y[0] - E_L) - y[1] * (y[0] - E_ex) - y[2] * (y[0] - E_in) + I
        d[1], d[2] = -y[1] / r_ex, -y[2] / r_in
        if two:
            d[1], d[2], d[3], d[4] = d[1] + y[3], d[2] + y[4], -y[3] / d_ex, -y[4] / d_in
        if sfa_rr:
            J -= y[3] * (y[0] - E_sfa) + y[4] * (y[0] - E_rr)
            d[3], d[4] = -y[3] / tau_sfa, -y[4] / tau_rr
        d[0] = free * J / C
        return d

    def peak(a, b):
        """The slope with which a conductance must begin so that its greatest value is 1."""
        if a == b:
            return math.e / a
        t = a * b / (b - a) * math.log(b / a)
        return (1.0 / a - 1.0 / b) / (math.exp(-t / b) - math.exp(-t / a))

    def arrives(y, ex, inh):
        at, scale = (3, (peak(r_ex, d_ex), peak(r_in, d_in))) if two else (1, (1.0, 1.0))
        y[at] += scale[0] * ex
        y[at + 1] += scale[1] * inh

    fired = np.array([0.0, 0.0, 0.0, p.q_sfa, p.q_rr]) if sfa_rr else np.zeros(5)
    return Equations(slopes, np.zeros(5), arrives, fired, p.V_T_star if name.startswith("gif") else p.V_th, p.V_reset)


def traub(p, name):
    """The currents of Traub and Miles as in Brette et al. 2007; y: V, g_ex, g_in, m, h, n."""
    C, g_Na, g_K, g_L, E_Na, E_K, E_L = p.C_m, p.g_Na, p.g_K, p.g_L, p.E_Na, p.E_K, p.E_L
    E_ex, E_in, tau_ex, tau_in, V_T = p.E_ex, p.E_in, p.tau_syn_ex, p.tau_syn_in, p.V_T

    @numba.njit
    def slopes(t, y, I, free, upstroke):
        V, g_ex, g_in, m, h, n = y
        v = V - V_T
        a_m = 0.32 * (13.0 - v) / (math.exp((13.0 - v) / 4.0) - 1.0)
        b_m = 0.28 * (v - 40.0) / (math.exp((v - 40.0) / 5.0) - 1.0)
        a_h, b_h = 0.128 * math.exp((17.0 - v) / 18.0), 4.0 / (1.0 + math.exp((40.0 - v) / 5.0))
        a_n, b_n = 0.032 * (15.0 - v) / (math.exp((15.0 - v) / 5.0) - 1.0), 0.5 * math.exp((10.0 - v) / 40.0)
        J = (-g_Na * m**3 * h * (V - E_Na) - g_K * n**4 * (V - E_K) - g_L * (V - E_L) - g_ex * (V - E_ex)
             - g_in * (V - E_in) + I)
        return np.array([J / C, -g_ex / tau_ex, -g_in / tau_in, a_m * (1.0 - m) - b_m * m, a_h * (1.0 - h) - b_h * h,
                         a_n * (1.0 - n) - b_n * n])

    def arrives(y, ex, inh):
        y[1] += ex
        y[2] += inh
    s = getattr(nl, name).State()
    return Equations(slopes, np.array([0.0, 0.0, 0.0, s.Act_m, s.Inact_h, s.Act_n]), arrives, np.zeros(6), math.nan,
                     math.nan, level=V_T + 30.0)


def hodgkin_huxley(p, name):
    """Hodgkin and Huxley 1952 with currents that are alpha functions; y: V, I_ex, I_in, dI_ex, dI_in, m, h, n."""
    C, g_Na, g_K, g_L, E_Na, E_K, E_L = p.C_m, p.g_Na, p.g_K, p.g_L, p.E_Na, p.E_K, p.E_L
    tau_ex, tau_in = p.tau_syn_ex, p.tau_syn_in

    @numba.njit
    def slopes(t, y, I, free, upstroke):
        V, I_ex, I_in, dI_ex, dI_in, m, h, n = y
        a_n, b_n = 0.01 * (V + 55.0) / (1.0 - math.exp(-(V + 55.0) / 10.0)), 0.125 * math.exp(-(V + 65.0) / 80.0)
        a_m, b_m = 0.1 * (V + 40.0) / (1.0 - math.exp(-(V + 40.0) / 10.0)), 4.0 * math.exp(-(V + 65.0) / 18.0)
        a_h, b_h = 0.07 * math.exp(-(V + 65.0) / 20.0), 1.0 / (1.0 + math.exp(-(V + 35.0) / 10.0))
        J = -g_Na * m**3 * h * (V - E_Na) - g_K * n**4 * (V - E_K) - g_L * (V - E_L) + I_ex - I_in + I
        return np.array([J / C, dI_ex - I_ex / tau_ex, dI_in - I_in / tau_in, -dI_ex / tau_ex, -dI_in / tau_in,
                         a_m * (1.0 - m) - b_m * m, a_h * (1.0 - h) - b_h * h, a_n * (1.0 - n) - b_n * n])

    def arrives(y, ex, inh):
        y[3] += ex * math.e / tau_ex
        y[4] += inh * math.e / tau_in
    s = getattr(nl, name).State()
    return Equations(slopes, np.array([0.0, 0.0, 0.0, 0.0, 0.0, s.Act_m, s.Inact_h, s.Act_n]), arrives, np.zeros(8), math.nan,
                     math.nan, level=0.0)


def adaptive_exponential(p, name):
    """Brette and Gerstner 2005; y: V or z, w, synapse ex and in, and of alpha functions their drives."""
    C, g_L, E_L, V_th, V_peak, Delta, a, tau_w = p.C_m, p.g_L, p.E_L, p.V_th, p.V_peak, p.Delta_T, p.a, p.tau_w
    cond, alpha, delta = "cond" in name, name.endswith("alpha"), name.endswith("delta")
    E_ex, E_in = (p.E_ex, p.E_in) if cond else (0.0, 0.0)
    tau_ex, tau_in = (1.0, 1.0) if delta else (p.tau_syn_ex, p.tau_syn_in)
    last = math.exp((V_th - V_peak) / Delta)

    @numba.njit
    def slopes(t, y, I, free, upstroke):
        d = np.zeros(6)
        V = V_th - Delta * math.log(max(y[0], last)) if upstroke else y[0]
        J = -g_L * (V - E_L) - y[1] + I
        J += -y[2] * (V - E_ex) - y[3] * (V - E_in) if cond else y[2] - y[3]
        if upstroke:
            d[0] = -g_L / C - y[0] * J / (Delta * C)
        else:
            d[0] = free * (J + g_L * Delta * math.exp((min(V, V_peak) - V_th) / Delta)) / C
        d[1] = (a * (V - E_L) - y[1]) / tau_w
        d[2], d[3] = -y[2] / tau_ex, -y[3] / tau_in
        if alpha:
            d[2], d[3], d[4], d[5] = d[2] + y[4], d[3] + y[5], -y[4] / tau_ex, -y[5] / tau_in
        return d

    def arrives(y, ex, inh):
        if delta:
            y[0] += ex - inh
        elif alpha:
            y[4] += ex * math.e / tau_ex
            y[5] += inh * math.e / tau_in
        else:
            y[2] += ex
            y[3] += inh
    return Equations(slopes, np.zeros(6), arrives, np.array([0.0, p.b, 0.0, 0.0, 0.0, 0.0]), V_th, p.V_reset, V_peak, Delta)


def equations(name, p):
    kind = {"aeif": adaptive_exponential, "hh_c": traub, "hh_p": hodgkin_huxley}
    return kind.get(name[:4], conductances)(p, name)


class Flow:
    """The solution after a time h; the solver is kept."""

    def __init__(self, slopes):
        self.solver = ode(slopes).set_integrator("dop853", rtol=TOLERANCE, atol=TOLERANCE, nsteps=100_000)

    def __call__(self, y, h, I, free=1.0, upstroke=False):
        if h <= 0.0:
            return y.copy()
        self.solver.set_f_params(I, free, upstroke).set_initial_value(y, 0.0)
        found = self.solver.integrate(h)
        assert self.solver.successful()
        return found


def to_the_peak(e, flow, y, h, I):
    """Move on for h or until V_peak: the state there, V being V_peak in the latter case, and the time spent."""
    if y[0] < e.V_th - 8.0 * e.Delta:
        y = flow(y, h, I)
        assert y[0] < e.V_peak
        return y, h
    low, last = y.copy(), math.exp((e.V_th - e.V_peak) / e.Delta)
    low[0] = math.exp((e.V_th - low[0]) / e.Delta)
    end = flow(low, h, I, 1.0, True)
    if end[0] > last:
        end[0] = e.V_th - e.Delta * math.log(end[0])
        return end, h
    before, after, t = (0.0, low[0] - last), (h, end[0] - last), 0.0
    for _ in range(60):                                 # z is nearly straight: the secant method, with a bracket
        t = before[0] + (after[0] - before[0]) * before[1] / (before[1] - after[1])
        end = flow(low, t, I, 1.0, True)
        miss = end[0] - last
        if abs(miss) < 1e-13 * low[0] or after[0] - before[0] < 1e-13:
            break
        before, after = ((t, miss), after) if miss > 0.0 else (before, (t, miss))
    end[0] = e.V_peak
    return end, t


def solve(name, p, dt, arrivals, current, settle=None):
    """V at the ends of all steps and spikes in steps, from 1: arrivals (steps, 2) is what comes at the end of a step.

    current (steps,) flows in a step, I_e included. settle: V at the beginning, if not the model's default.
    """
    e = equations(name, p)
    flow, y, held = Flow(e.slopes), e.start.copy(), 0
    y[0] = getattr(nl, name).State().V_m if settle is None else settle
    n_ref = math.ceil(round(p.t_ref / dt, 6))
    V, spikes = np.empty(len(current)), []
    within, maxima, gif = not math.isnan(e.V_peak), not math.isnan(e.level), name.startswith("gif")
    for k, I in enumerate(current):
        before, spiked, was_held = y[0], False, held > 0
        if was_held and not maxima:
            y[0] = e.V_reset
        left = dt
        while left > 0.0 and within and not was_held:
            y, spent = to_the_peak(e, flow, y, left, I)
            left = left - spent if y[0] >= e.V_peak else 0.0
            if y[0] >= e.V_peak:
                y, spiked = y + e.fired, True
                y[0] = e.V_reset
                if n_ref:
                    break
        y = flow(y, left if within and not was_held else dt, I, 1.0 if maxima else 0.0 if was_held or spiked else 1.0)
        if within and not (was_held or (spiked and n_ref)):
            e.arrives(y, *arrivals[k])
            if y[0] >= e.V_peak:
                y, spiked = y + e.fired, True
                y[0] = e.V_reset
        elif not within or not name.endswith("delta"):
            e.arrives(y, *arrivals[k])
        if maxima:
            spiked = held <= 0 and y[0] >= e.level and before > y[0]
        elif not within and not was_held and y[0] >= e.V_th:
            y, spiked = y + e.fired, True
            y[0] = y[0] if gif else e.V_reset
        held = n_ref if spiked else max(held - 1, 0)
        V[k] = y[0]
        if spiked:
            spikes.append(k + 1)
    return V, np.array(spikes, int)


# --- experiments -------------------------------------------------------------------------------------------------------

GIVEN = dict(tau_syn_ex=2.0, tau_syn_in=5.0, tau_rise_ex=1.0, tau_decay_ex=3.0, tau_rise_in=2.0, tau_decay_in=6.0,
             lambda_0=1e3, Delta_V=1e-6, V_T_star=-50.0)     # gif_cond_exp: no chance in so sharp a threshold
PULSES = {"iaf": (1.5, -2.0), "gif": (0.3, -0.3), "hh_cond_exp_traub": (0.3, -0.3), "hh_psc_alpha": (20.0, -20.0),
          "aeif_cond": (4.0, -3.0), "aeif_psc_d": (1.0, -1.0), "aeif_psc": (150.0, -100.0)}      # nS, pA or mV
# by how much PULSES must grow for some spikes in 150 ms, with half of the second of CURRENTS
FIRING = {"iaf_cond_exp": 2.0, "iaf_cond_alpha": 0.7, "iaf_cond_beta": 0.7, "iaf_cond_exp_sfa_rr": 4.0, "gif_cond_exp": 14.0,
          "hh_cond_exp_traub": 4.0, "hh_psc_alpha": 2.0, "aeif_cond_exp": 3.0, "aeif_cond_alpha": 1.0, "aeif_psc_exp": 5.0,
          "aeif_psc_alpha": 2.0, "aeif_psc_delta": 4.0}
CURRENTS = {name: next(c for k, c in {"iaf_cond_exp_sfa_rr": (600.0, 900.0, 1500.0), "iaf": (300.0, 500.0, 900.0),
                                      "gif": (160.0, 200.0, 300.0), "hh_c": (300.0, 500.0, 1000.0),
                                      "hh_p": (700.0, 1000.0, 1500.0), "aeif": (700.0, 900.0, 1500.0)}.items()
                       if name.startswith(k)) for name in NAMES}                                 # pA


def given_of(name):
    return {k: v for k, v in GIVEN.items() if k in getattr(nl, name).Params._fields}


def step_of(times, dt):
    return np.rint(np.asarray(times) / dt).astype(int)


def away(n, *spikes, before=20, after=20):
    """Which of n steps are no nearer to any spike than so many steps."""
    found = np.ones(n, bool)
    for k in np.concatenate(spikes):
        found[max(k - before, 0):k + after] = False
    return found


class Experiment:
    """A neuron with a train into each synapse and a current that changes, on a grid of 0.2 ms so that all steps share it."""

    def __init__(self, name, time, scale=1.0, current=0.0, seed=3):
        self.name, self.time, self.given = name, time, given_of(name)
        rng = np.random.default_rng(seed)
        weights = next(w for k, w in PULSES.items() if name.startswith(k))
        n = int(time / 0.2) - 10
        self.trains = [(w * scale, 0.2 * (1 + np.flatnonzero(rng.random(n) < chance)))
                       for w, chance in zip(weights, (0.2, 0.1))]
        self.currents = ((0.2, current), (0.55 * time - 0.55 * time % 0.2, current * 0.8))

    def here(self, dt, backend="cpu"):
        sim = nl.Simulator(dt=dt, threads=1, backend=backend)
        cell = sim.create(getattr(nl, self.name), params=self.given)
        meter, recorder = sim.create(nl.multimeter, record_from=["V_m"], interval=dt), sim.create(nl.spike_recorder)
        for weight, times in self.trains:
            sim.connect(sim.create(nl.spike_generator, spike_times=np.round(times, 9)), cell, weight=weight, delay=1.0)
        times, values = zip(*self.currents)
        sim.connect(sim.create(nl.step_current_generator, amplitude_times=np.round(times, 9), amplitude_values=values), cell,
                    delay=1.0)
        sim.connect(meter, cell)
        sim.connect(cell, recorder)
        res = sim.simulate(self.time)
        return res.trace(meter, "V_m", plain=True)[:, 0], step_of(res.events(recorder, plain=True)[0], dt)

    def solution(self, dt):
        n = round(self.time / dt)
        arrivals, current = np.zeros((n, 2)), np.zeros(n)
        for weight, times in self.trains:
            arrivals[step_of(times + 1.0, dt) - 1, 0 if weight > 0 else 1] += abs(weight)
        for t, value in self.currents:
            current[round((t + 1.0) / dt):] = value
        return solve(self.name, getattr(nl, self.name).Params(**self.given), dt, arrivals, current)


def rate(spikes, n):
    """Of n spikes, from the first to the last, per step: the first latency is no part of a rate."""
    return (n - 1) / (spikes[n - 1] - spikes[0])


def true_spikes(name, time=2000.0, dt=0.1):
    """Spikes in steps under each of CURRENTS."""
    n, p = round(time / dt), getattr(nl, name).Params(**given_of(name))
    return [solve(name, p, dt, np.zeros((n, 2)), np.full(n, current))[1] for current in CURRENTS[name]]


def spikes_here(name, backend="cpu", time=2000.0, dt=0.1):
    sim = nl.Simulator(dt=dt, threads=1, backend=backend)
    cells = sim.create(getattr(nl, name), len(CURRENTS[name]), params=dict(given_of(name), I_e=list(CURRENTS[name])))
    recorder = sim.create(nl.spike_recorder)
    sim.connect(cells, recorder)
    times, senders = sim.simulate(time).events(recorder, plain=True)
    return [step_of(times[senders == i], dt) for i in range(len(CURRENTS[name]))]


def rate_errors(name, backend="cpu", time=2000.0, found=None, true=None):
    """Relative errors of the rate under each of CURRENTS."""
    errors = []
    for ours, spikes in zip(found or spikes_here(name, backend, time), true or true_spikes(name, time)):
        n = min(len(ours), len(spikes))
        assert n >= 3 and abs(len(ours) - len(spikes)) <= 1 + n / 200, (len(ours), len(spikes))
        errors.append(rate(ours, n) / rate(spikes, n) - 1.0)
    return errors
