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

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_type_hints

import numpy as np


class Unit(NamedTuple):
    """The unit of a field: `name` as brainunit spells it."""

    name: str


class Supplied(NamedTuple):
    """An input that the engine supplies: the step's number, a random number, or a value that changes at known times.

    when: a field of Step; where it is 0 for all nodes the input is not drawn, and is 0. shared: all connections from a node
    receive the same number.
    """

    kind: str
    when: str = ""
    shared: bool = False


class Along(NamedTuple):
    """A field with one entry for each of a list parameter's, or as many as a whole-number parameter says."""

    param: str


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
    """One field of a record: `type` is float, int, bool or tuple; `unit` a name or ""; `supplied` a kind or ""."""

    name: str
    type: type
    unit: str
    supplied: str
    default: Any


@dataclass(frozen=True)
class Model:
    """A model as the engine sees it: what it can do, never which one it is."""

    name: str
    source: Any
    params: tuple[Field, ...]
    state: tuple[Field, ...]
    inputs: tuple[Field, ...]
    step: tuple[Field, ...]
    emits: str
    per_connection: bool
    scheduled: bool

    @property
    def receptors(self) -> tuple[Field, ...]:
        return tuple(f for f in self.inputs if not f.supplied)

    @property
    def drawn(self) -> tuple[Field, ...]:
        return tuple(f for f in self.inputs if f.supplied in ("uniform", "poisson"))

    def __hash__(self) -> int:
        return id(self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and other.source is self.source


def require(condition: Any, name: str, value: Any, allowed: str) -> None:
    """Raise ParameterError unless every entry of `condition` holds; NaN never does."""
    ok = np.asarray(condition)
    if not ok.all():
        value = np.asarray(value)
        shown = value if value.ndim == 0 else f"{value[np.argmin(ok)]} (entry {int(np.argmin(ok))})"
        raise ParameterError(f"{name} = {shown}: must be {allowed}")


def grid_steps(name: str, time: Any, dt: float) -> np.ndarray:
    """Times in steps; raises ParameterError where one is no multiple of dt, as NEST does. Infinity is one."""
    steps: np.ndarray = np.rint(np.asarray(time) / dt)
    require(np.isclose(steps * dt, time, rtol=1e-12, atol=1e-6 * dt), name, time, f"a multiple of dt = {dt:g} ms")
    return steps


def refractory_steps(t_ref: Any, dt: float) -> Any:
    """A refractory period in steps, rounded up as NEST does, which counts whole microseconds."""
    return np.ceil((t_ref - min(5e-4, dt / 4)) / dt)


def active_window(p: Any, dt: float, ahead: int = 0) -> tuple[Any, Any]:
    """First active step, and first step that is active no more, from a device's start, stop and origin; `ahead`: earlier."""
    shift = grid_steps("origin", p.origin, dt) - ahead
    first, last = (np.clip(shift + grid_steps(n, t, dt), 0, 2**40) for n, t in (("start", p.start), ("stop", p.stop)))
    return first, last


def _fields(source: Any, record: str) -> tuple[Field, ...]:
    cls = getattr(source, record, None)
    if cls is None:
        return ()
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")):
        raise ModelError(f"{_name(source)}.{record} must be a typing.NamedTuple, it is {cls!r}")
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise ModelError(f"{_name(source)}.{record}: {error}; annotations are looked up in the module or script") from error
    fields = []
    for name in cls._fields:
        hint = hints[name]
        marks = getattr(hint, "__metadata__", ())
        units = [m.name for m in marks if isinstance(m, Unit)]
        kinds = [m.kind for m in marks if isinstance(m, Supplied)]
        base = getattr(hint, "__origin__", hint)
        if base not in (float, int, bool, tuple):
            raise ModelError(f"{_name(source)}.{record}.{name} is annotated with {hint!r}; it must be a unit of "
                             f"nestling.models.contract, float, int or bool")
        defaults = cls._field_defaults      # type: ignore[attr-defined]
        fields.append(Field(name, base, (units or [""])[0], (kinds or [""])[0], defaults.get(name)))
    return tuple(fields)


def _name(source: Any) -> str:
    return getattr(source, "__name__", repr(source)).rsplit(".", 1)[-1]


def _function(source: Any, name: str, arguments: int) -> Callable | None:
    function = getattr(source, name, None)
    if function is not None and not callable(function):
        raise ModelError(f"{_name(source)}.{name} must be a function, it is {function!r}")
    if function is not None and len(inspect.signature(function).parameters) != arguments:
        raise ModelError(f"{_name(source)}.{name} must take {arguments} arguments, it takes "
                         f"{inspect.signature(function)}")
    return function


def _misspelt(source: Any, name: str) -> str | None:
    """What the source has in place of `name`."""
    if hasattr(source, name):
        return None
    own = [n for n in vars(source) if not n.startswith("__")]
    return next(iter(difflib.get_close_matches(name, own, n=1, cutoff=0.8)), None)


def _try_out(model: Model) -> None:
    """Run derive and update once in plain Python, on default values: what is misspelt is named here and not by a compiler."""
    source, what = model.source, "derive"
    arrived = {f.name: 0 if f.default is None else f.default for f in model.inputs}
    try:
        with np.errstate(all="ignore"):
            step = source.derive(source.Params(), 0.1)
            if not isinstance(step, source.Step):
                raise ModelError(f"{model.name}.derive must return a Step, it returned {step!r}")
            what = "update"
            found = source.update(source.State(), step, source.Inputs(**arrived))
    except (AttributeError, NameError, TypeError) as error:
        if isinstance(error, ModelError):
            raise
        fields = getattr(getattr(error, "obj", None), "_fields", None)
        known = f"; it has {', '.join(fields)}" if fields else ""
        raise ModelError(f"{model.name}.{what}: {error}{known}") from error
    except Exception:
        return                      # an error of arithmetic: default values need not make sense
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], source.State)):
        raise ModelError(f"{model.name}.update must return (State, what is emitted), it returned {found!r}")


