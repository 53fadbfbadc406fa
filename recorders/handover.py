"""Handing results over to the tools of the field: pandas, neo (and with it Elephant) and xarray.

Each is an extra, imported where it is asked for. Times and values are in NEST's units. `rec` is a recorder, a list of
recorders, or None, which stands for all that recorded something.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import BadRecording

if TYPE_CHECKING:
    from .results import Results


def to_dataframe(res: Results, rec: Any) -> Any:
    """See Results.to_dataframe."""
    try:
        import pandas as pd
    except ImportError:
        raise missing("a DataFrame", "pandas") from None
    recs = recorders_of(res, rec, "spikes", "states", "weights")
    kinds = sorted({res.records(r) for r in recs})
    if len(kinds) > 1:
        raise BadRecording(f"rec = {rec!r}: {texts(res, recs)} recorded {' and '.join(kinds)}, each of which makes a table of "
                           f"its own: give {', then '.join(f'res.recorders({kind!r})' for kind in kinds)}")
    units, (names, codes) = units_of(res, recs), populations_of(res, recs)
    parts = [rows_of(res, r, units) for r in recs]
    columns: dict[str, Any] = {name: joined([part[name] for part in parts]) for name in parts[0]}
    places = joined([part["senders"] + begin for part, begin in zip(parts, begins(res, recs))])
    columns["population"] = pd.Categorical.from_codes(codes[places], names)
    if not is_one(rec):
        which = np.repeat(np.arange(len(recs)), [len(part["times"]) for part in parts])
        columns["recorder"] = pd.Categorical.from_codes(which, [text(res, r) for r in recs])
    values = [name for name in parts[0] if name not in ("times", "senders", "global_id")]
    columns |= {name: columns.pop(name) for name in values}                  # they come last
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs["units"] = {"times": "ms", **units}
    return frame


def rows_of(res: Results, rec: Any, states: dict[str, str]) -> dict[str, np.ndarray]:
    """The columns of numbers of one recorder's table; of states that it did not record, NaN."""
    if not states:
        times, senders = res.events(rec, plain=True)
    else:
        at, n = res.trace_times(rec, plain=True), res.size(rec)
        times, senders = np.repeat(at, n), np.tile(np.arange(n), len(at))
    columns = {"times": times, "senders": senders, "global_id": res.ids(rec)[senders]}
    if res.records(rec) == "weights":
        columns |= {"targets": res.targets(rec), "weights": res.weights(rec), "receptors": res.receptors(rec),
                    "target_global_id": res.targets(rec, global_ids=True)}
    return columns | {name: values_of(res, rec, name).reshape(-1) for name in states}


def to_neo(res: Results, rec: Any) -> Any:
    """See Results.to_neo."""
    try:
        import neo
        import quantities as pq
    except ImportError:
        raise missing("a neo Segment", "neo") from None
    recs = recorders_of(res, rec, "spikes", "states")
    segment = neo.Segment(name=texts(res, recs), dt=res.dt)
    trains = []
    for r in recs:
        if res.records(r) == "weights":
            raise BadRecording(f"{text(res, r)} recorded weights, for which neo has no place: to_dataframe() takes them")
        begin, end = (edge * pq.ms for edge in res.active(r))
        names, codes = populations_of(res, [r])
        ids, of, own, states = res.ids(r), [names[code] for code in codes], text(res, r), res.states(r)
        if not states:
            # one train after another: neo's own way from arrays looks through all spikes for each neuron
            trains += [neo.SpikeTrain(train, units=pq.ms, t_start=begin, t_stop=end, name=f"node {ids[i]}", sender=i,
                                      global_id=int(ids[i]), population=of[i], recorder=own)
                       for i, train in enumerate(trains_of(res, r))]
        for name, unit in states.items():
            first, period = samples(res, r)
            segment.analogsignals.append(neo.AnalogSignal(
                joined([values_of(res, r, name)]), units=neo_unit(pq, unit), t_start=first * pq.ms,
                sampling_period=period * pq.ms, name=name, recorder=own,
                array_annotations={"global_id": ids.copy(), "population": np.array(of)}))
    segment.spiketrains = trains
    return segment


def trains_of(res: Results, rec: Any) -> list[np.ndarray]:
    """The times (ms) of each node's spikes."""
    times, senders = res.events(rec, plain=True)
    n = res.size(rec)
    order = np.argsort(senders.astype(np.min_scalar_type(n)), kind="stable")
    return np.split(times[order], np.cumsum(np.bincount(senders, minlength=n))[:-1]) if n else []


def neo_unit(pq: Any, unit: str) -> Any:
    """A unit's name as a unit; one that quantities does not know becomes one of its own."""
    if unit in ("", "count"):
        return pq.dimensionless
    try:
        return pq.unit_registry[unit]
    except LookupError:
        return pq.UnitQuantity(unit)


