"""What attention means, in NumPy: the oracle of the numerical tests.

Written from docs/Spec.md and the descriptions of the operations, never from a
lowering. Nothing here is blocked, online, or folded: scores are a full array
with a second one that says which pairs are live, since absence is a fact about
a pair and not a number.

Numbers are those the inputs hold after rounding to their element types; the
arithmetic is that of the arrays passed in: float64 where the compute type is f32,
longdouble where it is f64, so the oracle's own error never counts.

Every quantity carries a bound of the error that an evaluation in the compute
type may make, in multiples of the unit roundoff u, to first order, where a sum
of n terms may lose √n·u of the sum of their magnitudes (the expected growth;
the worst case n·u would hide a wrong accumulation type). Tolerances come from
these bounds alone; no test sets one.
"""

from dataclasses import dataclass
from typing import Callable, Optional, Sequence

import numpy as np

# Roundings of one elementary step: exp, log, tanh and a division or two.
STEP = 4.0
# What a tanh of a pair body may be off by, in u, whatever its size: some 1e-6 of
# its weight in f32 (Spec, section 11).
TANH = 16.8


def underflow(x: np.ndarray) -> float:
    """The least normal number of the compute type in u: what a weight below it
    may lose, as the exponential of an implementation may flush it to zero."""
    return 2.0 ** (-126 + 24) if x.dtype == np.float64 else 2.0 ** (-1022 + 53)


def least(x: np.ndarray) -> float:
    """The least positive number of the compute type in u: what one product of the
    weighted sum may lose. Sums of subnormal values lose no more."""
    return 2.0 ** (-149 + 24) if x.dtype == np.float64 else 2.0 ** (-1074 + 53)


def _unit_roundoff(x: np.ndarray) -> float:
    """The unit roundoff of the compute type."""
    return 2.0**-24 if x.dtype == np.float64 else 2.0**-53


@dataclass
class Scores:
    value: np.ndarray  # [b…, i, j], meaningless where not live
    live: np.ndarray  # bool
    error: np.ndarray  # in u


@dataclass
class Bounded:
    """A result and its error in u."""

    value: np.ndarray
    error: np.ndarray


def finite_or_zero(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), x, 0)


