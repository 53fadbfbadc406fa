"""Bodies: the words through which one kernel call of a model finds its arrays, on the CPU."""
from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .layout import BODY, CHANGE, INPUT
from .model_kernels import EACH, HEAD, PIECE, Variant
from .native import address
from .plan import Block, Changes, Drive, Plan, Random, wanted_inputs


class Memory:
    """The arrays of a program: all whose addresses kernels hold, and what is in them at t = 0."""

    def __init__(self) -> None:
        self.kept: list[np.ndarray] = []
        self.inputs: list[np.ndarray] = []                          # INPUT records, which remember what was drawn
        self._instead: dict[Hashable, np.ndarray] = {}
        self._to_zero: list[np.ndarray] = []
        self._at_start: list[tuple[np.ndarray, np.ndarray]] = []

    def keep(self, array: np.ndarray) -> np.ndarray:
        self.kept.append(array)
        return array

    def address(self, array: np.ndarray) -> int:
        """Where kernels find an array that is kept."""
        return address(array)

    def at(self, array: np.ndarray) -> int:
        """Keep an array; where kernels find it."""
        return self.address(self.keep(array))

    def instead(self, place: Hashable, array: np.ndarray) -> int:
        """Keep an array in the place of that which was kept there last; where kernels find it."""
        self._instead[place] = array
        return self.address(array)

    def room(self, n: int, kind: Any) -> int:
        """Where kernels find room for what they draw ahead."""
        return self.at(np.zeros(n, kind))

    def series(self, source: Any, changes: Changes, n: int) -> int:
        """Room for a series' values of the moment. Returns where they stand."""
        source["kind"], source["n_changes"], source["changes_at"] = 6, len(changes.steps), self.at(change_records(changes))
        source["values_at"] = self.address(self.zeros(n, np.float64))
        return int(source["values_at"])

    def zeros(self, shape: Any, kind: Any) -> np.ndarray:
        """An array that is zero at t = 0."""
        array = self.keep(np.zeros(shape, kind))
        self._to_zero.append(array)
        return array

    def starting(self, initial: np.ndarray) -> np.ndarray:
        """An array that is a copy of `initial` at t = 0."""
        array = self.keep(np.ascontiguousarray(initial).copy())
        self._at_start.append((array, initial))
        return array

    def reset(self) -> None:
        """All arrays as they are at t = 0."""
        for array in self._to_zero:
            array[...] = 0
        for array, initial in self._at_start:
            array[...] = initial
        for inputs in self.inputs:
            inputs["filled"] = 0


def variant_of(what: Block | Drive, precision: str, gpu: bool = False) -> Variant:
    """What a block's or drive's kernel must know when it is compiled."""
    real, whole = (np.float64, np.int64) if precision == "double" else (np.float32, np.int32)
    return Variant(what.model, *form_of(what), real, whole, gpu)


def form_of(what: Block | Drive) -> tuple[tuple[bool, ...], tuple[bool, ...], tuple[bool, ...]]:
    """See Variant: which constants all share, which inputs change from step to step, which constants are known to be 0."""
    reached = what.lanes if isinstance(what, Block) else {}
    wanted = wanted_inputs(what.model, what.step)
    asked = {f.when for f in what.model.inputs if f.when}           # constants that say whether something is drawn
    nought = tuple(f.name in asked and f.type is float and not np.any(v) for f, v in zip(what.model.step, what.step))
    return tuple(np.ndim(v) == 0 for v in what.step), tuple(f.name in wanted or f.name in reached for f in what.model.inputs), \
        nought


def make_body(memory: Memory, plan: Plan, what: Block | Drive, variant: Variant, part: Any, n: int, state: list[np.ndarray],
              step: list[Any], random: Random | None, series: dict[str, Changes], lanes: dict[str, int],
              delay: int) -> np.ndarray:
    """The words of one kernel call: BODY, an INPUT each, then addresses of inputs, scales, states and constants (and, of
    drives, of lanes and weights)."""
    model = what.model
    n_inputs, wanted = len(model.inputs), wanted_inputs(model, what.step)       # by all nodes: the kernel is one for all parts
    rows, scales, states, constants, end = variant.places
    words = memory.keep(np.zeros(end + 2, np.int64))
    head = words[:HEAD].view(BODY)[0]
    head["n"], head["n_inputs"] = n, n_inputs
    head["ring_at"], head["lanes"], head["mask"] = part["ring_at"], part["lanes"], part["mask"]
    head["itemsize"] = np.dtype(plan.ring_type).itemsize
    inputs = words[HEAD:HEAD + EACH * n_inputs].view(INPUT)
    for j, f in enumerate(model.inputs):
        scale: Any = 1
        if f.supplied == "clock":
            inputs[j]["kind"], inputs[j]["delay"] = 4, delay
            words[rows + j] = memory.address(words) + 8 * (HEAD + EACH * j + list(INPUT.names or ()).index("lane"))
        elif f.supplied == "series":
            inputs[j]["delay"] = delay
            words[rows + j] = memory.series(inputs[j], series[f.name], n)
        elif f.supplied and f.name in wanted:
            assert random is not None
            # what connections share is drawn for the step of sending, so that it is the same whatever their delays
            inputs[j]["delay"] = delay if f.shared else 0
            words[rows + j] = bind_random(memory, inputs[j], f, random, n)
            scale = 2.0**-32 if f.supplied == "uniform" else 1
        elif f.supplied:
            words[rows + j] = memory.at(np.zeros(1, type(variant.rows[j])))
        elif f.name in lanes:
            inputs[j]["kind"], inputs[j]["lane"] = 1, lanes[f.name]
            if isinstance(what, Block) and f.type is float:
                scale = 2.0**-what.lanes[f.name].exponent
        else:
            words[rows + j] = memory.at(np.array([f.default], type(variant.rows[j])))
        words[scales + j] = memory.at(np.array([scale], type(variant.scales[j])))
    for j, array in enumerate(state):
        words[states + j] = memory.address(array)
    for j, value in enumerate(step):
        words[constants + j] = memory.at(constant_array(variant, j, value))
    head["k0"], head["k1"] = plan.seed & 0xFFFFFFFF, plan.seed >> 32 & 0xFFFFFFFF
    memory.inputs.append(inputs)
    return words


