"""A program's arrays in the memory of a GPU: what is bound on the host finds its address there, and is copied in bulk."""
from __future__ import annotations

import weakref
from collections.abc import Hashable
from typing import Any

import numpy as np

from .bodies import Memory, change_records
from .plan import Changes

CHUNK = 1 << 20                 # bytes that small arrays share
ALIGNED = 256


class DeviceMemory(Memory):
    """The arrays of a program on a GPU, and what is in them at t = 0."""

    def __init__(self, device: Any) -> None:
        super().__init__()
        self.device = device
        self._places: dict[int, int] = {}                           # addresses on the GPU by id of the host's array
        self._owned: list[int] = []
        self._chunks: list[tuple[int, np.ndarray, list[tuple[int, np.ndarray]]]] = []
        self._room = 0                                              # bytes left in the last chunk
        self._large: list[np.ndarray] = []
        self._blank: list[tuple[int, int]] = []                     # what is zero at t = 0: address, bytes
        weakref.finalize(self, give_back, device, self._owned)

    def allocate(self, nbytes: int) -> int:
        self._owned.append(self.device.allocate(nbytes))
        return self._owned[-1]

    def release(self, address: int) -> None:
        """Give back what `allocate` gave, if it did."""
        if address in self._owned:
            self._owned.remove(address)
            self.device.free(address)

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Room on the GPU for an array of the host, whose contents `upload` copies."""
        assert array.flags.c_contiguous
        if id(array) in self._places:
            return array
        self.kept.append(array)                                     # so that its id stays its own
        if array.nbytes > CHUNK // 16:
            self._places[id(array)] = self.allocate(array.nbytes)
            self._large.append(array)
            return array
        size = -(-max(array.nbytes, 1) // ALIGNED) * ALIGNED
        if size > self._room:
            self._chunks.append((self.allocate(CHUNK), np.zeros(CHUNK, np.uint8), []))
            self._room = CHUNK
        address, _, arrays = self._chunks[-1]
        offset = CHUNK - self._room
        arrays.append((offset, array))
        self._places[id(array)] = address + offset
        self._room -= size
        return array

    def address(self, array: np.ndarray) -> int:
        return self._places[id(array)]

    def room(self, n: int, kind: Any) -> int:
        """None: a thread draws its numbers when it needs them."""
        return 0

    def instead(self, place: Hashable, array: np.ndarray) -> int:
        """Room is kept for every form of array that was in this place: there are few."""
        form = place, array.shape, array.dtype
        kept = self._instead.get(form)
        if kept is None:
            kept = self._instead[form] = self.keep(array.copy())
        kept[...] = array
        self.device.upload(self.address(kept), kept)
        return self.address(kept)

    def blank(self, nbytes: int) -> int:
        """The address of bytes that are zero at t = 0."""
        self._blank.append((self.allocate(nbytes), nbytes))
        return self._blank[-1][0]

    def series(self, source: Any, changes: Changes, n: int) -> int:
        """Each node's changes together, since each is a thread's own; how many of them are past; the values of the moment."""
        order = np.argsort(changes.nodes, kind="stable")
        mine = Changes(changes.steps[order], changes.nodes[order], changes.values[order])
        begins = np.searchsorted(mine.nodes, np.arange(n + 1)).astype(np.int64)
        source["kind"], source["n_changes"], source["changes_at"] = 6, len(mine.steps), self.at(change_records(mine))
        source["which_at"], source["words_at"], source["values_at"] = self.at(begins), self.blank(8 * n), self.blank(8 * n)
        return int(source["values_at"])

    def upload(self) -> None:
        """Copy what the host's arrays hold now."""
        for address, image, arrays in self._chunks:
            for offset, array in arrays:
                image[offset:offset + array.nbytes] = array.reshape(-1).view(np.uint8)
            self.device.upload(address, image)
        for array in self._large:
            self.device.upload(self.address(array), array)

    def reset(self) -> None:
        """All arrays as they are at t = 0."""
        super().reset()
        for array, _ in self._at_start:
            self.device.upload(self.address(array), array)
        for address, nbytes in self._blank:
            self.device.zero(address, nbytes)


class Mirror:
    """Arrays whose values of the moment are on the GPU, and on the host when they are asked for."""

    def __init__(self, device: Any, arrays: list[tuple[int, np.ndarray]]) -> None:
        """arrays: addresses on the GPU, and the host's arrays."""
        self.device, self.arrays, self.here = device, arrays, False

    def fetch(self) -> None:
        """Bring them to the host, where they may be read and changed until `settle`."""
        if not self.here:
            for address, array in self.arrays:
                self.device.download(address, array)
            self.here = True

    def settle(self) -> None:
        """Bring what the host may have changed back to the GPU."""
        if self.here:
            for address, array in self.arrays:
                self.device.upload(address, array)
            self.here = False


def give_back(device: Any, addresses: list[int]) -> None:
    for address in addresses:
        device.free(address)
