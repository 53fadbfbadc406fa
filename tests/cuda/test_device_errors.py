"""What can go wrong with a GPU: without one, in the middle of a run, and in memory that is too small (see fake_driver)."""
from __future__ import annotations

import gc
import sys
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import mV
from nestling.simulator import cuda, cuda_device

LIBRARY = 'pip install "nestling[cuda]"'


class NotFound(RuntimeError):
    """As cuda.pathfinder's error of a library that is not there."""


@pytest.mark.parametrize("options, words", [
    (dict(init=NotFound('"cuda" is an NVIDIA driver library')), ["no NVIDIA driver", "NVIDIA driver library", LIBRARY]),
    (dict(init=ImportError("No module named 'cuda.bindings'")), ["No module named 'cuda.bindings'", LIBRARY]),
    (dict(init=100), ["finds no GPU"]),
    (dict(devices=0), ["finds no GPU"]),
    (dict(init=803), ["does not start", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "text of 803", LIBRARY]),
    (dict(version=12080), ["is one of CUDA 12.8", "need one of CUDA 13", "newer NVIDIA driver"]),
    (dict(capability=(7, 0)), ["a fake", "compute capability 7.0", "must be 7.5 or higher", "CUDA_VISIBLE_DEVICES"]),
], ids=["no library", "no bindings", "no device", "none visible", "mismatch", "old driver", "old GPU"])
def test_without_a_gpu_the_error_says_what_is_missing(driver_with, options, words):
    driver_with(**options)
    for _ in range(2):                                              # nothing half-open is left behind
        with pytest.raises(nl.NotAvailable) as caught:
            nl.Simulator(backend="cuda")
        for word in ("backend = 'cuda'", 'backend="cpu"', *words):
            assert word in str(caught.value)
    driver_with()
    assert nl.Simulator(backend="cuda").time == 0.0


def test_hidden_gpus_are_told(driver_with, monkeypatch):
    driver_with(devices=0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(nl.NotAvailable, match="CUDA_VISIBLE_DEVICES = '-1'"):
        nl.Simulator(backend="cuda")


@pytest.mark.parametrize("capability", [(7, 5), (12, 0)])
def test_all_gpus_from_turing_on_are_taken(driver_with, capability):
    driver_with(capability=capability)
    assert cuda.open_device("double").capability == capability


def test_without_numba_cuda_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba_cuda", None)
    with pytest.raises(nl.NotAvailable) as caught:
        nl.Simulator(backend="cuda")
    assert "numba-cuda is not installed" in str(caught.value) and LIBRARY in str(caught.value)


def test_a_network_that_does_not_fit_is_refused_before_or_while_it_is_built(driver_with, build, monkeypatch):
    driver = driver_with(room=1 << 22)
    sim, *_ = build()
    with pytest.raises(nl.TooLarge, match="would need about .* of the GPU's memory"):
        sim.simulate(1.0)
    with monkeypatch.context() as guessed:
        guessed.setattr(cuda_device.Device, "free_bytes", lambda self: 1 << 40)
        with pytest.raises(nl.TooLarge, match="memory is full .CUDA_ERROR_OUT_OF_MEMORY.*backend='cpu'"):
            sim.simulate(1.0)
    gc.collect()
    assert driver.memory == {}
    driver.room = 1 << 30
    assert sim.simulate(1.0).window == (0.0, 1.0)


def test_an_error_of_the_driver_is_named_and_the_next_run_goes_well(driver, build):
    sim, _, rec, _ = build()
    usual = sim.simulate(20.0).n_events(rec)
    driver.failing = driver.CUresult(1)
    with pytest.raises(RuntimeError, match="driver reports CUDA_ERROR_INVALID_VALUE: text of 1$"):
        sim.simulate(20.0)
    assert sim.simulate(20.0).n_events(rec) == usual > 10


def test_a_gpu_that_is_lost_says_so_from_then_on_and_gives_back_in_peace(driver, fake, build):
    sim, n, *_ = net = build()
    sim.simulate(5.0)
    driver.failing = fake.LOST
    for use in (partial(sim.cont, 5.0), partial(sim.simulate, 5.0), partial(n.get, "V_m"),
                partial(nl.Simulator, backend="cuda")):
        with pytest.raises(RuntimeError, match="CUDA_ERROR_ILLEGAL_ADDRESS: text of 700.*start Python again"):
            use()
    del net, use, sim, n
    gc.collect()                                                    # pytest makes an error of what is raised here


class Growing:
    """A state that grows beyond the largest number, and then is none."""

    class Params(NamedTuple):
        gain: float = 1e10

    class State(NamedTuple):
        V_m: mV = 1.0
        w: float = 0.0

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        gain: float

    def derive(p, dt):
        return Growing.Step(p.gain)

    def update(s, c, x):
        V = s.V_m * c.gain
        return Growing.State(V, V - V), False


def test_a_state_that_diverges_is_told_as_on_the_cpu(driver):
    def told(backend):
        sim = nl.Simulator(threads=1, backend=backend)
        sim.create(Growing, 3, gain=np.array([1.0, 1.0, 1e10]))
        with pytest.raises(nl.Diverged) as caught:
            sim.simulate(20.0)
        return str(caught.value)

    assert told("cuda") == told("cpu")
    assert "node 2 of population 0" in told("cuda")
