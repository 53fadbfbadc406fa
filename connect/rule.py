"""rule: a rule of the user's own, from one function."""
from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from .contract import BadConnection, Pairing, Row, Rule, whole
from .own_parameters import kinds_of, read_parameters, signature_of, words_of
from .own_rows import explain, make_bare_row, make_own_row


class rule(Rule):
    """Makes a rule of a function that chooses the partners of one node. It draws in compiled code, in parallel, as ours do.

        @nl.rule(longest="degree")
        def small_world(index, n, draw, out, degree, rewire):
            for i in range(degree):
                near = (index + 1 + i) % n
                out[i] = nl.integer(draw, i, n) if nl.uniform(draw, degree + i) < rewire else near
            return degree

        sim.connect(cells, cells, rule=small_world(degree=10, rewire=0.1))

    The function writes the positions (0 to n - 1) of a node's partners to `out` and returns how many there are; `index` is the
    node's own position. Nodes are targets, their partners sources (by="source": the other way round). nl.uniform(draw, i) and
    nl.integer(draw, i, n) give the node's i-th random number, the same one for the same i. What follows `out` are parameters,
    numbers or arrays of one dimension: they are given by calling the rule, and may have defaults.

    longest: the most partners a node can have: a number, or the name of a parameter; n unless given. With
    allow_autapses=False a node that is chosen by itself is left out; with allow_multapses=False partners must differ.

    connect() raises BadConnection if the function cannot be compiled, and for a node for which it raises an error, writes
    beyond out[longest - 1], or gives a wrong number or a wrong partner.
    """

    drawn_once = True

    def __new__(cls, function: Callable | None = None, *, longest: Any = None, by: str = "target") -> Any:
        if function is None:
            return lambda function: cls(function, longest=longest, by=by)
        return super().__new__(cls)

    def __init__(self, function: Callable, *, longest: Any = None, by: str = "target") -> None:
        if by not in ("target", "source"):
            raise BadConnection(f"by = {by!r}: must be 'target' or 'source'")
        self.function, self.by, self.__doc__ = function, by, function.__doc__      # type: ignore[misc]
        self.names = list(parameters := signature_of(function).parameters)
        self.longest = longest if longest is None or longest in parameters else whole(longest, "longest")
        self.given = {name: p.default for name, p in parameters.items() if p.default is not p.empty}

    def __getnewargs__(self) -> tuple[Callable]:        # so that a rule goes to other processes
        return (self.function,)

    def __call__(self, *values: Any, **named: Any) -> rule:
        """The same rule with these parameters."""
        try:
            given = signature_of(self.function).bind_partial(*values, **named).arguments
        except TypeError as error:
            raise BadConnection(f"{self.function.__name__}: {error}") from None
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, given={**self.given, **{k: copy(v) for k, v in given.items()}})
        return new

    def _parameters(self) -> dict[str, np.ndarray]:
        return read_parameters(self.function.__name__, self.names, self.given)

    @property
    def row(self) -> Callable:      # type: ignore[override]
        """The row function around the user's."""
        return make_own_row(self.function, kinds_of(self._parameters()))

    def check(self, pairing: Pairing) -> None:
        self._most(0)

    def _most(self, partners: int) -> int:
        most = whole(self.given[self.longest], self.longest) if isinstance(self.longest, str) else self.longest
        return partners if most is None else most

    def prepare(self, pairing: Pairing) -> Row:
        n, own = (len(pairing.sources), pairing.own) if self.by == "target" else (len(pairing.targets), pairing.own_target)
        skip = not pairing.allow_autapses
        head = np.array([n, self._most(n), skip, not pairing.allow_multapses], np.int64)
        own = (own + 1 if skip else np.zeros(1)).astype(np.uint32)
        return Row(np.append(head, words_of(self._parameters())), own, max(self._most(n), 1),
                   bare=make_bare_row(self.function, kinds_of(self._parameters())))

    def wrong(self, pairing: Pairing, index: int, code: int, value: int) -> str:
        partners = len(pairing.sources if self.by == "target" else pairing.targets)
        return f"{self!r} for the {self.by} {index}: {explain(code, value, self._most(partners), partners)}"

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float((n_targets if self.by == "target" else n_sources) * self._most(0))     # at most; 0 where unknown

    def __repr__(self) -> str:
        shown = [f"{k}={self.given[k]!r}" for k in self.names if k in self.given and np.ndim(self.given[k]) == 0]
        return f"{self.function.__name__}({', '.join(shown)})"