def to_xarray(res: Results, rec: Any) -> Any:
    """See Results.to_xarray."""
    try:
        import xarray as xr
    except ImportError:
        raise missing("an xarray Dataset", "xarray") from None
    recs = recorders_of(res, rec, "states")
    for r in recs:
        if not res.states(r):
            raise BadRecording(f"{text(res, r)} recorded no states: to_dataframe() takes spikes and weights, to_neo() spikes")
    at = res.trace_times(recs[0], plain=True)
    for r in recs[1:]:
        if not np.array_equal(res.trace_times(r, plain=True), at):
            raise BadRecording(f"rec = {rec!r}: {text(res, recs[0])} and {text(res, r)} recorded at different times, which "
                               f"make two Datasets: give one recorder at a time")
    units, (names, codes) = units_of(res, recs), populations_of(res, recs)
    ids = joined([res.ids(r) for r in recs])
    coordinates = {"time": xr.Variable("time", at, {"units": "ms"}), "node": np.arange(len(ids)), "global_id": ("node", ids),
                   "population": ("node", np.array(names)[codes])}
    if not is_one(rec):
        which = np.repeat(np.arange(len(recs)), [res.size(r) for r in recs])
        coordinates["recorder"] = ("node", np.array([text(res, r) for r in recs])[which])
    values = {name: (("time", "node"), joined([values_of(res, r, name) for r in recs], axis=1), {"units": unit} if unit else {})
              for name, unit in units.items()}
    return xr.Dataset(values, coordinates, {"dt": res.dt, "dt_units": "ms"})


def missing(what: str, extra: str) -> ImportError:
    return ImportError(f'{what} needs {extra}, which is not installed: pip install "nestling[{extra}]"')


def is_one(rec: Any) -> bool:
    """Whether one recorder is given, neither several nor None."""
    return rec is not None and not isinstance(rec, (list, tuple))


def recorders_of(res: Results, rec: Any, *kinds: str) -> list[Any]:
    """The recorders that are meant. Raises BadRecording where there is none."""
    if is_one(rec):
        return [rec]
    found = [r for kind in kinds for r in res.recorders(kind)] if rec is None else list(rec)
    if not found:
        raise BadRecording(f"rec = {rec!r}: no recorder recorded {' or '.join(kinds)}" if rec is None else
                           f"rec = {rec!r}: must hold a recorder")
    return found


def text(res: Results, rec: Any) -> str:
    """The name of a recorder, in these results."""
    return str(res._of(rec))


def texts(res: Results, recs: list[Any]) -> str:
    return ", ".join(text(res, r) for r in recs)


def joined(arrays: list[np.ndarray], axis: int = 0) -> np.ndarray:
    """One array after another: a copy, so that what is changed there does not change the results."""
    return np.concatenate(arrays, axis=axis)


def begins(res: Results, recs: list[Any]) -> np.ndarray:
    """Where each recorder's nodes begin among those of all."""
    return np.cumsum([0, *(res.size(r) for r in recs)])[:-1]


def populations_of(res: Results, recs: list[Any]) -> tuple[list[str], np.ndarray]:
    """Names of the populations that were recorded, and the number of each node's, (nodes of all recorders,)."""
    names: dict[str, int] = {}
    codes = np.zeros(sum(res.size(r) for r in recs), np.int64)
    for r, begin in zip(recs, begins(res, recs)):
        for name, positions in res.populations(r).items():
            codes[begin + positions] = names.setdefault(name, len(names))
    return list(names), codes


def units_of(res: Results, recs: list[Any]) -> dict[str, str]:
    """The states that were recorded, and their units. Raises BadRecording where one has two."""
    units: dict[str, str] = {}
    for r in recs:
        for name, unit in res.states(r).items():
            if units.setdefault(name, unit) != unit:
                raise BadRecording(f"rec: {texts(res, recs)} recorded {name!r} in {units[name] or 'no unit'} and in "
                                   f"{unit or 'no unit'}: give one recorder at a time")
    return units


def values_of(res: Results, rec: Any, name: str) -> np.ndarray:
    """A state's values, (samples, nodes); NaN where it was not recorded."""
    if name in res.states(rec):
        return np.asarray(res.trace(rec, name, plain=True))
    return np.full((len(res.trace_times(rec, plain=True)), res.size(rec)), np.nan)


def samples(res: Results, rec: Any) -> tuple[float, float]:
    """Time of the first sample, and the time from one to the next (ms)."""
    at = res.trace_times(rec, plain=True)
    if len(at) > 1:
        return float(at[0]), round((at[1] - at[0]) / res.dt) * res.dt
    segments: Any = getattr(rec, "segments", ())
    interval = float((segments[0].population if segments else rec).params["interval"])
    return float(at[0]) if len(at) else res.active(rec)[0] + interval, interval
