"""A case: one attention at one shape, in all the forms that measuring it takes.

It has inputs, a program in the attention dialect, a reference in float64, and the
number of operations that the mathematics needs. A suite (benchmarks/suites/*.py) is
a list of cases. What the fields cannot say, a case says by functions of its own:
`program`, `reference_scores`, `pairs`, `extra_inputs`, and `peers`, which replaces
what a peer runs by default (or, by None, says that it has nothing for this case).
"""

import dataclasses
import zlib
from typing import Callable, Optional

import numpy as np

# Rows that are compared with the reference, where there are more.
CHECKED_HEADS = 4
CHECKED_ROWS = 96

NUMPY_TYPES = {"f32": np.float32, "f64": np.float64}


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
    label: str = ""  # a word of the name, for cases that the rest does not tell apart
    quick: bool = False  # part of --quick
    # Largest error that still counts as right, in multiples of the values' root mean square.
    tolerance: float = 1e-4

    # For cases beyond plain attention; each gets the case first.
    program: Optional[Callable] = None  # () -> the text of a module with @attention
    extra_inputs: Optional[Callable] = None  # (rng) -> {name: array}, after q, k, v
    reference_scores: Optional[Callable] = None  # (inputs, b, h, rows) -> f64 scores, -inf where absent
    pairs: Optional[Callable] = None  # () -> live pairs of one head
    peers: dict = dataclasses.field(default_factory=dict)  # system -> (inputs, threads) -> Prepared, or None

    @property
    def name(self) -> str:
        size = (f"n{self.queries}" if self.key_count == self.queries
                else f"q{self.queries}-k{self.key_count}")
        parts = [self.suite, f"b{self.batch}" if self.batch > 1 else "", f"h{self.heads}", size,
                 f"d{self.head_dim}", f"v{self.value_dim}" if self.value_dim else "", self.label,
                 "causal" if self.causal else "full", self.layout if self.layout != "bhsd" else "",
                 "dynamic" if self.dynamic else "", self.element]
        return "-".join(part for part in parts if part)

    @property
    def key_count(self) -> int:
        return self.queries if self.keys is None else self.keys

    @property
    def value_features(self) -> int:
        return self.head_dim if self.value_dim is None else self.value_dim

    @property
    def live_pairs(self) -> int:
        """Pairs of a query and a key that the mask allows, of one head."""
        if self.pairs:
            return self.pairs(self)
        if not self.causal:
            return self.queries * self.key_count
        short = min(self.queries, self.key_count)
        return short * (short + 1) // 2 + (self.queries - short) * self.key_count

    @property
    def flops(self) -> int:
        """Multiplications and additions of QKᵀ and of PV at live pairs; nothing
        else counts, so that every system is given the same."""
        return 2 * self.batch * self.heads * self.live_pairs * (self.head_dim + self.value_features)

    def shape(self, rows: int, features: int) -> tuple:
        if self.layout == "bshd":
            return self.batch, rows, self.heads, features
        return self.batch, self.heads, rows, features

    def make_inputs(self) -> dict:
        """Standard normal numbers, the same in every run."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        kind = NUMPY_TYPES[self.element]
        normal = lambda rows, features: rng.standard_normal(self.shape(rows, features), np.float32).astype(kind)
        inputs = {"q": normal(self.queries, self.head_dim), "k": normal(self.key_count, self.head_dim),
                  "v": normal(self.key_count, self.value_features)}
        if self.extra_inputs:
            inputs |= self.extra_inputs(self, rng)
        return inputs

    def text(self) -> str:
        return self.program(self) if self.program else plain_program(self)

    def head_of(self, array: np.ndarray, b: int, h: int) -> np.ndarray:
        """Rows × features of a head of q, k, v or the context."""
        return array[b, :, h] if self.layout == "bshd" else array[b, h]

    def judge(self, inputs: dict, context: np.ndarray) -> dict:
        """How far a context is off, for reports; no error is given that is not finite."""
        error = self.error_of(inputs, context)
        return {"max_error": error if np.isfinite(error) else None, "correct": bool(error <= self.tolerance)}

    def error_of(self, inputs: dict, context: np.ndarray) -> float:
        """The largest error of a context, of a sample of rows where there are many,
        in multiples of the values' root mean square; infinite for a NaN."""
        if context.shape != self.shape(self.queries, self.value_features):
            return np.inf
        rng = np.random.default_rng(0)
        heads = [(b, h) for b in range(self.batch) for h in range(self.heads)]
        if len(heads) > CHECKED_HEADS:
            inner = rng.choice(np.arange(1, len(heads) - 1), CHECKED_HEADS - 2, replace=False)
            heads = [heads[n] for n in [0, *sorted(inner), len(heads) - 1]]
        rows = np.arange(self.queries)
        if len(rows) > CHECKED_ROWS:
            # The first and the last ones: there blocks begin and tails end.
            third = CHECKED_ROWS // 3
            rows = np.concatenate([rows[:third], np.sort(rng.choice(rows[third:-third], third, replace=False)),
                                   rows[-third:]])
        worst = 0.0
        for b, h in heads:
            values = self.head_of(inputs["v"], b, h).astype(np.float64)
            scores = (self.reference_scores or plain_scores)(self, inputs, b, h, rows)
            top = np.max(scores, axis=-1, keepdims=True)
            weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
            total = weights.sum(-1, keepdims=True)
            # A row without live pairs has weights of zero.
            expected = weights / np.where(total == 0, 1, total) @ values
            found = np.asarray(self.head_of(context, b, h)[rows], np.float64)
            scale = np.sqrt(np.mean(values**2)) or 1.0
            error = float(np.max(np.abs(found - expected), initial=0)) / scale
            worst = max(worst, error if np.isfinite(error) else np.inf)
        return worst


