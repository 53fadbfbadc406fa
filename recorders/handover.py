"""Handing results over to the tools of the field: pandas, neo (and with it Elephant) and xarray.

Each is an extra, imported where it is asked for. Times and values are in NEST's units.
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
    states = res.states(rec)
    if states:
        at, n = res.trace_times(rec, plain=True), res.size(rec)
        times, senders = np.repeat(at, n), np.tile(np.arange(n), len(at))
    else:
        times, senders = res.events(rec, plain=True)
    names, codes = population_of(res, rec)
    columns = {"times": times, "senders": senders, "global_id": res.ids(rec)[senders],
               "population": pd.Categorical.from_codes(codes[senders], names)}
    columns |= {name: res.trace(rec, name, plain=True).reshape(-1) for name in states}
    if res.records(rec) == "weights":
        columns |= {"targets": res.targets(rec), "weights": res.weights(rec), "receptors": res.receptors(rec),
                    "target_global_id": res.targets(rec, global_ids=True)}
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs["units"] = {"times": "ms", **states}
    return frame


def to_neo(res: Results, rec: Any) -> Any:
    """See Results.to_neo."""
    try:
        import neo
        import quantities as pq
    except ImportError:
        raise missing("a neo Segment", "neo") from None
    if res.records(rec) == "weights":
        raise BadRecording(f"{names_of(rec)} recorded weights, for which neo has no place: to_dataframe() takes them")
    begin, end = (edge * pq.ms for edge in res.active(rec))
    names, codes = population_of(res, rec)
    ids, of = res.ids(rec), [names[code] for code in codes]
    segment = neo.Segment(name=names_of(rec), dt=res.dt)
    states = res.states(rec)
    if not states:
        times, senders = res.events(rec, plain=True)
        order = np.argsort(senders.astype(np.min_scalar_type(len(ids))), kind="stable")
        trains = np.split(times[order], np.cumsum(np.bincount(senders, minlength=len(ids)))[:-1]) if len(ids) else []
        segment.spiketrains = [neo.SpikeTrain(train, units=pq.ms, t_start=begin, t_stop=end, name=f"node {ids[i]}", sender=i,
                                              global_id=int(ids[i]), population=of[i]) for i, train in enumerate(trains)]
    for name, unit in states.items():
        first, period = samples(res, rec)
        units = getattr(pq, unit or "dimensionless", pq.dimensionless)
        signal = neo.AnalogSignal(res.trace(rec, name, plain=True), units=units,
                                  t_start=first * pq.ms, sampling_period=period * pq.ms, name=name,
                                  array_annotations={"global_id": ids, "population": np.array(of)})
        segment.analogsignals.append(signal)
    return segment


def to_xarray(res: Results, rec: Any) -> Any:
    """See Results.to_xarray."""
    try:
        import xarray as xr
    except ImportError:
        raise missing("an xarray Dataset", "xarray") from None
    states = res.states(rec)
    if not states:
        raise BadRecording(f"{names_of(rec)} recorded no states: to_dataframe() and to_neo() take spikes")
    names, codes = population_of(res, rec)
    at = xr.Variable("time", res.trace_times(rec, plain=True), {"units": "ms"})
    coordinates = {"time": at, "node": np.arange(res.size(rec)), "global_id": ("node", res.ids(rec)),
                   "population": ("node", np.array(names)[codes])}
    values = {name: (("time", "node"), res.trace(rec, name, plain=True), {"units": unit} if unit else {})
              for name, unit in states.items()}
    return xr.Dataset(values, coordinates, {"dt": res.dt, "dt_units": "ms"})


def missing(what: str, extra: str) -> ImportError:
    return ImportError(f'{what} needs {extra}, which is not installed: pip install "nestling[{extra}]"')


def population_of(res: Results, rec: Any) -> tuple[list[str], np.ndarray]:
    """Names of the populations that were recorded, and the number of each node's, (nodes,)."""
    found = res.populations(rec)
    codes = np.zeros(res.size(rec), np.int64)
    for number, positions in enumerate(found.values()):
        codes[positions] = number
    return list(found), codes


def names_of(rec: Any) -> str:
    """The name of a recorder."""
    segments: Any = getattr(rec, "segments", ())
    return str((segments[0].population if segments else rec).name)


def samples(res: Results, rec: Any) -> tuple[float, float]:
    """Time of the first sample, and the time from one to the next (ms)."""
    at = res.trace_times(rec, plain=True)
    if len(at) > 1:
        return float(at[0]), round((at[1] - at[0]) / res.dt) * res.dt
    segments: Any = getattr(rec, "segments", ())
    interval = float((segments[0].population if segments else rec).params["interval"])
    return float(at[0]) if len(at) else res.active(rec)[0] + interval, interval
