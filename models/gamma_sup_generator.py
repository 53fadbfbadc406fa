"""gamma_sup_generator: superposition of gamma processes; every target receives a train of its own (NEST's model of this name).

n_proc independent renewal processes of one rate, whose intervals are gamma-distributed with a whole-number shape: each passes
through gamma_shape stages, leaves a stage in a step with probability rate gamma_shape dt, and spikes when it leaves the last.
Only the numbers of processes in each stage are kept (Deger, Helias, Boucsein and Rotter 2012, J. Comput. Neurosci. 32:443);
at first they are equal, what does not divide evenly being in the last stage. Active, and evolving, for origin + start + dt < t
<= origin + stop + dt, t being the time stamp of a spike, as NEST 3.10 is.
"""
from typing import Annotated, Any, NamedTuple

import numpy as np

from .arithmetic import each
from .chance import binomial_count
from .contract import Along, Hz, Supplied, active_window, clock, ms, require

EMITS = "counts"
PER_CONNECTION = True
MOST_STAGES = 12                 # the engine names a step's random numbers with 4 bits


class Params(NamedTuple):
    rate: Hz = 0.0               # of each component process
    gamma_shape: int = 1         # shape of the intervals' distribution
    n_proc: int = 1              # number of component processes
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    gained: Annotated[int, Along("gamma_shape")] = 0      # processes in each stage, beyond the initial ones


class Inputs(NamedTuple):
    u: Annotated[float, Supplied("uniform"), Along("gamma_shape")]
    step: clock


class Step(NamedTuple):
    initial: Annotated[int, Along("gamma_shape")]         # processes in each stage at first
    p: float                     # probability to leave a stage in a step
    most: float
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require(p.rate >= 0, "rate", p.rate, "0 Hz or more")
    shape = np.asarray(p.gamma_shape)
    require((shape >= 1) & (shape <= MOST_STAGES), "gamma_shape", shape, f"1 to {MOST_STAGES}, as every stage draws a number")
    require((np.asarray(p.n_proc) >= 1) & (np.asarray(p.n_proc) < 2**31), "n_proc", p.n_proc, "1 or more, below 2^31")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=-1)
    shape = int(np.max(p.gamma_shape))
    share = np.asarray(p.n_proc) // shape
    leaves = p.rate * p.gamma_shape * dt * 1e-3
    require(leaves <= 1, "rate", p.rate, f"at most 1 / (gamma_shape dt): a process leaves one stage in a step of {dt:g} ms")
    initial: Any = np.array([share] * (shape - 1) + [p.n_proc - (shape - 1) * share])
    return Step(initial=initial, p=leaves, most=1.0 * p.n_proc, first=first, last=last)


def bound(c):
    return c.most


def there(initial, gained, most):
    """Processes in a stage. After n_proc was set to less, a stage may owe some to another until they have come round."""
    n = initial + gained
    return 0 if n < 0 else n if n <= most else int(most)


def net(gained, left, came):
    return gained - left + came


def update(s, c, x):
    p = c.p if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.p
    left = each(binomial_count, x.u, each(there, c.initial, s.gained, c.most), p)
    return State(each(net, s.gained, left, left[-1:] + left[:-1])), left[-1]