def plain_scores(case: Case, inputs: dict, b: int, h: int, rows: np.ndarray) -> np.ndarray:
    q = case.head_of(inputs["q"], b, h)[rows].astype(np.float64)
    k = case.head_of(inputs["k"], b, h).astype(np.float64)
    scores = q @ k.T / np.sqrt(case.head_dim)
    if case.causal:
        scores = np.where(np.arange(case.key_count) <= rows[:, None], scores, -np.inf)
    return scores


def tensor(shape, element: str) -> str:
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


def plain_program(case: Case) -> str:
    """Scaled dot-product attention, causal or not."""
    b, h, nq, nk = case.batch, case.heads, case.queries, case.key_count
    d, dv, element = case.head_dim, case.value_features, case.element
    if case.dynamic:
        if case.layout != "bhsd":
            raise ValueError("a dynamic case in another layout is not written yet")
        b = h = nq = nk = "?"
    of = {"q": (b, h, nq, d), "k": (b, h, nk, d), "v": (b, h, nk, dv), "o": (b, h, nq, dv)}
    inside = {name: tensor(shape, element) for name, shape in of.items()}
    scores = tensor((b, h, nq, nk), element)
    if case.layout == "bshd":
        outside = {name: tensor((x[0], x[2], x[1], x[3]), element) for name, x in of.items()}
    else:
        outside = inside
    transposed = case.layout == "bshd"

    def transpose(result, value, source, target):
        return (f"  {result}_empty = tensor.empty() : {target}\n"
                f"  {result} = linalg.transpose ins({value} : {source})\n"
                f"      outs({result}_empty : {target}) permutation = [0, 2, 1, 3]\n")

    lines, at = "", {name: f"%{name}" for name in "qkv"}
    if transposed:
        for name in "qkv":
            lines += transpose(f"%{name}_heads", f"%{name}", outside[name], inside[name])
            at[name] = f"%{name}_heads"
    lines += (f"  %s = attention.dot_score {at['q']}, {at['k']} scaled\n"
              f"     : {inside['q']}, {inside['k']} -> {scores}\n")
    masked = "%s"
    if case.causal:
        lines += ("  %m = attention.mask_scores %s\n"
                  "      sets(affine_set<(b, h, i, j) : (i - j >= 0)>)\n"
                  f"    : {scores}\n")
        masked = "%m"
    lines += (f"  %w = attention.softmax {masked} : {scores}\n"
              f"  %o = attention.context %w, {at['v']}\n"
              f"     : {scores}, {inside['v']} -> {inside['o']}\n")
    result = "%o"
    if transposed:
        lines += transpose("%o_rows", "%o", inside["o"], outside["o"])
        result = "%o_rows"
    return (f"// {case.name}\n"
            f"func.func @attention(%q: {outside['q']}, %k: {outside['k']}, %v: {outside['v']})\n"
            f"    -> {outside['o']} {{\n{lines}  return {result} : {outside['o']}\n}}\n")