def is_model(source: Any) -> bool:
    return hasattr(source, "Params") and (hasattr(source, "update") or hasattr(source, "schedule"))


def read_model(source: Any) -> Model:
    """Read a module or class as a model.

    Raises
    ------
    ModelError
        naming what is missing or has the wrong form.
    """
    missing = [name for name in ("Params",) if not hasattr(source, name)]
    scheduled = hasattr(source, "schedule")
    if not scheduled:
        missing += [name for name in ("State", "Inputs", "Step", "derive", "update") if not hasattr(source, name)]
    if missing:
        meant = [f"{name} (it has {other})" if (other := _misspelt(source, name)) else name for name in missing]
        raise ModelError(f"{_name(source)} is no model: it lacks {', '.join(meant)} (see nestling.models.contract)")
    for name in ("check", "schedule", "bound", "EMITS", "PER_CONNECTION"):
        if other := _misspelt(source, name):
            raise ModelError(f"{_name(source)}.{other}: if {name} is meant, rename it; nothing else may have so similar a name")
    for function, arguments in (("derive", 2), ("update", 3), ("schedule", 2), ("check", 1), ("bound", 1)):
        _function(source, function, arguments)
    model = Model(_name(source), source, _fields(source, "Params"), _fields(source, "State"), _fields(source, "Inputs"),
                  _fields(source, "Step"), getattr(source, "EMITS", "spikes"),
                  bool(getattr(source, "PER_CONNECTION", False)), scheduled)
    if model.emits not in ("spikes", "counts", "current"):
        raise ModelError(f"{model.name}.EMITS is {model.emits!r}; it must be 'spikes', 'counts' or 'current'")
    if model.emits == "current" and not (model.per_connection and hasattr(source, "bound")):
        raise ModelError(f"{model.name} emits a current: it needs PER_CONNECTION = True and a function bound(c)")
    step = {f.name for f in model.step}
    for field in model.inputs:
        if field.supplied == "poisson" and field.name not in step:
            raise ModelError(f"{model.name}.Inputs.{field.name} is a Poisson count: Step must give its mean "
                             f"under the same name")
    for record in (model.params, model.state, model.receptors):
        for field in record:
            if field.default is None:
                raise ModelError(f"{model.name}: {field.name} has no default value")
    for name in {f.name for f in model.params} & {f.name for f in model.state}:
        raise ModelError(f"{model.name}: {name} is both a parameter and a state; one of them needs another name")
    if not scheduled:
        _try_out(model)
    return model
