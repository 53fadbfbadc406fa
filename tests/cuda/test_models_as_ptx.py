"""Every model's PTX, executed instruction by instruction, gives the bits of the kernel that numba compiles for the CPU."""
import types as pytypes

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import nested
from nestling.models.reading import is_model, read_model
from nestling.simulator.compile import jitable, kernel
from nestling.simulator.functions import model_functions
from nestling.simulator.lanes import gather, scatter
from nestling.simulator.native import unpack, view

MODELS = {m.__name__.rsplit(".", 1)[-1]: m for m in vars(nl).values()
          if isinstance(m, pytypes.ModuleType) and is_model(m) and hasattr(m, "update")}
N, STEPS = 100, 40


class Case:
    """A model's kernels for one node after another, and random states, constants and inputs; all nodes differ."""

    def __init__(self, model, precision):
        self.single = precision == "single"
        self.model = described = read_model(model)
        real, whole = (np.float32, np.int32) if self.single else (np.float64, np.int64)
        self.records = ((described.state, described.forms[0], whole), (described.step, described.forms[2], np.int64),
                        (described.inputs, described.forms[1], np.int64))
        self.kinds = [[real if f.type is float else integer for f in fields] for fields, _, integer in self.records]
        self.rng = np.random.default_rng(1)
        unlike_0 = {"Hz": 500.0, "pA": 5.0, "activity": 50}          # or generators would do nothing
        values = {f.name: np.asarray(f.default or unlike_0.get(f.unit, unlike_0.get(f.name, f.default)))
                  for f in described.params}
        values.update({f.name: [np.asarray(f.default, float)] for f in described.params if f.type is tuple})
        starts = [f.default or 0 for f in described.state]
        constants = [np.broadcast_to(c, N) for c in described.constants(values, 0.1)]
        self.arrays = [[self.around(v, kind) for v, kind in zip(given, kinds)]
                       for given, kinds in zip((starts, constants), self.kinds)]
        self.arrays.append([self.arriving(f, kind) for f, kind in zip(described.inputs, self.kinds[2])])

    def around(self, value, kind):
        value = np.broadcast_to(np.asarray(value, float), N)
        spread = value * (1 + 0.02 * self.rng.normal(size=N)) if np.issubdtype(kind, np.floating) else value
        return np.ascontiguousarray(spread.astype(kind))

    def arriving(self, field, kind):
        if field.type is int:
            return self.rng.integers(0, 1000 if field.supplied == "clock" else 4, N).astype(kind)
        if field.supplied in ("uniform", "series"):
            return (self.rng.random(N) * (20_000.0 if field.name == "rate" else 1.0)).astype(kind)
        values = self.rng.normal(5.0, 20.0, N)
        return (abs(values) / 10.0 if field.unit == "nS" else values).astype(kind)

    @property
    def functions(self):
        """The same work as a kernel of the CPU and as one of a GPU."""
        from numba import cuda
        source = model_functions(self.model, self.single)
        update, State, Step, Inputs = jitable(source.update), source.State, source.Step, source.Inputs
        states, constants, inputs = (
            tuple((None, *entry) if n >= 0 else entry for entry, n in zip(nested([(k(0),) for k in kinds], form), form))
            for kinds, (_, form, _) in zip(self.kinds, self.records))
        second, third, last = np.cumsum([len(kinds) for kinds in self.kinds]).tolist()

        def advance(p, n, steps, first, stride):
            words = view(p, last + 1, np.int64)
            state, constant = unpack(words, 0, n, states), unpack(words, second, n, constants)
            arrived, sums = unpack(words, third, n, inputs), view(words[last], n, np.float64)
            for i in range(first, n, stride):
                for _ in range(steps):
                    s, emitted = update(State(*gather(state, i)), Step(*gather(constant, i)), Inputs(*gather(arrived, i)))
                    scatter(state, i, s)
                    sums[i] += emitted
            return 0
        jitable(advance)

        def on_gpu(p, n, steps):
            advance(p, n, steps, cuda.grid(1), cuda.gridsize(1))
        return advance, on_gpu, update

    def after(self, launch):
        """States and sums of what was emitted, after a launch with the address of all arrays' addresses."""
        arrays, sums = [a.copy() for record in self.arrays for a in record], np.zeros(N)
        words = np.array([a.ctypes.data for a in [*arrays, sums]], np.int64)
        launch(words.ctypes.data)
        return dict(zip([*(f.name for f in self.model.state), "emitted"], [*arrays[:len(self.arrays[0])], sums]))


def same(a, b):
    """Whether all bits are equal; NaN is NaN."""
    return a.tobytes() == b.tobytes() or (a.dtype.kind == "f" and (np.isnan(a) == np.isnan(b)).all()
                                          and a[~np.isnan(a)].tobytes() == b[~np.isnan(b)].tobytes())


@pytest.mark.parametrize("precision, cc", [("double", (7, 5)), ("single", (9, 0))], ids=["double, cc 7.5", "single, cc 9.0"])
@pytest.mark.parametrize("name", MODELS)
def test_ptx_gives_the_bits_of_the_cpu(name, precision, cc, machine, compile_ptx, kept_ptx):
    case = Case(MODELS[name], precision)
    advance, on_gpu, update = case.functions
    compiled = machine.load(kept_ptx(f"{name}-{precision}", lambda: compile_ptx(on_gpu, 3, cc)))
    found = case.after(lambda p: compiled(2, 32, p, N, STEPS))
    expected = case.after(lambda p: kernel(advance, uses=(update,), variant=precision)(p, N, STEPS, 0, 1))
    assert {k: (found[k], expected[k]) for k in found if not same(found[k], expected[k])} == {}
    assert not any(np.isnan(v).any() for v in found.values()), "inputs so large that nothing is compared"
    for order in ("reversed", 7):
        again = case.after(lambda p, order=order: compiled(3, 16, p, N, STEPS, order=order))
        assert all(same(again[k], found[k]) for k in found)
    assert not compiled.uses_local
