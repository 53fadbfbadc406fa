"""spike_recorder: records the spikes of the nodes that are connected to it (NEST's recorder of this name).

Records spikes with origin + start < t <= origin + stop.
"""
from typing import NamedTuple

from .contract import ms

RECORDS = "spikes"


class Params(NamedTuple):
    start: ms = 0.0              # begin, relative to origin
    stop: ms = float("inf")      # end, relative to origin
    origin: ms = 0.0             # shift of start and stop
