"""The class Device, with a fake of the driver's bindings (see fake_driver): what it asks for, and what comes of it."""
from __future__ import annotations

import gc
import inspect
import os
import signal
import threading

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import cuda, cuda_binding, cuda_device


def outcome(build, backend="cuda", **options):
    """All that is recorded in four runs, between which a parameter is set."""
    sim, n, rec, meter = build(backend, **options)
    found = []
    for run, duration in ((sim.simulate, 20.0), (sim.cont, 10.0), (sim.cont, 10.0), (sim.simulate, 15.0)):
        res = run(duration)
        found += [*res.events(rec, plain=True), res.trace(meter, "V_m", plain=True)]
        n.set(C_m=240.0 - len(found))
    return found


# --- runs ------------------------------------------------------------------------------------------------------------

def test_the_fake_has_the_functions_of_the_real_bindings_and_their_arguments(fake):
    functions = [name for name in dir(fake.FakeDriver) if name.startswith("cu")]
    assert len(functions) > 30
    for name in functions:
        first = getattr(fake.real, name).__doc__.split(")\n")[0].split("(", 1)[1]
        names = [one.split(":")[0].split()[-1] for one in first.split(",") if one.strip()]
        assert list(inspect.signature(getattr(fake.FakeDriver, name)).parameters)[1:] == names, name
    node = fake.real.CUDA_KERNEL_NODE_PARAMS()
    assert all(hasattr(node, name) for name in fake.CUDA_KERNEL_NODE_PARAMS.__slots__)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_runs_are_those_of_the_cpu_to_the_bit(driver, build, precision):
    found, expected = outcome(build, precision=precision), outcome(build, "cpu", precision=precision)
    assert all(len(a) > 10 for a in expected)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected)) and len(found) == 12
    assert driver.graphs == []


def test_an_array_may_be_changed_once_it_is_copied(driver):
    device, sent, back = cuda.open_device("double"), np.arange(5.0), np.zeros(5)
    address = device.allocate(sent.nbytes)
    device.upload(address, sent)
    sent[:] = -1.0
    device.download(address, back)
    assert back.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    device.zero(address, 8)
    device.download(address, back)
    assert back.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    device.zero(address + 8, 16)
    device.download(address, back)
    assert back.tolist() == [0.0, 0.0, 0.0, 3.0, 4.0]
    device.free(address)


def test_there_is_a_thread_for_each_item_until_the_gpu_is_full(driver):
    device = cuda.open_device("double")
    grids = [device._blocks(cuda_device.Launch(None, (), items)) for items in (0, 1, 128, 129, 1000, 10**7)]
    assert grids == [1, 1, 1, 2, 8, 16 * device.processors]


def test_a_graph_is_made_once_and_memory_does_not_grow(driver, build):
    sim, n, rec, meter = build()
    sim.simulate(10.0)
    memory, made = len(driver.memory), driver.made
    sim.cont(100.0)
    sim.simulate(10.0)
    assert driver.made == made == 1 and len(driver.memory) == memory
    for k in range(50):
        n.set(C_m=200.0 + k)
        (sim.cont if k % 3 else sim.simulate)(1.0)
        assert len(driver.memory) <= memory and len(driver.executables) == 1 and driver.graphs == []
    assert driver.made == 1 + 17                   # what is set goes into the program that there is; a fresh run has another
    del sim, n, rec, meter
    gc.collect()
    assert driver.memory == {} and driver.executables == []


def test_code_is_linked_once_and_kept(driver_with, build, monkeypatch):
    driver_with()
    outcome(build)
    monkeypatch.setattr(cuda, "_device", None)
    monkeypatch.setattr(cuda_device, "link", lambda *_: pytest.fail("linked again"))
    driver = driver_with()
    outcome(build)
    assert len({name for name, _, _ in driver.launches}) >= 3


