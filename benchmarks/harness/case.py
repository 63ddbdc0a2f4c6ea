"""A case: one attention at one shape, in all the forms that measuring it takes.

It has inputs, a program in the attention dialect (harness/program.py), a reference in
float64 (harness/reference.py), and the number of operations that the mathematics needs.
A suite (benchmarks/suites/*.py) is a list of cases.

What is more than scaled dot-product attention is said twice: as MLIR for us, and as
functions of arrays for everybody else, which get the array library as `xp` (NumPy,
torch or jax.numpy), further inputs as `x`, and indices b, h, i, j as integers or arrays
that broadcast. From the latter come the reference, the count of live pairs and what
the peers run, so that a mistake in either would show as a wrong result.
"""

import dataclasses
import functools
import zlib
from typing import Callable, Optional

import numpy as np

NUMPY_TYPES = {"f32": np.float32, "f64": np.float64}


@dataclasses.dataclass(frozen=True)
class Score:
    """A score function other than the scaled dot product."""

    # (case) -> MLIR that defines %s, of type {scores}, from %q, %k and further inputs.
    program: Callable
    # (xp, x, q, k) -> scores [..., i, j] of q [..., i, d] and k [..., j, d].
    evaluate: Callable
    # Features that are summed over at every pair, where not as many as a query has.
    features: Optional[int] = None
    # (xp, x, q) -> queries whose plain dot product with the keys it is, where that can be.
    project: Optional[Callable] = None


