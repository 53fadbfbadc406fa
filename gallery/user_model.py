"""A model of one's own: brainpy.state's LIFRef with exponential conductance synapses, defined in the script that uses it.

    tau dV/dt = V_rest - V + R (I + g_ex (E_ex - V) + g_inh (E_inh - V)),    tau_ex dg_ex/dt = -g_ex,    g_inh alike.

A step is brainpy.state's (0.1.0): a neuron that spiked in the step before is reset by subtracting V_th - V_reset (soft: what V
had beyond V_th is kept), conductances decay and take what arrives, and V follows exactly for conductances that are constant
over the step, unless the last spike is less than tau_ref ago. The network: 400 excitatory and 100 inhibitory neurons, each with
80 targets drawn at random, kept active by a constant current. R is 1 kohm, so that conductances in mS are in units of the leak.
"""
import argparse
from typing import Annotated, NamedTuple

from nestling import simulator as nl
from nestling.models.arithmetic import exp
from nestling.models.contract import Unit, ms, mV, refractory_steps

kohm, uA, mS = (Annotated[float, Unit(name)] for name in ("kohm", "uA", "mS"))


class LIFRef:
    class Params(NamedTuple):        # annotation: unit; value: default
        V_rest: mV = 0.0
        V_th: mV = 1.0
        V_reset: mV = 0.0
        tau: ms = 5.0
        tau_ref: ms = 5.0
        R: kohm = 1e-3
        I: uA = 0.0
        E_ex: mV = 0.0
        E_inh: mV = -80.0
        tau_ex: ms = 5.0
        tau_inh: ms = 10.0

    class State(NamedTuple):         # evolves; what a multimeter can record
        V_m: mV = 0.0
        g_ex: mS = 0.0
        g_inh: mS = 0.0
        r: int = 0                   # refractory steps left

    class Inputs(NamedTuple):        # arrives: receptor_type="ex" or "inh"
        ex: mS = 0.0
        inh: mS = 0.0

    class Step(NamedTuple):          # constants of one step: parameters, and what follows from them and dt
        p: tuple
