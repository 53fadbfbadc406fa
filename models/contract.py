"""What a model is.

A model is a module, or a class in a user's script, with

* ``Params``  - what a user sets: a NamedTuple; the annotation is the unit, the value the default (NEST's);
* ``State``   - what evolves; every field can be recorded under its own name;
* ``Inputs``  - what arrives in a step: a unit makes the field a receptor, ``clock``, ``uniform`` and ``poisson`` are
  supplied by the engine (a model receives random numbers, it never draws them);
* ``Step``    - the constants of one step;
* ``derive(p, dt) -> Step``  - in NumPy, once, on the host; all that depends on dt happens here;
* ``update(s, c, x) -> (State, emitted)``  - one node, one step, in plain Python (and `arithmetic`); a model with
  ``SOLVER`` takes a fourth argument ``solve``: the solver of differential equations that it names, or the user's choice;

and, where they apply,

* ``SOLVER``: a function of `solvers`, with which ``update`` integrates;
* ``RECEPTORS``: what ``receptor_type=k`` means for spikes, ``{0: ("ex", "inh")}`` for inputs chosen by the sign of the
  weight, ``{1: "spikes"}`` for one input. Not given: 0 is the first input; those of a list (see below) count from 1.
  Inputs whose names begin with ``current`` take currents, receptors 0, 1, ... in their order;
* ``check(p)`` - refuses parameters outside their domain (see `require`);
* ``schedule(p, dt) -> (steps, nodes, counts)``  instead of ``update``: the model knows its spikes in advance;
* ``timetable(p, dt) -> {input: (steps, nodes, values)}``  for inputs that are a `series`: the values from those steps on;
* ``EMITS = "spikes"`` (a flag, the default), ``"counts"`` (how many spikes) or ``"current"`` (pA);
* ``PER_CONNECTION = True``: every connection from such a node runs a copy of the model of its own;
* ``bound(c)``: the largest magnitude that a model emitting currents, or counts, can emit in one step.

A field that is a list is annotated with `Along`: ``Annotated[float, Unit("pA"), Along("tau_syn")]`` has one entry for each
of the parameter ``tau_syn``, itself a list (``times``), or a whole number. In ``update`` it is a tuple (see
`arithmetic.each`); ``derive`` sees parameters that are such lists as arrays (entries, 1 or nodes) and returns the same.
The engine calls the entries ``I_syn_1``, ``I_syn_2``, ...
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np


class Unit(NamedTuple):
    """The unit of a field: `name` as brainunit spells it."""

    name: str


class Supplied(NamedTuple):
    """An input that the engine supplies: the step's number, a random number, or a value that changes at known times.

    when: a field of Step; where it is 0 for all nodes the input is not drawn, and is 0 (where it is 0 for some, `update` must
    make no use of it). shared: all connections from a node receive the same number, each after its delay.
    """

    kind: str
    when: str = ""
    shared: bool = False


class Along(NamedTuple):
    """A field with one entry for each of a list parameter's, or as many as a whole-number parameter says.

    name: what its entries are called, with _1, _2, ... after it, where that is not the field's own name.
    """

    param: str
    name: str = ""


ms = Annotated[float, Unit("ms")]
mV = Annotated[float, Unit("mV")]
pA = Annotated[float, Unit("pA")]
pF = Annotated[float, Unit("pF")]
nS = Annotated[float, Unit("nS")]
Hz = Annotated[float, Unit("Hz")]
count = Annotated[int, Unit("count")]        # as an input: counts spikes, whatever their weights
times = Annotated[tuple, Unit("ms")]         # a list of times for each node
potentials = Annotated[tuple, Unit("mV")]    # a list of potentials for each node; and so on
currents = Annotated[tuple, Unit("pA")]
conductances = Annotated[tuple, Unit("nS")]
rates = Annotated[tuple, Unit("Hz")]
numbers = Annotated[tuple, Unit("")]
counts = Annotated[tuple, Unit("count")]     # a list of whole numbers for each node
clock = Annotated[int, Supplied("clock")]    # k, of the step that covers (k dt, (k + 1) dt]
uniform = Annotated[float, Supplied("uniform")]  # independent, in [0, 1)
normal = Annotated[float, Supplied("normal")]    # independent, mean 0, variance 1
poisson = Annotated[int, Supplied("poisson")]    # a Poisson count with the mean that Step gives under the same name
mother = Annotated[int, Supplied("poisson", shared=True)]   # the same, and the same number for all of a node's connections
series = Annotated[float, Supplied("series")]    # a value that changes at the times of `timetable`; 0 before the first


class ModelError(TypeError):
    """A model does not keep the contract of this file."""


class ParameterError(ValueError):
    """A parameter has a value outside its domain."""


@dataclass(frozen=True)
class Field:
    """One field of a record: `type` is float, int, bool or tuple; `unit` a name or ""; `supplied` a kind or "".

    along: the parameter that says how many entries the field has, if it is a list.
    """

    name: str
    type: type
    unit: str
    default: Any
    supplied: str = ""
    when: str = ""
    shared: bool = False
    along: str = ""


@dataclass(frozen=True)
class Model:
    """A model as the engine sees it: what it can do, never which one it is.

    state, inputs and step hold an entry of a list as a field of its own; `forms` says how many entries every field of a
    record has, -1 where it is no list. `sizes` gives the lengths of lists by parameter.
    """

    name: str
    source: Any
    params: tuple[Field, ...]
    state: tuple[Field, ...]
    inputs: tuple[Field, ...]
    step: tuple[Field, ...]
    emits: str
    per_connection: bool
    scheduled: bool
    solver: Callable | None = None
    sizes: tuple[tuple[str, int], ...] = ()
    forms: tuple[tuple[int, ...], ...] = ((), (), ())     # state, inputs, step

    @property
    def receptors(self) -> tuple[Field, ...]:
        return tuple(f for f in self.inputs if not f.supplied)

    @property
    def drawn(self) -> tuple[Field, ...]:
        return tuple(f for f in self.inputs if f.supplied in ("uniform", "normal", "poisson"))

    @property
    def spike_receptors(self) -> dict[int, tuple[str, ...]]:
        """What a receptor's number means: one input, or those for weights above and below 0."""
        given = getattr(self.source, "RECEPTORS", None)
        if given is not None:
            return {k: v if isinstance(v, tuple) else (v,) for k, v in given.items()}
        names = [f for f in self.receptors if not f.name.startswith("current")]
        listed = [f for f in names if f.along]
        return dict(enumerate(((f.name,) for f in listed), 1)) if listed else dict(enumerate((f.name,) for f in names[:1]))

    @property
    def current_receptors(self) -> dict[int, tuple[str, ...]]:
        return dict(enumerate((f.name,) for f in self.receptors if f.name.startswith("current")))

    def parameters(self, values: dict[str, Any]) -> Any:
        """The Params record of given values; lists that others run along become arrays (entries, 1 or nodes)."""
        stacked = {}
        for f in self.params:
            value = values[f.name]
            if f.type is tuple and (f.along or f.name in dict(self.sizes)):
                axis = f.along or f.name
                n = dict(self.sizes)[axis]
                odd = next((len(v) for v in value if len(v) != n), n)
                if odd != n:
                    raise ParameterError(f"{f.name} has {odd} entries: must have {n}, as many as {axis}"
                                         if f.along else f"{f.name} has {odd} entries for one node and {n} for another: "
                                         f"must have as many for all nodes of a population")
                same = all(v is value[0] or np.array_equal(v, value[0]) for v in value)
                value = np.stack(value[:1] if same else value, axis=1)
            stacked[f.name] = value
        return self.source.Params(**stacked)

    def constants(self, values: dict[str, Any], dt: float) -> list[Any]:
        """The entries of Step in the order of `step`."""
        derived = self.source.derive(self.parameters(values), dt)
        return [v for value, n in zip(derived, self.forms[2]) for v in ([value] if n < 0 else [value[i] for i in range(n)])]

    def timetable(self, values: dict[str, Any], size: int, dt: float) -> dict[str, tuple]:
        """Steps, nodes and values of every series of `size` nodes."""
        found = self.source.timetable(self.parameters(values), dt)
        wanted = [f.name for f in self.inputs if f.supplied == "series"]
        if sorted(found) != sorted(wanted):
            raise ModelError(f"{self.name}.timetable must give {', '.join(wanted)}, it gives {', '.join(found) or 'nothing'}")
        for name, columns in found.items():
            if len(columns) != 3 or len({len(c) for c in columns}) != 1:
                raise ModelError(f"{self.name}.timetable: {name} must be (steps, nodes, values), as many of each")
            if len(columns[1]) and not (np.min(columns[1]) >= 0 and np.max(columns[1]) < size):
                raise ModelError(f"{self.name}.timetable: {name} has nodes beyond 0 to {size - 1}")
        return found

    def step_of(self, constants: list[Any]) -> Any:
        """The Step record of a flat list of constants."""
        return self.source.Step(*nested(constants, self.forms[2]))

    def __hash__(self) -> int:
        return hash((id(self.source), self.sizes, self.solver))

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Model) and other.source is self.source and other.sizes == self.sizes
                and other.solver is self.solver)


