"""Sweeps: one function for all points of a grid of parameters or seeds, in several processes, and one table of results."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np

from . import threads
from .declare import whole_number
from .progress import counted


def sweep(trial: Callable[..., Any], grid: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]], *,
          processes: int | None = None, progress: bool = False) -> Any:
    """Run `trial` at every point of a grid and put what it returns into one table.

        def trial(g, seed):
            sim = nl.Simulator(seed=seed)
            ...
            res = sim.simulate(1000.0)
            return dict(rate=res.rate(spikes), cv=np.nanmean(nl.isi_cv(res, spikes)))

        table = nl.sweep(trial, dict(g=[4.0, 5.0, 6.0], seed=range(10)), processes=4)
        table.groupby("g").rate.agg(["mean", "std"])

    trial: called with a point's parameters by name, it builds a network, runs it and returns a dict: the columns of one row;
    or a list of dicts, for several rows. grid: the values of each parameter, of which all combinations are run, the last
    parameter changing fastest; or a list of points (dicts). processes: how many (None: as many as there are cores; 1: in this
    process, one after another). They share the cores: with Simulator(threads=None) each takes its part of them. progress:
    show a progress bar. Results do not depend on `processes`.

    Returns a pandas DataFrame in the order of the grid: the parameters' columns, then those of trial. Processes and the table
    need `pip install "nestling[sweep]"` (joblib, pandas).

    Raises
    ------
    TypeError, ValueError
        for a grid without points, or what trial returned; an error of trial is raised as it is, with the point in a note.
    ImportError
    """
    points = points_of(grid)
    if not callable(trial):
        raise TypeError(f"trial = {trial!r}: must be a function of {', '.join(points[0]) or 'nothing'}")
    if not isinstance(progress, bool):
        raise TypeError(f"progress = {progress!r}: must be True or False")
    n = threads.available_cores() if processes is None else whole_number(processes, "processes", 1, 1024)
    n = min(n, len(points))
    pandas, joblib = needed("pandas"), needed("joblib")
    share = max(1, threads.available_cores() // n)
    work = joblib.Parallel(n_jobs=n, return_as="generator")(joblib.delayed(run_point)(trial, p, share if n > 1 else None)
                                                             for p in points)
    rows = [row for found in counted(work, len(points), progress) for row in found]
    return pandas.DataFrame(rows)


def points_of(grid: Any) -> list[dict[str, Any]]:
    """All points of a grid."""
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise TypeError(f"grid: {name} = {values!r}: must be a list of values")
        points = [dict(zip(grid, values)) for values in product(*(list(v) for v in grid.values()))]
    else:
        points = list(grid) if isinstance(grid, Iterable) else [grid]
        wrong = next((p for p in points if not isinstance(p, Mapping)), None)
        if wrong is not None:
            raise TypeError(f"grid: {wrong!r}: must be a dict of parameters by name; a grid is a dict of lists, or a list of "
                            f"dicts")
        points = [dict(p) for p in points]
    if not points:
        raise ValueError("grid has no points: give at least one value of each parameter")
    return points


def run_point(trial: Callable[..., Any], point: dict[str, Any], share: int | None) -> list[dict[str, Any]]:
    """The rows of one point; share: the cores that this process may use, of those that it shares with others."""
    before, threads.share = threads.share, share
    try:
        found = trial(**point)
        rows = [found] if isinstance(found, Mapping) else found
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise TypeError(f"trial returned {found!r}: must return a dict of results by name, or a list of dicts")
        for name in {name for row in rows for name in row if name in point}:
            if any(np.any(row[name] != point[name]) for row in rows if name in row):
                raise ValueError(f"trial returned {name!r}, which is the name of a parameter: choose another")
        return [{**point, **row} for row in rows]
    except Exception as error:
        if share is not None and getattr(error, "results", None) is not None:
            error.results = None                # type: ignore[attr-defined]    # which may be large, and stay in that process
        error.add_note(f"in the sweep, at {', '.join(f'{k} = {v!r}' for k, v in point.items()) or 'the only point'}")
        raise
    finally:
        threads.share = before


def needed(name: str) -> Any:
    """A library that sweeps need."""
    try:
        if name == "pandas":
            import pandas as library
        else:
            import joblib as library
    except ImportError:
        raise ImportError(f'sweep() needs {name}, which is not installed: pip install "nestling[sweep]"') from None
    return library
