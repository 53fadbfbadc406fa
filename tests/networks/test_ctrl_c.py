"""Ctrl-C leaves a simulator that can be read and continued, as if nothing had happened."""
from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from nestling import simulator as nl

LONG_MS = 3e5        # half a minute of computing, should nothing interrupt it


def interrupted(seconds: float, run: Callable[[], Any]) -> nl.Interrupted:
    """What run() raises when Ctrl-C comes after so many seconds."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        run()
    except nl.Interrupted as error:
        return error
    except KeyboardInterrupt:
        pytest.fail("KeyboardInterrupt in the middle of the engine")
    finally:
        timer.cancel()
        timer.join()
    pytest.fail("Ctrl-C did not stop the run")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_that_ctrl_c_stopped_can_be_read_and_continued(brunel, ctrl_c, threads):
    net = brunel(threads=threads, varied=True)
    net.sim.simulate(1.0)
    parts = []
    for i, wait in enumerate((0.1, 0.25, 0.111)):
        wait *= 10 if brunel.backend == "cuda" else 1           # without a GPU its kernels take that long, and to begin, too
        error = interrupted(wait, lambda go=net.sim.cont if i else net.sim.simulate: go(LONG_MS))
        assert "cont() goes on" in str(error)
        parts.append(error.results)
        assert parts[-1].window[1] == pytest.approx(net.sim.time)
        assert parts[-1].window[0] < net.sim.time < LONG_MS
    parts.append(net.sim.cont(25.0))
    brunel.assert_same(net.take([net.sim.simulate(round(net.sim.time, 6))]), net.take(parts))


def test_after_ctrl_c_simulate_begins_afresh(brunel, ctrl_c):
    net = brunel()
    before = net.take([net.sim.simulate(100.0)])
    interrupted(0.1, lambda: net.sim.simulate(LONG_MS))
    brunel.assert_same(before, net.take([net.sim.simulate(100.0)]))


def test_ctrl_c_stops_a_loop_of_short_runs(brunel, ctrl_c):
    # a run that is over before it notices Ctrl-C must not swallow it
    net = brunel(varied=True)
    net.sim.simulate(1.0)
    limit = time.monotonic() + 20.0
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):        # an Interrupted, unless it came between two runs
        while time.monotonic() < limit:
            net.sim.cont(0.1)
    timer.join()
    reached = net.sim.time
    rest = net.take([net.sim.cont(30.0)])
    net.sim.simulate(round(reached, 6))
    brunel.assert_same(rest, net.take([net.sim.cont(30.0)]))