def expand_batch(x: np.ndarray, batch: Sequence[int]) -> np.ndarray:
    """Keys or values [c…, j, d] as every query sees them, [b…, j, d]: equal or 1,
    or, for the last batch dimension, a divisor of the queries'."""
    if batch and x.shape[-3] not in (1, batch[-1]):
        x = np.repeat(x, batch[-1] // x.shape[-3], axis=-3)
    return np.broadcast_to(x, tuple(batch) + x.shape[-2:])


def contraction(lhs: np.ndarray, rhs: np.ndarray, out: np.ndarray, dims: Sequence[str]) -> Bounded:
    """out plus the sum of products; `dims` as for Program.contraction."""
    factors = []
    for x, letters in zip((lhs, rhs), dims):
        for axis, letter in enumerate(letters):
            x = np.repeat(x, 2, axis) if letter.isupper() else x
        factors.append(x)
    # A half of an odd extent has one element that is read once.
    extents = {}
    for x, letters in zip((out, *factors), (dims[2], *dims[:2])):
        for n, letter in zip(x.shape, letters.lower()):
            extents.setdefault(letter, n)
    factors = [x[tuple(slice(extents[d]) for d in letters.lower())] for x, letters in zip(factors, dims)]
    formula = f"{dims[0]},{dims[1]}->{dims[2]}".lower()
    terms = np.prod([n for d, n in extents.items() if d not in dims[2]])
    product = lambda x, y: np.einsum(formula, x, y, optimize=True)  # by BLAS where it can be
    magnitude = product(*map(np.abs, factors)) + np.abs(out)
    value = out + product(*factors)
    return Bounded(value, (np.sqrt(terms) + 2) * finite_or_zero(magnitude))


def _scores(value: np.ndarray, error: np.ndarray) -> Scores:
    return Scores(value, ~np.isneginf(value), finite_or_zero(error))


def dot(q: np.ndarray, k: np.ndarray, scale: Optional[float] = None,
        scaled: bool = False) -> Scores:
    kt = np.swapaxes(expand_batch(k, q.shape[:-2]), -1, -2)
    d = q.shape[-1]
    if d == 0:
        zeros = np.zeros(q.shape[:-1] + kt.shape[-1:], q.dtype)
        return _scores(zeros, zeros)
    factor = 1 / np.sqrt(q.dtype.type(d)) if scaled else 1 if scale is None else scale
    magnitude = np.abs(q) @ np.abs(kt) * np.abs(factor)
    return _scores(q @ kt * factor, (np.sqrt(d) + 3) * magnitude)


def bilinear(q: np.ndarray, k: np.ndarray, w: np.ndarray) -> Scores:
    kt = np.swapaxes(expand_batch(k, q.shape[:-2]), -1, -2)
    magnitude = np.abs(q) @ np.abs(w) @ np.abs(kt)
    return _scores(q @ w @ kt, (np.sqrt(w.shape[0]) + np.sqrt(w.shape[1]) + 2) * magnitude)


def additive(q: np.ndarray, k: np.ndarray, wq: np.ndarray, wk: np.ndarray,
             v: np.ndarray, bias: Optional[np.ndarray] = None) -> Scores:
    k = expand_batch(k, q.shape[:-2])
    b = np.zeros_like(v) if bias is None else bias
    pairs = lambda x, y: x[..., :, None, :] + y[..., None, :, :]
    hidden = np.tanh(pairs(q @ wq.T + b, k @ wk.T))
    magnitude = pairs(np.abs(q) @ np.abs(wq.T) + np.abs(b), np.abs(k) @ np.abs(wk.T))
    steps = np.sqrt(q.shape[-1]) + np.sqrt(k.shape[-1]) + 2
    error = (steps * magnitude * (1 - hidden**2)
             + (np.sqrt(len(v)) + STEP) * np.abs(hidden) + TANH) @ np.abs(v)
    return _scores(hidden @ v, error)


def general(q: np.ndarray, k: np.ndarray, combine: Callable,
            parameters: Sequence[np.ndarray] = (),
            magnitude: Optional[Callable] = None) -> Scores:
    """Σ_d combine(q, k, parameters…), for a combine without cancellation; or with
    one, where `magnitude` says how large the terms are that cancel."""
    k = expand_batch(k, q.shape[:-2])
    operands = q[..., :, None, :], k[..., None, :, :], *parameters
    terms = combine(*operands)
    if magnitude is not None:
        magnitude = np.broadcast_to(magnitude(*operands), terms.shape)
    magnitude = np.abs(terms if magnitude is None else magnitude).sum(-1)
    return _scores(terms.sum(-1), (np.sqrt(q.shape[-1]) + STEP) * magnitude)


def modify(s: Scores, region: Callable, gain: float = 1.0) -> Scores:
    """The region gets the live scores and their indices, nothing else. `gain` is
    how much it may enlarge an error of the score."""
    x, where = s.value[s.live], np.nonzero(s.live)
    y = region(x, *where)
    value, error, live = s.value.copy(), s.error.copy(), s.live.copy()
    value[s.live] = y
    error[s.live] = gain * (error[s.live] + finite_or_zero(np.abs(x))) + STEP * finite_or_zero(np.abs(y))
    live[s.live] = ~np.isneginf(y)
    return Scores(value, live, error)


def mask(s: Scores, allowed: np.ndarray) -> Scores:
    return Scores(s.value, s.live & allowed, s.error)


def mask_where(s: Scores, region: Callable) -> Scores:
    """As `mask`, by a region that is asked about live pairs only."""
    live = s.live.copy()
    live[s.live] = region(*np.nonzero(s.live))
    return Scores(s.value, live, s.error)


def add_bias(s: Scores, bias: np.ndarray) -> Scores:
    value = s.value + bias
    return Scores(value, s.live & ~np.isneginf(value),
                  s.error + finite_or_zero(np.abs(value)))


def most_equal(terms: np.ndarray) -> np.ndarray:
    """How many terms of a row, not 0, are equal at most: in a sum they may all be
    rounded the same way, by half a unit each."""
    ordered = np.sort(terms, axis=-1)
    position = np.arange(terms.shape[-1])
    begins = np.ones(terms.shape, bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    length = position + 1 - np.maximum.accumulate(np.where(begins, position, 0), axis=-1)
    return np.max(np.where(ordered == 0, 0, length), axis=-1, initial=0)


def softmax(s: Scores, sinks: Optional[np.ndarray] = None) -> tuple[Bounded, Bounded]:
    """Weights [b…, i, j] and log-sum-exp [b…, i]. Sinks have the trailing batch
    dimensions."""
    rows = s.value.shape[:-1]
    value = np.where(s.live, s.value, -np.inf)
    top = np.max(value, axis=-1, initial=-np.inf)
    if sinks is not None:
        sinks = np.broadcast_to(np.asarray(sinks)[..., None], rows)
        top = np.maximum(top, sinks)
    shift = np.where(np.isneginf(top), 0, top)
    numerators = np.exp(value - shift[..., None])
    total = numerators.sum(-1)
    if sinks is not None:
        total = total + np.exp(sinks - shift)
    weights = np.where(s.live, numerators / total[..., None], 0)
    lse = shift + np.log(total)

    # The argument of the exponential is a rounded difference.
    relative = s.error + np.abs(finite_or_zero(value - shift[..., None])) + STEP
    relative = np.where(s.live, relative, 0)
    of_sum = ((finite_or_zero(weights) * relative).sum(-1)
              + np.maximum(2 * np.sqrt(s.value.shape[-1]), most_equal(np.where(s.live, numerators, 0)) / 2))
    error = finite_or_zero(weights) * (relative + of_sum[..., None])
    error = np.where(s.live, error + underflow(value), 0)
    return (Bounded(weights, error),
            Bounded(lse, of_sum + STEP + 2 * finite_or_zero(np.abs(lse))))


def as_weights(s: Scores) -> Bounded:
    """Scores for weights, 0 where a pair is absent."""
    return Bounded(np.where(s.live, s.value, 0), np.where(s.live, s.error, 0))


def top_k(w: Bounded, k: int) -> Bounded:
    """The k largest weights of each row [b…, i, k], decreasing, 0 where there are no
    more; NaN in a row with a NaN. No bound of an element has to be that of one key:
    where weights within their errors change places, it is between them."""
    def largest(x):
        ordered = -np.sort(-np.maximum(x, 0), axis=-1)[..., :k]
        return np.pad(ordered, [(0, 0)] * (x.ndim - 1) + [(0, k - ordered.shape[-1])])

    error = np.broadcast_to(w.error, w.value.shape)
    value, unit = largest(w.value), _unit_roundoff(w.value)
    room = np.maximum(largest(w.value + error * unit) - value, value - largest(w.value - error * unit))
    spoilt = np.isnan(w.value).any(axis=-1, keepdims=True)
    return Bounded(np.where(spoilt, np.nan, value), finite_or_zero(np.where(spoilt, 0, room / unit)))


def weights_of_keys(w: Bounded, keys: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """What the keys that top_k found, [b…, i, k], have for weights: the number within
    the key's bound that is nearest to what is expected. −1 has weight 0, in a row
    with a NaN NaN; a key that must not be listed, none that is ever expected."""
    keys = keys.astype(np.int64)
    count = w.value.shape[-1]
    is_key = (keys >= 0) & (keys < count)
    spoilt = np.isnan(w.value).any(axis=-1, keepdims=True)
    at = np.where(is_key, keys, 0) if count else np.zeros_like(keys)
    read = lambda x: np.take_along_axis(x, at, -1) if count else np.zeros(keys.shape)
    value = read(w.value)
    room = read(np.broadcast_to(w.error, w.value.shape)) * _unit_roundoff(w.value)
    nearest = np.clip(expected, value - room, value + room)
    is_listed = is_key & (value + room > 0) & ~spoilt
    is_none = keys == -1
    twice = np.zeros(keys.shape, bool)
    for t in range(keys.shape[-1]):
        twice[..., t] = (keys[..., :t] == keys[..., t, None]).any(axis=-1) & ~is_none[..., t]
    result = np.where(is_listed & ~twice, nearest, np.inf)
    return np.where(is_none, np.where(spoilt, np.nan, 0.0), result)


def entropy(w: Bounded) -> Bounded:
    """−Σ_j w · ln w, in nats."""
    value = w.value
    # Below the least normal number a weight may count as 0.
    tiny = underflow(value) * _unit_roundoff(value)
    log = np.log(np.maximum(value, tiny))
    terms = -value * np.log(np.where(value == 0, 1, value))
    error = ((np.abs(log) + 1) * np.broadcast_to(w.error, value.shape)
             + (np.sqrt(value.shape[-1]) + STEP) * np.abs(terms) + 2 * np.abs(value))
    return Bounded(terms.sum(-1), finite_or_zero(error).sum(-1))


def column_mass(w: Bounded) -> Bounded:
    """Σ_i w."""
    error = np.broadcast_to(w.error, w.value.shape)
    terms = (np.sqrt(w.value.shape[-2]) + 2) * finite_or_zero(np.abs(w.value))
    return Bounded(w.value.sum(-2), finite_or_zero(error + terms).sum(-2))


def context(w: Bounded, v: np.ndarray) -> Bounded:
    """The weighted sum; a weight of exactly 0 leaves its value out."""
    v = expand_batch(v, w.value.shape[:-2])
    value = w.value @ finite_or_zero(v)
    for position in np.argwhere(~np.isfinite(v)):
        *b, j, e = position
        weight = w.value[(*b, slice(None), j)]
        value[(*b, slice(None), e)] += np.where(weight == 0, 0, weight * v[tuple(position)])
    magnitude = np.abs(finite_or_zero(v))
    sums = finite_or_zero(np.abs(w.value)) @ magnitude
    products = np.sum(w.value != 0, axis=-1, keepdims=True)
    return Bounded(value, w.error @ magnitude + (2 * np.sqrt(v.shape[-2]) + 2) * sums
                   + products * least(value))
