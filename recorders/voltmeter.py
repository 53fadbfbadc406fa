"""voltmeter: a multimeter that records V_m (NEST's recorder of this name)."""
from typing import NamedTuple

from .contract import ms

RECORDS = "states"


class Params(NamedTuple):
    record_from: tuple = ("V_m",)  # names of states
    interval: ms = 1.0             # between samples, a multiple of dt
    offset: ms = 0.0               # time of the first sample; 0: that of `interval`
    start: ms = 0.0                # begin, relative to origin
    stop: ms = float("inf")        # end, relative to origin
    origin: ms = 0.0               # shift of start and stop
    time_in_steps: bool = False    # trace_times() gives numbers of steps; so do columns of a .dat file
    label: str = ""                # a name, in messages and in files
    record_to: str = "memory"      # or the path of a file
    overwrite: bool = False        # whether a file that is there already is replaced
    precision: int = 3             # decimals in a .dat file
    n_events: int = 0              # samples recorded since the start of the run, of all nodes; may be set to 0
