"""glif_psc: generalised leaky integrate-and-fire neuron (GLIF) with alpha-shaped synaptic currents.

Teeter et al. 2018, Nat. Commun. 9:709. A spike comes where V exceeds threshold = V_th + threshold_spike + threshold_voltage;

    C_m dV/dt = -g (V - E_L) + I(t) + sum_k I_syn_k + sum_j ASC_j,       dASC_j/dt = -asc_decay_j ASC_j,
    d threshold_spike / dt = -th_spike_decay threshold_spike,
    d threshold_voltage / dt = th_voltage_index (V - E_L) - th_voltage_decay threshold_voltage.

Level 1 (LIF) resets V to V_reset. spike_dependent_threshold (level 2, LIF_R): a spike adds th_spike_add to threshold_spike, and
V becomes E_L + voltage_reset_fraction (V - E_L) + voltage_reset_add. after_spike_currents (level 3, LIF_ASC): ASC_j becomes
asc_amps_j + asc_r_j ASC_j. Both together make level 4 (LIF_R_ASC), adapting_threshold beyond these level 5 (LIF_R_ASC_A).
A spike of weight w at receptor k = 1, 2, ... evokes the current w e (t / tau) exp(-t / tau), tau the k-th of tau_syn.

Exact propagators, but for two things that are NEST's: ASC_j acts on V by its mean over the step, and threshold_voltage does not
see synaptic currents within a step. Order of events of NEST's model of this name: V moves on from the step's beginning, then
the thresholds; at a spike the V before the step is reset, at once, and ASC_j and threshold_spike are those that remain at the
end of the refractory period, in which they stand still with V and threshold_voltage (synaptic currents go on).
"""
from typing import Annotated, NamedTuple

from .arithmetic import each, moved, times, total
from .contract import Along, Unit, ms, mV, nS, pA, pF
from .contract import times as list_of_times
from .glif import Step as Step
from .glif import check_glif, glif_step

check, derive = check_glif, glif_step
currents = Annotated[tuple, Unit("pA"), Along("asc_decay")]
rates = Annotated[tuple, Unit("kHz")]


class Params(NamedTuple):
    g: nS = 9.43                 # membrane conductance
    E_L: mV = -78.85             # resting potential
    C_m: pF = 58.72              # membrane capacitance
    V_th: mV = -51.68            # threshold at rest
    V_reset: mV = -78.85         # potential after a spike (levels 1 and 3)
    t_ref: ms = 3.75             # refractory period
    tau_syn: list_of_times = (2.0,)     # rise times of synaptic currents, one a receptor
    spike_dependent_threshold: bool = False
    after_spike_currents: bool = False
    adapting_threshold: bool = False
    voltage_reset_fraction: float = 0.2
    voltage_reset_add: mV = 18.51
    th_spike_add: mV = 0.37
    th_spike_decay: Annotated[float, Unit("kHz")] = 0.009
    th_voltage_index: Annotated[float, Unit("kHz")] = 0.005
    th_voltage_decay: Annotated[float, Unit("kHz")] = 0.09
    asc_init: currents = (0.0, 0.0)     # without effect
    asc_decay: rates = (0.003, 0.1)
    asc_amps: currents = (-9.18, -198.94)
    asc_r: Annotated[tuple, Unit(""), Along("asc_decay")] = (1.0, 1.0)


class State(NamedTuple):
    V_m: mV = -78.85             # membrane potential
    threshold: mV = -51.68
    threshold_spike: mV = 0.0
    threshold_voltage: mV = 0.0
    ASCurrents_sum: pA = 0.0     # mean of the after-spike currents over the step
    ASCurrents: Annotated[float, Unit("pA"), Along("asc_decay")] = 0.0
    I_syn: pA = 0.0              # sum of the synaptic currents at the step's beginning
    I_each: Annotated[float, Unit("pA"), Along("tau_syn")] = 0.0
    slopes: Annotated[float, Unit("pA"), Along("tau_syn")] = 0.0     # of the currents but for the decay, in units of e / tau
    I: pA = 0.0                  # current that arrived in the step
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    spikes: Annotated[float, Unit("pA"), Along("tau_syn")] = 0.0
    current: pA = 0.0


def either(a, b, first):
    return a if first else b


def update(s, c, x):
    held, u, asc = s.r > 0.0, s.V_m - c.E_L, total(each(times, c.M_asc, s.ASCurrents))
    V = (c.E_L + c.P_V * u + c.V_I * (s.I + asc) + total(each(times, c.V_each, s.I_each))
         + total(each(times, c.V_slope, s.slopes)))
    spike = c.P_spike * s.threshold_spike
    voltage = c.P_voltage * s.threshold_voltage + c.T_V * u + c.T_I * (s.I + asc)
    spiked = (c.V_th + spike + voltage < V) & (s.r <= 0.0)
    V = s.V_m if held else c.reset_to + c.reset_fraction * u if spiked else V
    spike = s.threshold_spike if held else c.R_spike * spike + c.th_spike_add if spiked else spike
    voltage = s.threshold_voltage if held else voltage
    left = each(times, c.P_asc, s.ASCurrents)
    ASC = each(either, s.ASCurrents, each(either, each(moved, c.asc_amps, c.R_asc, left), left, spiked), held)
    I_each = each(moved, each(times, c.P_syn, s.I_each), c.H_syn, s.slopes)
    return State(V, c.V_th + spike + voltage, spike, voltage, s.ASCurrents_sum if held else asc, ASC,
                 s.I_syn if held else total(s.I_each), I_each, each(moved, x.spikes, c.P_syn, s.slopes), x.current,
                 c.n_ref if spiked else max(s.r - 1.0, 0.0)), spiked
