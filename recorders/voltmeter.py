"""voltmeter: a multimeter that records V_m (NEST's recorder of this name)."""
from typing import NamedTuple

from .contract import ms

RECORDS = "states"


class Params(NamedTuple):
    record_from: tuple = ("V_m",)  # names of states
    interval: ms = 1.0             # between samples
    start: ms = 0.0                # begin, relative to origin
    stop: ms = float("inf")        # end, relative to origin
    origin: ms = 0.0               # shift of start and stop
