"""spike_train_injector: emits spikes at given times, the same to every target (NEST's model of this name).

What spike_generator does, by a node that in NEST is a neuron and not a device; parameters, times and windows are the same.
"""
from .spike_generator import Params as Params
from .spike_generator import check as check
from .spike_generator import schedule as schedule