def constant_array(variant: Variant, j: int, value: Any) -> np.ndarray:
    """A constant as kernels read it."""
    zero: Any = variant.step[j]
    return np.atleast_1d(np.asarray(value, type(zero[0] if isinstance(zero, tuple) else zero)))


def limit_of(drive: Drive) -> float:
    """More than that a connection does not emit in one step."""
    return drive.largest * (1.0 + (1e-6 if drive.model.emits == "current" else 0.0))        # for rounding


def rebind(memory: Memory, words: np.ndarray, variant: Variant, what: Block | Drive, step: list[Any],
           random: Random | None) -> None:
    """Give a body other constants, and other tables of Poisson counts; what was drawn ahead is drawn again."""
    if isinstance(what, Drive):
        words[:HEAD].view(BODY)[0]["limit"] = limit_of(what)
    first, at = variant.places[3], memory.address(words)
    for j, value in enumerate(step):
        words[first + j] = memory.instead((at, first + j), constant_array(variant, j, value))
    inputs = words[HEAD:HEAD + EACH * len(variant.model.inputs)].view(INPUT)
    inputs["filled"] = 0
    for j, f in enumerate(variant.model.inputs):
        if f.supplied == "poisson" and variant.kinds[j] == "poisson":
            assert random is not None

            def kept(array: np.ndarray, name: str, j: int = j) -> int:
                return memory.instead((at, j, name), array)
            bind_table(inputs[j], random.tables[f.name], kept)


def bind_table(source: Any, table: tuple[np.ndarray, np.ndarray, int, np.ndarray | None], at: Callable[[np.ndarray, str], int]
               ) -> None:
    """at: keeps an array, called so; where kernels find it."""
    thresholds, aliases, source["bits"], which = table
    source["table_at"] = at(thresholds.astype(np.uint64) << np.uint64(32) | aliases, "table")
    source["which_at"] = 0 if which is None else at(np.ascontiguousarray(which), "which")


def bind_random(memory: Memory, source: Any, f: Any, random: Random, n: int) -> int:
    """Room for four steps' random words or Poisson counts, and the tables of these. Returns where values will stand."""
    source["words_at"] = memory.room(4 * n + 4 * PIECE, np.uint32)
    names = random.shared if f.shared and random.shared else (random.objects, random.streams, random.domains)
    for name, array in zip(("object_at", "stream_at", "domain_at"), names):
        source[name] = memory.at(np.ascontiguousarray(array))
    if f.supplied == "normal":
        source["kind"], source["values_at"] = 5, memory.room(n, np.float64)
        return int(source["values_at"])
    if f.supplied == "uniform":
        source["kind"] = 2
        return int(source["words_at"])
    source["kind"] = 3
    bind_table(source, random.tables[f.name], lambda array, _: memory.at(array))
    return int(source["words_at"])


def change_records(changes: Changes) -> np.ndarray:
    """The changes of a series as kernels read them; one at least, since no array is empty there."""
    records = np.zeros(max(len(changes.steps), 1), CHANGE)
    for name, values in zip(("step", "node", "value"), (changes.steps, changes.nodes, changes.values)):
        records[name][:len(values)] = values
    return records


def slice_series(series: dict[str, Changes], low: int, high: int) -> dict[str, Changes]:
    """The series of some of a block's nodes."""
    return {name: c.of(lambda nodes: np.where((nodes >= low) & (nodes < high), nodes - low, -1)) for name, c in series.items()}


def slice_random(random: Random, low: int, high: int) -> Random:
    """The random input of some of a block's nodes."""
    tables = {name: (t, a, bits, which if which is None else which[low:high])
              for name, (t, a, bits, which) in random.tables.items()}
    return Random(random.objects[low:high], random.streams[low:high], random.domains[low:high], tables,
                  random.shared and tuple(a[low:high] for a in random.shared))
