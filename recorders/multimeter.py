"""multimeter: records states of the nodes that it is connected to, at regular times (NEST's recorder of this name).

Samples are taken at multiples of `interval`, or at offset, offset + interval, ..., with origin + start < t <= origin + stop, as
in NEST.

record_to: "memory", or a file that is written while the network runs (see spike_recorder): HDF5 (.h5, .hdf5) in the layout of
SONATA's reports, /report/<label>/data (samples, nodes) and mapping, one such group /report/<label>_<state> a state where
several are recorded, in as many bits as states have (libsonata reads 32, those of a simulator with precision="single"); or
NEST's ascii format (.dat), which has `precision` decimals.
"""
from typing import NamedTuple

from .contract import ms

RECORDS = "states"


class Params(NamedTuple):
    record_from: tuple = ()      # names of states
    interval: ms = 1.0           # between samples, a multiple of dt
    offset: ms = 0.0             # time of the first sample; 0: that of `interval`
    start: ms = 0.0              # begin, relative to origin
    stop: ms = float("inf")      # end, relative to origin
    origin: ms = 0.0             # shift of start and stop
    time_in_steps: bool = False  # trace_times() gives numbers of steps; so do columns of a .dat file
    label: str = ""              # a name, in messages and in files
    record_to: str = "memory"    # or the path of a file
    overwrite: bool = False      # whether a file that is there already is replaced
    precision: int = 3           # decimals in a .dat file
    n_events: int = 0            # samples recorded since the start of the run, of all nodes; may be set to 0
