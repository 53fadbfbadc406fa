"""The synapse table in a GPU's memory. Its groups are cut into pieces, so that many threads share what one spike reaches."""
from __future__ import annotations

from typing import Any

import numpy as np

from .cuda_memory import DeviceMemory
from .stored import Table

PIECE = 256                     # synapses of a group at most: eight for each thread of a warp


class TableOnDevice:
    """A partition's synapses on a GPU; addresses: of the fields of layout.PART."""

    def __init__(self, device: Any, table: Table) -> None:
        self.table, self.memory = table, DeviceMemory(device)
        first, groups = cut_groups(table.first_group, table.groups)
        arrays = dict(first_group_at=first, groups_at=groups, targets_at=table.targets, weights32_at=table.weights32,
                      weights64_at=table.weights64, classes_at=table.classes)
        self.addresses = {name: self.memory.at(array) for name, array in arrays.items()}
        self.memory.upload()

    def upload_weights(self) -> None:
        """Copy the weights and the classes, which may have been set."""
        for array in (self.table.weights32, self.table.weights64, self.table.classes):
            self.memory.device.upload(self.memory.address(array), array)


def cut_groups(first: np.ndarray, groups: np.ndarray, longest: int = PIECE) -> tuple[np.ndarray, np.ndarray]:
    """The headers of groups of no more than `longest` synapses, and where those of each source begin."""
    sizes = groups["end"].astype(np.int64) - groups["begin"]
    pieces = np.maximum(-(-sizes // longest), 1)
    if not (pieces > 1).any():
        return first, groups
    begins = np.concatenate([[0], np.cumsum(pieces)])
    cut = np.repeat(groups, pieces)
    offset = longest * (np.arange(len(cut)) - np.repeat(begins[:-1], pieces))
    cut["begin"] += offset.astype(np.uint32)
    cut["end"] = np.minimum(cut["begin"].astype(np.int64) + longest, cut["end"])
    return begins[first].astype(first.dtype), cut
