"""Checkpoints: a simulator as a file, and a simulator from a file, whose run goes on as if it had never stopped.

A file holds what was declared, what was set since, and the state of the run (see `stopped`); `design/checkpoints.md` says why
in this form. Tables of synapses and kernels are made again: from the same seed they are the same, bit for bit.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from nestling.recorders.files import About, RecordingFile, file_for

from .archive import check_path, own_version, read_archive, write_archive
from .definitions import PYTHON, Definitions
from .descriptions import Describer, Restorer
from .edits import written_down
from .errors import BadCheckpoint, NotAvailable
from .lower import lower
from .network import Network
from .running import check_between_steps
from .stopped import description_of, stopped, stopped_as_described


def save(sim: Any, path: Any, overwrite: bool) -> None:
    """See Simulator.save."""
    check_path(path, overwrite)
    check_between_steps(sim, "save()")
    program = sim._program
    if program is not None and program.step > 0 and not sim._runs_on:
        raise NotAvailable(f"the network was changed at t = {sim.time:g} ms, and a changed network starts afresh: call reset() "
                           f"or simulate() before save()")
    describe = Describer()
    network = describe.network(as_declared(sim))
    run = None if program is None or program.step == 0 else description_of(stopped(program), describe.value)
    files = [] if run is None else files_described(sim, describe.value)
    given = dict(dt=sim.dt, seed=sim.seed, threads=sim.threads, backend=sim.backend, precision=sim.precision, sets=sim._sets)
    write_archive(path, dict(nestling=own_version(), python=PYTHON, simulator=given, network=network, objects=describe.objects,
                             run=run, files=files), describe.arrays, overwrite)


def as_declared(sim: Any) -> Network:
    """The network with the weights that were set in its tables, as if they had been declared."""
    plan = sim._patched
    if plan is None:
        return sim.network
    changed = written_down(sim, plan)
    return replace(sim.network, projections=tuple(changed.get(p.index, p) for p in sim.network.projections))


def load(cls: Any, path: Any, backend: str | None, threads: int | None, definitions: Iterable[Any]) -> Any:
    """See Simulator.load."""
    found, arrays = read_archive(path)
    given = found["simulator"]
    try:
        sim = cls(given["dt"], given["seed"], given["threads"] if threads is None else threads, backend or given["backend"],
                  given["precision"])
    except NotAvailable as error:
        if backend is None and given["backend"] != "cpu":
            raise NotAvailable(f"{error} ({str(path)!r} was saved with backend={given['backend']!r}; "
                               f"load(path, backend='cpu') goes on without a GPU)") from error
        raise
    known = Definitions(definitions, found["python"])
    try:
        restore = Restorer(arrays, found["objects"], known)
        sim.network, sim._sets = restore.network(found["network"]), given["sets"]
        ring_type = np.int64 if sim.precision == "double" else np.int32
        run: Any = found["run"] and stopped_as_described(found["run"], sim.network, ring_type, restore.value)
        sim._files = files_as_described(sim, found["files"], restore.value)
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        if isinstance(error, BadCheckpoint):
            raise
        raise BadCheckpoint(f"{str(path)!r} does not fit this version of Nestling (it was written by {found['nestling']}): "
                            f"{type(error).__name__}: {error}") from error
    if run is not None:
        sim._plan = lower(sim.network, sim.dt, sim.seed, sim.threads, sim.precision, None, run.plan, None,
                          sim._backend.ONE_PARTITION)
        sim._program = sim._backend.make_program(sim._plan, run)
    return sim


def files_described(sim: Any, value: Any) -> list[dict[str, Any]]:
    """Where the files stand that recorders write to, and what their rows are."""
    out = []
    for index, file in sim._files.items():
        if file.is_at(sim.network.populations[index].params["record_to"]):     # and not set since
            about = {f.name: getattr(file.about, f.name) for f in fields(About)}
            about["states"] = {name: np.dtype(kind).str for name, kind in file.about.states.items()}
            out.append(dict(recorder=index, about=value(about), position=file.position()))
    return out


def files_as_described(sim: Any, given: list[dict[str, Any]], value: Any) -> dict[int, RecordingFile]:
    """The files of recorders, by number; they are looked for when the run goes on."""
    files = {}
    for entry in given:
        about = value(entry["about"])
        about["states"] = {name: np.dtype(kind) for name, kind in about["states"].items()}
        path = sim.network.populations[entry["recorder"]].params["record_to"]
        files[entry["recorder"]] = file_for(path, About(**about))
        files[entry["recorder"]].stand_at(entry["position"])
    return files
