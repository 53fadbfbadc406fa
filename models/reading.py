"""Reading a module, or a class of a script, as a model: what is missing, misspelt or contradicts itself is named here."""
from __future__ import annotations

import difflib
import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_type_hints

import numpy as np

from . import contract
from .contract import Along, Field, Model, ModelError, ParameterError, Supplied, Unit, nested


def fields_of(source: Any, record: str) -> tuple[Field, ...]:
    cls = getattr(source, record, None)
    if cls is None:
        return ()
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")):
        raise ModelError(f"{name_of(source)}.{record} must be a typing.NamedTuple, it is {cls!r}")
    hints = hints_of(source, record)
    fields = []
    for name in cls._fields:
        hint = hints[name]
        marks = getattr(hint, "__metadata__", ())
        unit = next((m.name for m in marks if isinstance(m, Unit)), "")
        supplied = next((m for m in marks if isinstance(m, Supplied)), Supplied(""))
        along = next((m for m in marks if isinstance(m, Along)), Along(""))
        base = getattr(hint, "__origin__", hint)
        if record == "Params" and along.param and base is not tuple:
            raise ModelError(f"{name_of(source)}.Params.{name} runs along {along.param!r}: must be a list (times, numbers, "
                             f"...)")
        if record != "Params" and base is tuple:
            raise ModelError(f"{name_of(source)}.{record}.{name} is a list: annotate what its entries are, and say how many "
                             f"there are, as in Annotated[float, Along('tau_syn')]")
        if base not in (float, int, bool, tuple):
            raise ModelError(f"{name_of(source)}.{record}.{name} is annotated with {hint!r}; it must be a unit of "
                             f"nestling.models.contract, float, int or bool")
        defaults = cls._field_defaults      # type: ignore[attr-defined]
        fields.append(Field(name, base, unit, defaults.get(name), supplied.kind, supplied.when, supplied.shared, along.param))
    return tuple(fields)


def hints_of(source: Any, record: str) -> dict[str, Any]:
    """The annotations of a record, which are names where they are evaluated late (from __future__ import annotations)."""
    cls = getattr(source, record)
    try:
        return get_type_hints(cls, include_extras=True)
    except NameError:
        try:                            # a class that was sent to another process has left its module behind
            return get_type_hints(cls, localns=vars(contract), include_extras=True)
        except NameError as error:
            raise ModelError(f"{name_of(source)}.{record}: {error}; annotations are looked up in the module or script, and in "
                             f"nestling.models.contract") from error


def entries_of(source: Any, record: str, sizes: dict[str, int]) -> tuple[tuple[Field, ...], tuple[int, ...]]:
    """A record's fields with an entry of a list as a field of its own, and its form."""
    fields = fields_of(source, record)
    names = list_names(source, record)
    flat = [replace(f, name=f"{names.get(f.name, f.name)}_{i + 1}") if f.along else f
            for f in fields for i in range(sizes[f.along] if f.along else 1)]
    return tuple(flat), tuple(sizes[f.along] if f.along else -1 for f in fields)


def list_names(source: Any, record: str) -> dict[str, str]:
    """What the entries of a record's lists are called, where it is not the list's own name."""
    hints = hints_of(source, record) if hasattr(source, record) else {}
    return {name: m.name for name, hint in hints.items() for m in getattr(hint, "__metadata__", ())
            if isinstance(m, Along) and m.name}


def axes_of(source: Any, params: tuple[Field, ...]) -> dict[str, int]:
    """The parameters that lists run along, and how long they are by default."""
    known = {f.name: f for f in params}
    sizes: dict[str, int] = {}
    for record in ("Params", "State", "Inputs", "Step"):
        for f in fields_of(source, record):
            if f.along:
                axis = known.get(f.along)
                if axis is None or axis.type not in (tuple, int):
                    raise ModelError(f"{name_of(source)}.{record}.{f.name} runs along {f.along!r}: must be a list or a whole "
                                     f"number among Params")
                if axis.default is None:
                    raise ModelError(f"{name_of(source)}: {axis.name} has no default value")
                sizes[f.along] = len(axis.default) if axis.type is tuple else int(axis.default)
    return sizes