@dataclasses.dataclass(frozen=True)
class Case:
    suite: str
    heads: int
    queries: int
    head_dim: int
    batch: int = 1
    keys: Optional[int] = None  # as many as queries
    value_dim: Optional[int] = None  # as head_dim
    causal: bool = False  # first query aligned with first key
    layout: str = "bhsd"  # or bshd: queries, keys, values and context are [B, S, H, D]
    dynamic: bool = False  # extents but the features' are unknown to the compiler
    element: str = "f32"
    measure: str = "time"  # or memory, or compile
    label: str = ""  # a word of the name, in place of causal or full: what the rest does not tell
    quick: bool = False  # part of --quick
    # Largest error that still counts as right: see harness/reference.py for its units.
    tolerance: float = 1e-4

    # What attention this is, beyond the above.
    score: Optional[Score] = None
    extra_inputs: Optional[Callable] = None  # (case, rng) -> {name: array}, passed after q, k, v by name
    changes: str = ""  # MLIR that makes %m of %s, both of type {scores}; {heads}, {queries}, {keys} are extents
    modify: Optional[Callable] = None  # (xp, x, s, b, h, i, j) -> score
    modify_adds: bool = False  # whether that is s plus something
    allowed: Optional[Callable] = None  # (xp, x, b, h, i, j) -> whether a pair is live, the same for all h
    bias: str = ""  # the input [1, 1 or H, Nq, Nkv] that is added to scores
    keep: str = ""  # the boolean input [1, 1, Nq, Nkv] that is false where a pair is left out
    sinks: str = ""  # the input [H] of scores of a key without a value
    hints: dict = dataclasses.field(default_factory=dict)  # softcap, window: what some operators take a number for
    # And lse, weights, top_weights, top_keys, entropy, column_mass: the program's results, in this order.
    outputs: tuple = ("context",)
    top: int = 8  # how many keys are listed

    # A plain case that is measured along, and by what this one is compared with it: its
    # time, or the time that it would take for as many operations as this case has.
    reference: Optional["Case"] = None
    reference_by: str = "time"  # or operations

    @property
    def name(self) -> str:
        size = (f"n{self.queries}" if self.key_count == self.queries
                else f"q{self.queries}-k{self.key_count}")
        parts = [self.suite, f"b{self.batch}" if self.batch > 1 else "", f"h{self.heads}", size,
                 f"d{self.head_dim}", f"v{self.value_dim}" if self.value_dim else "", self.label,
                 "causal" if self.causal else "full" if not self.label else "",
                 self.layout if self.layout != "bhsd" else "", "dynamic" if self.dynamic else "", self.element]
        return "-".join(part for part in parts if part)

    @property
    def key_count(self) -> int:
        return self.queries if self.keys is None else self.keys

    @property
    def value_features(self) -> int:
        return self.head_dim if self.value_dim is None else self.value_dim

    @property
    def score_features(self) -> int:
        return (self.score and self.score.features) or self.head_dim

    @property
    def is_plain(self) -> bool:
        """Whether it is scaled dot-product attention, causal or not, and its context alone."""
        return not (self.score or self.modify or self.allowed or self.bias or self.keep or self.sinks
                    or self.outputs != ("context",))

    @functools.cached_property
    def live_pairs(self) -> int:
        """Pairs of a query and a key that a mask allows, in all batch elements and heads."""
        if self.allowed or self.keep:
            return self.heads * self._count_pairs()
        if not self.causal:
            return self.batch * self.heads * self.queries * self.key_count
        short = min(self.queries, self.key_count)
        return self.batch * self.heads * (short * (short + 1) // 2 + (self.queries - short) * self.key_count)

    def _count_pairs(self) -> int:
        """Of one head of each batch element, one by one."""
        x, count = self.make_extra_inputs(), 0
        j = np.arange(self.key_count, dtype=np.int32)
        for b in range(self.batch):
            for first in range(0, self.queries, 512):
                i = np.arange(first, min(first + 512, self.queries), dtype=np.int32)[:, None]
                live = np.broadcast_to(True, (len(i), self.key_count))
                if self.allowed:
                    live = live & self.allowed(np, x, b, 0, i, j)
                if self.keep:
                    live = live & x[self.keep][0, 0, i[:, 0]]
                if self.causal:
                    live = live & (j <= i)
                count += int(np.count_nonzero(live))
        return count

    @property
    def flops(self) -> int:
        """Multiplications and additions of the scores and of the weighted sum at live
        pairs; nothing else counts, so that every system is given the same."""
        return 2 * self.live_pairs * (self.score_features + self.value_features)

    @property
    def result_bytes(self) -> int:
        size = np.dtype(NUMPY_TYPES[self.element]).itemsize
        return sum(int(np.prod(self.result_shape(output))) * (4 if output == "top_keys" else size)
                   for output in self.outputs)

    def result_shape(self, output: str) -> tuple:
        if output == "context":
            return self.shape(self.queries, self.value_features)
        of_head = {"lse": (self.queries,), "entropy": (self.queries,), "weights": (self.queries, self.key_count),
                   "top_weights": (self.queries, self.top), "top_keys": (self.queries, self.top),
                   "column_mass": (self.key_count,)}
        return self.batch, self.heads, *of_head[output]

    def shape(self, rows: int, features: int) -> tuple:
        if self.layout == "bshd":
            return self.batch, rows, self.heads, features
        return self.batch, self.heads, rows, features

    def _rng(self, purpose: str):
        return np.random.default_rng(zlib.crc32(f"{self.name}{purpose}".encode()))

    def make_extra_inputs(self) -> dict:
        return self.extra_inputs(self, self._rng(" extra")) if self.extra_inputs else {}

    def make_inputs(self) -> dict:
        """Standard normal numbers, the same in every run."""
        rng, kind = self._rng(""), NUMPY_TYPES[self.element]
        normal = lambda rows, features: rng.standard_normal(self.shape(rows, features), np.float32).astype(kind)
        return {"q": normal(self.queries, self.head_dim), "k": normal(self.key_count, self.head_dim),
                "v": normal(self.key_count, self.value_features)} | self.make_extra_inputs()

    def head_of(self, array: np.ndarray, b: int, h: int) -> np.ndarray:
        """Rows × features of a head of q, k, v or the context."""
        return array[b, :, h] if self.layout == "bshd" else array[b, h]


def order_of_inputs(names) -> list:
    """The arguments of a program: q, k, v, and the others by name."""
    return ["q", "k", "v", *sorted(set(names) - {"q", "k", "v"})]
