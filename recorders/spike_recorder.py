"""spike_recorder: records the spikes of the nodes that are connected to it (NEST's recorder of this name).

Records spikes with origin + start < t <= origin + stop.

record_to: "memory", or a file that is written while the network runs: HDF5 (a path that ends in .h5 or .hdf5; needs
`pip install "nestling[h5]"`) with spikes in SONATA's layout, /spikes/<label>/timestamps (ms) and node_ids (positions in the
recorded view, whose global ids are in /nestling/<label>/global_ids); or NEST's ascii format (.dat), whose senders are global
ids. <label> is the recorder's name where it has no label. Results read the file when they are asked for what is in it. About
every second, and whenever some 30 MB wait, all that was recorded is appended and the file closed: a crash loses at most what
came after that. A file of a process that was killed while it wrote opens by h5py.File(path, "r", swmr=True), or after
`repair(path)` by any program. simulate() makes the file; cont() appends to it.
"""
from typing import NamedTuple

from .contract import ms

RECORDS = "spikes"


class Params(NamedTuple):
    start: ms = 0.0              # begin, relative to origin
    stop: ms = float("inf")      # end, relative to origin
    origin: ms = 0.0             # shift of start and stop
    time_in_steps: bool = False  # events() gives times as numbers of steps; so do columns of a .dat file
    label: str = ""              # a name, in messages and in files
    record_to: str = "memory"    # or the path of a file
    overwrite: bool = False      # whether a file that is there already is replaced
    precision: int = 3           # decimals in a .dat file
    n_events: int = 0            # spikes recorded since the start of the run; may be set to 0