def name_of(source: Any) -> str:
    return getattr(source, "__name__", repr(source)).rsplit(".", 1)[-1]


def function_of(source: Any, name: str, arguments: int) -> Callable | None:
    function = getattr(source, name, None)
    if function is not None and not callable(function):
        raise ModelError(f"{name_of(source)}.{name} must be a function, it is {function!r}")
    if function is not None and len(inspect.signature(function).parameters) != arguments:
        raise ModelError(f"{name_of(source)}.{name} must take {arguments} arguments, it takes "
                         f"{inspect.signature(function)}")
    return function


def misspelt(source: Any, name: str) -> str | None:
    """What the source has in place of `name`."""
    if hasattr(source, name):
        return None
    own = [n for n in vars(source) if not n.startswith("__")]
    return next(iter(difflib.get_close_matches(name, own, n=1, cutoff=0.8)), None)


def try_out(model: Model) -> None:
    """Run derive and update once in plain Python, on default values: what is misspelt is named here and not by a compiler."""
    source, what = model.source, "derive"
    values = {f.name: [np.asarray(f.default, float)] if f.type is tuple else f.default for f in model.params}
    if any(f.type is tuple and not f.along and f.name not in dict(model.sizes) for f in model.params):
        values = {name: v if isinstance(v, list) else np.asarray([v]) for name, v in values.items()}
    state = nested([f.default for f in model.state], model.forms[0])
    arrived = nested([0 if f.default is None else f.default for f in model.inputs], model.forms[1])
    try:
        with np.errstate(all="ignore"):
            step = source.derive(model.parameters(values), 0.1)
            if not isinstance(step, source.Step):
                raise ModelError(f"{model.name}.derive must return a Step, it returned {step!r}")
            if hasattr(source, "timetable"):
                what = "timetable"
                model.timetable(values, 1, 0.1)
            what = "update"
            step = model.step_of([np.ravel(v)[0] for v in model.constants(values, 0.1)])
            solver = () if model.solver is None else (model.solver,)
            found = source.update(source.State(*state), step, source.Inputs(*arrived), *solver)
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


OPTIONAL = {"check": 1, "schedule": 2, "bound": 1, "timetable": 2, "EMITS": None, "PER_CONNECTION": None, "RECEPTORS": None,
            "SOLVER": None}            # names, and of functions the number of arguments


