"""parrot_neuron: emits every spike that it receives, one step later, whatever the weight (NEST's model of this name)."""
from typing import NamedTuple

from .contract import count

EMITS = "counts"


class Params(NamedTuple):
    pass


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    spikes: count = 0


class Step(NamedTuple):
    pass


def derive(p, dt):
    return Step()


def update(s, c, x):
    return State(), x.spikes
