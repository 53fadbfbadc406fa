"""multimeter: records states of the nodes that it is connected to, at regular times (NEST's recorder of this name).

Samples are taken at multiples of `interval` with origin + start < t <= origin + stop, as in NEST.
"""
from typing import NamedTuple

from .contract import ms

RECORDS = "states"


class Params(NamedTuple):
    record_from: tuple = ()      # names of states
    interval: ms = 1.0           # between samples
    start: ms = 0.0              # begin, relative to origin
    stop: ms = float("inf")      # end, relative to origin
    origin: ms = 0.0             # shift of start and stop