def nested(flat: Any, form: tuple[int, ...]) -> tuple:
    """A record's fields from their entries: a list's in a tuple of its own."""
    rest = iter(flat)
    return tuple(next(rest) if n < 0 else tuple(next(rest) for _ in range(n)) for n in form)


def require(condition: Any, name: str, value: Any, allowed: str) -> None:
    """Raise ParameterError unless every entry of `condition` holds; NaN never does."""
    ok = np.asarray(condition)
    if not ok.all():
        value = np.asarray(value)
        shown = value if value.ndim == 0 else f"{value[np.argmin(ok)]} (entry {int(np.argmin(ok))})"
        raise ParameterError(f"{name} = {shown}: must be {allowed}")


def positive(p: Any, *names: str) -> None:
    """Raise ParameterError unless these parameters are above 0."""
    for name in names:
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")


def not_negative(p: Any, *names: str) -> None:
    """Raise ParameterError unless these parameters are 0 or more."""
    for name in names:
        require(getattr(p, name) >= 0, name, getattr(p, name), "0 or more")


def grid_steps(name: str, time: Any, dt: float) -> np.ndarray:
    """Times in steps; raises ParameterError where one is no multiple of dt, as NEST does. Infinity is one."""
    time = np.asarray(time, np.float64)
    steps: np.ndarray = np.rint(time / dt)
    with np.errstate(invalid="ignore"):             # infinity less infinity
        near = np.abs(steps * dt - time) <= 1e-6 * dt + 1e-12 * np.abs(time)
    require(near | np.isinf(time), name, time, f"a multiple of dt = {dt:g} ms")
    return steps


def refractory_steps(t_ref: Any, dt: float) -> Any:
    """A refractory period in steps, rounded up as NEST does, which counts whole microseconds."""
    return np.ceil((t_ref - min(5e-4, dt / 4)) / dt)


def active_window(p: Any, dt: float, ahead: int = 0) -> tuple[Any, Any]:
    """First active step, and first step that is active no more, from a device's start, stop and origin; `ahead`: earlier."""
    shift = grid_steps("origin", p.origin, dt) - ahead
    first, last = (np.clip(shift + grid_steps(n, t, dt), 0, 2**40) for n, t in (("start", p.start), ("stop", p.stop)))
    return first, last
