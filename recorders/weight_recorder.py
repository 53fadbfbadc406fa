"""weight_recorder: records the weights of the connections that spikes go through (NEST's recorder of this name).

It is attached when nodes are connected, `connect(pre, post, weight_recorder=recorder)`, in any number of calls. A spike
stamped t is recorded once for every synapse that it goes through, under t (not under the time at which it arrives), with its
sender, and the target, weight and receptor of the synapse; the weight is that which the synapse had when the spike was sent.
Those of a generator whose spike times are given are recorded, too (NEST records none of generators); generators that draw a
train for each connection are refused.

Records spikes with origin + start < t <= origin + stop. `res.events(recorder)` gives times and senders, and `res.weights`,
`res.targets` and `res.receptors` the rest, in the same order: of time, then sender, target, and connect() call.

record_to: "memory", or a file (see spike_recorder): HDF5 with the columns of /weights/<label>, timestamps (ms), source_node_id
and target_node_id (positions, whose global ids are in /nestling/<label>), weights and receptors; or NEST's ascii format
without its column `ports`, which have no meaning here.
"""
from typing import NamedTuple

from .contract import ms, nodes

RECORDS = "weights"


class Params(NamedTuple):
    senders: nodes = ()          # record spikes of these nodes only
    targets: nodes = ()          # record connections to these nodes only
    start: ms = 0.0              # begin, relative to origin
    stop: ms = float("inf")      # end, relative to origin
    origin: ms = 0.0             # shift of start and stop
    time_in_steps: bool = False  # events() gives times as numbers of steps; so do columns of a .dat file
    label: str = ""              # a name, in messages and in files
    record_to: str = "memory"    # or the path of a file
    overwrite: bool = False      # whether a file that is there already is replaced
    precision: int = 3           # decimals in a .dat file
    n_events: int = 0            # rows recorded since the start of the run; may be set to 0
