"""Expressions computed one value at a time, word by word, as their documentation has it."""
from __future__ import annotations

from typing import Any

import numpy as np

from nestling.connect import draws
from nestling.connect.arithmetic import FUNCTIONS
from nestling.connect.expressions import way
from nestling.connect.trees import Apply, Distance, Number, Redraw


class Value:
    """One place of a row: every distribution of the tree has a sequence of words there, and reads on when drawn again."""

    def __init__(self, row: int, place: int, stream: int, domain: int, seed: int, displacement: Any = None, pair: Any = None):
        self.row, self.place, self.stream, self.domain, self.key = row, place, stream, domain, draws.key_of(seed)
        self.displacement, self.pair = displacement, pair
        self.used: dict[int, int] = {}
        self.numbers: dict[tuple[int, ...], int] = {}

    def word(self, leaf: int) -> np.uint32:
        """The next word of a distribution: first that of its lane in a block of four, then from blocks of its own."""
        n = self.used[leaf] = self.used.get(leaf, -1) + 1
        block, lane = (self.place // 4, self.place % 4) if n == 0 else (self.place, 0)
        counter = (block, self.row, self.stream, self.domain + 16 * n + (leaf << 24))
        with np.errstate(over="ignore"):
            return draws.philox(*(np.uint32(c) for c in counter), *self.key)[lane]

    def of(self, tree: Any, path: tuple[int, ...] = ()) -> float:
        """The value; `path` tells where in the tree we are, since what stands twice is drawn twice."""
        if isinstance(tree, Apply):
            return float(FUNCTIONS[tree.name].of(*(self.of(a, (*path, i)) for i, a in enumerate(tree.arguments))))
        if isinstance(tree, Redraw):
            while True:
                x = self.of(tree.x, (*path, 0))
                if tree.low <= x <= tree.high:
                    return x
        if isinstance(tree, Number):
            return float(tree.value if np.ndim(tree.value) == 0 else np.broadcast_to(tree.value, self.pair[1])[self.pair[0]])
        if isinstance(tree, Distance):
            return float(way(tree, self.displacement)[0])
        leaf = self.numbers.setdefault(path, len(self.numbers))
        while True:
            x = float(tree.sample(self.word(leaf), *tree.parameters()))
            if tree.min <= x <= tree.max:
                return x
