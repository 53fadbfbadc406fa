"""However often a network is run, set, saved or swept in one process: its memory is what it was.

As a script (FOLDER) it does all that, in a process of its own, and prints its resident memory (bytes) before and after.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nestling import simulator as nl

RUNS = 200


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def build(seed: int = 1) -> SimpleNamespace:
    """1000 neurons, 0.1 M synapses with weights of their own (1 MB), and 0.2 MB of samples in 20 ms."""
    sim = nl.Simulator(seed=seed, threads=1)
    cells, noise = sim.create(nl.iaf_psc_delta, 1000), sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, cells, weight=0.2)
    sim.connect(cells, cells, rule=nl.fixed_indegree(100), weight=nl.dist.Normal(0.1, 0.01), delay=1.5)
    spikes, trace = sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(cells, spikes)
    sim.connect(trace, cells)
    return SimpleNamespace(sim=sim, cells=cells, spikes=spikes)


def trial(i: int) -> dict[str, Any]:
    net = build(i + 1)
    return dict(rate=net.sim.simulate(5.0).rate(net.spikes))


def ways(net: SimpleNamespace, folder: Path) -> dict[str, tuple[int, Callable[[int], Any]]]:
    """How often, and what is done each time."""
    def between(i: int) -> None:
        net.cells.set(V_th=-55.0 - 0.001 * i)
        net.sim.simulate(20.0)

    def weights(i: int) -> None:
        net.sim.get_connections(source=net.cells[:10]).set(weight=0.1 + 1e-4 * i)
        net.sim.simulate(20.0)

    def called(i: int) -> None:
        net.sim.simulate(20.0, callback=lambda sim: net.cells.set(V_th=-55.0 + 1e-4 * sim.time), every=5.0)

    def failed(i: int) -> None:
        try:
            net.sim.simulate(20.0, callback=lambda sim: 1 / 0, every=10.0)
        except ZeroDivisionError:
            return

    def prepared(i: int) -> None:
        net.sim.prepare()
        net.sim.run(10.0)
        net.sim.run(10.0)
        net.sim.cleanup()

    def saved(i: int) -> None:
        net.sim.save(folder / "it", overwrite=True)
        nl.Simulator.load(folder / "it").cont(5.0)

    def to_file(i: int) -> None:
        other = build()
        rec = other.sim.create(nl.spike_recorder, record_to=str(folder / "it.h5"), overwrite=True)
        other.sim.connect(other.cells, rec)
        other.sim.simulate(20.0)
    return {"simulate": (RUNS, lambda i: net.sim.simulate(20.0)), "set between": (RUNS, between), "weights": (RUNS, weights),
            "cont": (RUNS, lambda i: net.sim.cont(20.0)), "prepare, run, cleanup": (RUNS, prepared), "new": (40, trial),
            "callbacks that set": (40, called), "errors": (40, failed), "save and load": (40, saved), "files": (40, to_file),
            "sweep": (10, lambda i: nl.sweep(trial, dict(i=range(5)), processes=1)),
            "sweep in two processes": (5, lambda i: nl.sweep(trial, dict(i=range(5)), processes=2))}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    if not Path("/proc/self/statm").exists():
        pytest.skip("this machine does not tell resident memory in /proc")
    folder = tmp_path_factory.mktemp("resident")
    return json.loads(subprocess.run([sys.executable, __file__, folder], check=True, capture_output=True, timeout=120).stdout)


@pytest.mark.parametrize("way", ways(SimpleNamespace(), Path()))
def test_memory_stays_what_it_was(measured, way):
    before, after = measured[way]
    assert after < 1.05 * before, f"{before / 1e6:.1f} MB, and then {after / 1e6:.1f} MB"


def main(folder: Path) -> None:
    net, found = build(), {}
    for name, (times, do) in ways(net, folder).items():
        for i in range(5 if times > 10 else 2):
            do(i)
        before = resident()
        for i in range(times):
            do(i)
        found[name] = before, resident()
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