def read_model(source: Any, sizes: dict[str, int] | None = None, solver: Callable | None = None) -> Model:
    """Read a module or class as a model; sizes: lengths of lists, if not the defaults'; solver: in place of its own.

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
        meant = [f"{name} (it has {other})" if (other := misspelt(source, name)) else name for name in missing]
        raise ModelError(f"{name_of(source)} is no model: it lacks {', '.join(meant)} (see nestling.models.contract)")
    for name in OPTIONAL:
        if other := misspelt(source, name):
            raise ModelError(f"{name_of(source)}.{other}: if {name} is meant, rename it; nothing else may have so similar a "
                             f"name")
    own = getattr(source, "SOLVER", None)
    for name, given in (("SOLVER", own), ("solver", solver)):
        if given is not None and not callable(given):
            raise ModelError(f"{name_of(source)}: {name} = {given!r} must be a function, as those of nestling.models.solvers")
    if solver is not None and own is None:
        raise ModelError(f"{name_of(source)} takes no solver: it has no differential equations to solve in steps")
    functions = {"derive": 2, "update": 4 if own else 3, **{k: n for k, n in OPTIONAL.items() if n}}
    for function, arguments in functions.items():
        function_of(source, function, arguments)
    params = fields_of(source, "Params")
    sizes = axes_of(source, params) if sizes is None else sizes
    (state, inputs, step), forms = zip(*(entries_of(source, record, sizes) for record in ("State", "Inputs", "Step")))
    model = Model(name_of(source), source, params, state, inputs, step, getattr(source, "EMITS", "spikes"),
                  bool(getattr(source, "PER_CONNECTION", False)), scheduled, solver or own, tuple(sorted(sizes.items())),
                  forms)
    check_form(model)
    if not scheduled and sizes == axes_of(source, params):         # the defaults have the defaults' lengths
        try_out(model)
    return model


def check_form(model: Model) -> None:
    """Refuse what contradicts itself."""
    if model.emits not in ("spikes", "counts", "current"):
        raise ModelError(f"{model.name}.EMITS is {model.emits!r}; it must be 'spikes', 'counts' or 'current'")
    if model.emits == "current" and not (model.per_connection and hasattr(model.source, "bound")):
        raise ModelError(f"{model.name} emits a current: it needs PER_CONNECTION = True and a function bound(c)")
    passed_on = any(f.supplied == "poisson" or (f.type is int and not f.supplied) for f in model.inputs)
    if model.emits == "counts" and not (model.scheduled or passed_on or hasattr(model.source, "bound")):
        raise ModelError(f"{model.name} emits counts: it needs a function bound(c), the most spikes that it can emit in a step")
    if any(f.supplied == "series" for f in model.inputs) and not hasattr(model.source, "timetable"):
        raise ModelError(f"{model.name} has inputs that change at known times: it needs a function timetable(p, dt)")
    step = {f.name for f in model.step}
    for field in model.inputs:
        if field.supplied == "poisson" and field.name not in step:
            raise ModelError(f"{model.name}.Inputs.{field.name} is a Poisson count: Step must give its mean "
                             f"under the same name")
        if field.when and field.when not in step:
            raise ModelError(f"{model.name}.Inputs.{field.name} is drawn when {field.when!r} is not 0: Step has no such field")
    for record in (model.params, model.state, model.receptors):
        for field in record:
            if field.default is None:
                raise ModelError(f"{model.name}: {field.name} has no default value")
    for name in {f.name for f in model.params} & {f.name for f in model.state}:
        raise ModelError(f"{model.name}: {name} is both a parameter and a state; one of them needs another name")
    for record in (model.state, model.inputs, model.step):
        for name, n in Counter(f.name for f in record).items():
            if n > 1:
                raise ModelError(f"{model.name}: {name} is the name of {n} fields, entries of lists among them: must be one's")
    check_receptors(model)


def check_receptors(model: Model) -> None:
    given = getattr(model.source, "RECEPTORS", {})
    if not isinstance(given, dict) or not all(isinstance(k, int) and not isinstance(k, bool) for k in given):
        raise ModelError(f"{model.name}.RECEPTORS = {given!r}: must be a dict by number, such as {{0: ('ex', 'inh')}}")
    known = {f.name: f for f in model.receptors if not f.name.startswith("current")}
    for number, names in model.spike_receptors.items():
        if not set(names) <= set(known) or not 1 <= len(names) <= 2:
            raise ModelError(f"{model.name}.RECEPTORS[{number}] = {names}: must name one input, or two (for weights above and "
                             f"below 0) among {', '.join(known)}")
        if len({known[name].unit for name in names}) > 1 or len(names) > 1 and any(known[n].type is int for n in names):
            raise ModelError(f"{model.name}.RECEPTORS[{number}] = {names}: inputs for weights above and below 0 must be of one "
                             f"unit, and not count spikes")


def resized(model: Model, values: dict[str, Any]) -> Model:
    """The model with lists as long as these parameters say."""
    sizes = {}
    for name, _ in model.sizes:
        value = values[name]
        if isinstance(value, list):
            sizes[name] = len(value[0]) if value else 0
        elif np.ptp(value):
            raise ParameterError(f"{name} = {value}: must be the same for all nodes of a population")
        else:
            sizes[name] = int(np.ravel(value)[0])
        if sizes[name] < 0:
            raise ParameterError(f"{name} = {value}: must be 0 or more")
    return read_model(model.source, sizes, model.solver) if model.sizes else model