def test_generators_of_one_model_are_as_many_as_there_are(driver, monkeypatch):
    def spikes(backend):
        sim = nl.Simulator(seed=5, threads=1, backend=backend)
        n, rec = sim.create(nl.iaf_psc_delta, 5), sim.create(nl.spike_recorder)
        for rate in (10_000.0, 20_000.0, 30_000.0, 40_000.0, 50_000.0):
            sim.connect(sim.create(nl.poisson_generator, rate=rate), n, weight=0.3)
        sim.connect(n, rec)
        return [a.tolist() for a in sim.simulate(20.0).events(rec, plain=True)]

    monkeypatch.setattr(cuda_binding, "ROWS", 2)                    # a GPU's grid has 65535
    assert spikes("cuda") == spikes("cpu") != [[], []]
    assert {rows for _, _, rows in driver.launches} == {1, 2}


def test_runs_may_be_made_and_read_in_different_threads(driver, build):
    found = []

    def in_a_thread(call):
        thread = threading.Thread(target=lambda: found.append(call()))
        thread.start()
        thread.join()
        return found[-1]

    net = in_a_thread(build)
    in_a_thread(lambda: net[0].simulate(5.0))
    net[1].set(V_m=net[1].get("V_m") + 1.0)                          # here, where no context was made
    assert in_a_thread(lambda: net[0].cont(5.0)).window == (5.0, 10.0)
    found.clear()
    net = None
    in_a_thread(gc.collect)
    assert driver.memory == {} and driver.executables == []


def test_a_forked_process_says_that_it_cannot_use_the_gpu(driver, build, monkeypatch):
    sim, n, rec, meter = build()
    sim.simulate(5.0)
    memory = len(driver.memory)
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        for use in (lambda: sim.cont(1.0), lambda: nl.Simulator(backend="cuda")):
            with pytest.raises(nl.NotAvailable, match="forked.*get_context.'spawn'"):
                use()
        other, *_ = build("cpu")
        cuda._device.free(next(iter(driver.memory)))                # what Python's garbage collector does there
    assert len(driver.memory) == memory
    assert sim.cont(1.0).window == (5.0, 6.0)


def test_ctrl_c_stops_between_graphs_and_cont_goes_on(driver, build, ctrl_c):
    sim, _, rec, _ = build()
    whole = sim.simulate(60.0).events(rec, plain=True)
    driver.at_launch = lambda: len(driver.launches) == before + 200 and os.kill(os.getpid(), signal.SIGINT)
    before = len(driver.launches)
    with pytest.raises(nl.Interrupted, match="stopped at t = ") as caught:
        sim.simulate(60.0)
    assert 0 < sim.time < 60.0 and sim.time == caught.value.results.window[1]
    parts = [caught.value.results.events(rec, plain=True), sim.cont(60.0 - sim.time).events(rec, plain=True)]
    assert all(np.array_equal(np.concatenate(some), all_) for some, all_ in zip(zip(*parts), whole))


# --- measurements ----------------------------------------------------------------------------------------------------

def test_launches_are_timed_in_one_graph_by_marks_between_them(driver, build):
    sim, *_ = build()
    sim.simulate(1.0)
    launches, before = sim._program._slices(sim._program._launches)[:3], len(driver.launches)
    assert cuda._device.timed(launches) == [1e-3] * 3               # the clock of the fake counts what it does
    assert cuda._device.timed([]) == []
    assert len(driver.launches) == before + 3 and driver.events == driver.graphs == [] and len(driver.executables) == 1
    assert "delivery" in str(sim.profile(2.0))


def test_bandwidth_counts_bytes_that_are_read_and_written(driver):
    device = cuda.open_device("double")
    assert device.bandwidth(1 << 10) == pytest.approx(40 * 2**10 / 0.020, rel=0.1)
    assert driver.memory == {} and driver.events == []
    with pytest.raises(nl.TooLarge, match="memory is full"):
        device.bandwidth(driver.room // 2 + 1)
    assert driver.memory == {}


def test_ptx_goes_to_the_driver_where_the_linker_does_not_know_the_gpu(machine):
    ptx = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry k(.param .u64 k_0) { ret; }\n"
    assert cuda_device.loadable(ptx, (9, 0))[:4] == b"\x7fELF"
    assert cuda_device.loadable(ptx, (19, 9)) == ptx.encode() + b"\0"
    assert "registers" in cuda_device.link(ptx, (9, 0))[1]
    with pytest.raises(Exception, match="ERROR"):
        cuda_device.loadable("no PTX", (9, 0))
