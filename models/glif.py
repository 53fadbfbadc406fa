"""The constants of a GLIF neuron's step (see glif_psc): the host's side of the model, with the five levels as numbers.

A mechanism that is switched off has factors that leave its variables alone and add nothing: levels may differ between nodes.
"""
from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from .contract import Along, mV, refractory_steps, require
from .propagators import from_alpha, from_exponential, mean_exponential

asc_each = Annotated[float, Along("asc_decay")]
syn_each = Annotated[float, Along("tau_syn")]


class Step(NamedTuple):
    E_L: mV
    P_V: float                   # decay of V towards E_L
    V_I: float                   # what a pA adds to V
    V_each: syn_each             # what a pA of each synaptic current adds to V
    V_slope: syn_each            # and each slope
    P_syn: syn_each              # decay of currents and slopes
    H_syn: syn_each              # what a slope adds to its current
    P_asc: asc_each              # decay of the after-spike currents
    M_asc: asc_each              # their mean over a step, relative to its beginning
    R_asc: asc_each              # what a spike and t_ref leave of them
    asc_amps: asc_each
    P_spike: float               # decay of threshold_spike
    R_spike: float               # what t_ref leaves of it
    th_spike_add: mV
    P_voltage: float             # decay of threshold_voltage
    T_V: float                   # what V - E_L at the step's beginning adds to it
    T_I: float                   # and what a pA adds
    reset_fraction: float
    reset_to: mV
    V_th: mV
    n_ref: float


def check_glif(p):
    """Refuse what no GLIF neuron can have; parameters of mechanisms that are switched off may be anything."""
    reset, currents, adapting = (np.asarray(switch, bool) for switch in
                                 (p.spike_dependent_threshold, p.after_spike_currents, p.adapting_threshold))
    require(~adapting | (reset & currents), "adapting_threshold", p.adapting_threshold,
            "False unless both spike_dependent_threshold and after_spike_currents are True")
    for on, name in ((True, "C_m"), (True, "g"), (True, "t_ref"), (True, "tau_syn"), (currents, "asc_decay"),
                     (reset, "th_spike_decay"), (adapting, "th_voltage_decay")):
        require((np.asarray(getattr(p, name)) > 0) | np.logical_not(on), name, getattr(p, name), "above 0")
    for on, name in ((currents, "asc_r"), (reset, "voltage_reset_fraction")):
        value = np.asarray(getattr(p, name))
        require((value >= 0) & (value <= 1) | ~on, name, getattr(p, name), "from 0 to 1")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")
    require(np.asarray(p.asc_init) == 0, "asc_init", p.asc_init,
            "0: NEST ignores it; give initial values to the states ASCurrents_1, ASCurrents_2, ... instead")


def glif_step(p, dt):
    """The Step of a GLIF neuron with alpha-shaped synaptic currents."""
    reset, currents, adapting = (np.asarray(switch, bool) for switch in
                                 (p.spike_dependent_threshold, p.after_spike_currents, p.adapting_threshold))
    where: Any = np.where
    tau_m, peak = p.C_m / p.g, np.e / p.tau_syn               # a spike of weight 1 begins with the slope `peak`
    gain = -np.expm1(-dt / tau_m) / p.g
    a, b = where(adapting, p.th_voltage_index, 0.0), where(adapting, p.th_voltage_decay, 1.0)
    # the response of threshold_voltage to a V - E_L that decays with tau_m from 1, and to one that stays 1
    T_V, T_1 = a * from_exponential(dt, 1.0 / b, tau_m, 1.0), -np.expm1(-b * dt) * a / b
    fraction = where(reset, p.voltage_reset_fraction, 0.0)
    return Step(E_L=p.E_L, P_V=np.exp(-dt / tau_m), V_I=gain, V_each=from_exponential(dt, tau_m, p.tau_syn, p.C_m),
                V_slope=peak * from_alpha(dt, tau_m, p.tau_syn, p.C_m), P_syn=np.exp(-dt / p.tau_syn),
                H_syn=peak * dt * np.exp(-dt / p.tau_syn), P_asc=np.exp(-dt * p.asc_decay),
                M_asc=where(currents, mean_exponential(-dt * p.asc_decay), 0.0),
                R_asc=p.asc_r * np.exp(-p.t_ref * p.asc_decay), asc_amps=where(currents, p.asc_amps, 0.0),
                P_spike=where(reset, np.exp(-dt * p.th_spike_decay), 1.0),
                R_spike=np.exp(-p.t_ref * p.th_spike_decay), th_spike_add=where(reset, p.th_spike_add, 0.0),
                P_voltage=where(adapting, np.exp(-b * dt), 1.0), T_V=T_V, T_I=(T_1 - T_V) / p.g, reset_fraction=fraction,
                reset_to=where(reset, p.E_L + p.voltage_reset_add, p.V_reset), V_th=p.V_th,
                n_ref=refractory_steps(p.t_ref, dt))
