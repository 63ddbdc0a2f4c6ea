"""What is read off weights: the keys of largest weight, the entropy of a row, the
mass of a column."""

import numpy as np

from program import iset

from . import TYPES, case, layouts, program, qkv, shape_label
from .catalogue import CAUSAL, MASKS


def read(p, q, k, v, counts=(3,), change=lambda s: s, sinks=None, normalise=None, more=True):
    """All readings of the weights of scaled scores, beside the context."""
    s = change(p.dot(q, k, scaled=True))
    w = normalise(s) if normalise else p.softmax(s, sinks=sinks)[0]
    for n in counts:
        p.result(*p.top_k(w, n))
    if more:
        p.result(p.entropy(w), p.column_mass(w))
    p.result(p.context(w, v))


@case("top-k, entropy and column mass, in all types and shapes", core=True)
def shapes(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for batch, nq, nkv, count in (((), 5, 7, 3), ((2, 3), 9, 17, 8), ((2,), 70, 133, 1)):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, batch, nq, nkv)
                read(p, q, k, v, (count,))
                yield p.call(f"k {count}, {'dynamic' if dynamic else 'static'}, {shape_label(t, q, k, v)}")


@case("more keys asked for than there are; no keys, no queries", core=True)
def few(rng):
    for t, dynamic in (("f32", True), ("f32", False), ("f64", True)):
        for batch, nq, nkv, count in (((), 4, 3, 8), ((2,), 3, 0, 2), ((2,), 0, 5, 2), ((0,), 3, 5, 2),
                                      ((), 1, 1, 1), ((), 2, 1, 2)):
            p = program(t, dynamic)
            q, k, v = qkv(p, rng, t, batch, nq, nkv)
            read(p, q, k, v, (count,))
            yield p.call(f"k {count}, {'dynamic' if dynamic else 'static'}, {shape_label(t, q, k, v)}")


@case("readings, weights and log-sum-exp without a context", core=True)
def no_context(rng):
    for t, dynamic in (("f32", True), ("f32", False), ("f64", True), ("f16", False)):
        for batch, nq, nkv in (((), 9, 17), ((2, 3), 70, 133), ((2,), 0, 5), ((2,), 3, 0)):
            for more in (False, True):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, batch, nq, nkv)
                w, lse = p.softmax(p.mask(p.dot(q, k, scaled=True), CAUSAL), lse=True)
                p.result(*p.top_k(w, 3), p.entropy(w), lse)
                if more:
                    p.result(w, p.column_mass(w))
                yield p.call(f"{'all' if more else 'rows'}, {'dynamic' if dynamic else 'static'}, {shape_label(t, q, k, v)}")


@case("readings of which only transposes are used", core=True)
def transposed(rng):
    for t, dynamic in (("f32", True), ("f32", False), ("f64", True), ("f16", False)):
        p = program(t, dynamic)
        q, k, v = qkv(p, rng, t, (2, 3), 70, 133)
        w, lse = p.softmax(p.mask(p.dot(q, k, scaled=True), CAUSAL), lse=True)
        top, keys = p.top_k(w, 5)
        # The list stays last where it is absorbed, and moves where it is not.
        p.result(p.transpose(top, (2, 0, 1, 3)), p.transpose(keys, (0, 3, 2, 1)))
        p.result(p.transpose(p.entropy(w), (2, 1, 0)), p.transpose(lse, (1, 2, 0)))
        p.result(p.transpose(p.column_mass(w), (2, 0, 1)), p.transpose(w, (3, 0, 2, 1)))
        p.result(p.transpose(p.context(w, v), (0, 2, 1, 3)))
        yield p.call(f"{'dynamic' if dynamic else 'static'}, {shape_label(t, q, k, v)}")


@case("readings under masks of every kind")
def masked(rng):
    for name, mask in MASKS.items():
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2, 4), 37, 70, kv_batch=(2, 2))
        read(p, q, k, v, (5,), lambda s, mask=mask: mask(p, s, rng))
        yield p.call(f"{name}, {shape_label('f32', q, k, v)}")


@case("readings of empty rows, with and without sinks", core=True)
def empty_rows(rng):
    for t in TYPES:
        for sinks in (None, [1.5, -np.inf]):
            p = program(t)
            q, k, v = qkv(p, rng, t, (3, 2), 6, 9)
            n = p.scalar(3, "index")
            s = p.arg(sinks, p.compute) if sinks else None
            rows = iset("n - i - 1 >= 0", lambda i, n, **_: i < n, n=n)
            read(p, q, k, v, (2,), lambda s: p.mask(p.mask(s, rows), CAUSAL), s)
            yield p.call(f"{'sinks' if sinks else 'none'}, {shape_label(t, q, k, v)}")


@case("equal weights: the lower key first", core=True)
def ties(rng):
    for t in TYPES:
        for period, causal in ((1, False), (4, False), (4, True)):
            # Small integers: equal keys have equal scores, to the last bit.
            p = program(t)
            keys = rng.integers(-2, 3, (period, 4))[np.arange(35) % period]
            q = p.arg(rng.integers(-2, 3, (6, 4)), t)
            k, v = p.arg(keys, t), p.arg(rng.normal(size=(35, 2)), t)
            s = p.dot(q, k)
            s = p.mask(s, CAUSAL) if causal else s
            w, _ = p.softmax(s)
            top, found = p.top_k(w, 9)
            found.data = in_order(s.data, 9)
            found.judge = None
            p.result(top)
            p.result(found, exact=True)
            p.result(p.context(w, v))
            yield p.call(f"period {period}, {'causal' if causal else 'full'}, {shape_label(t, q, k, v)}")


def in_order(scores, count):
    """The live keys by decreasing score, equal ones by increasing key."""
    import oracle
    value = np.where(scores.live, scores.value, -np.inf)
    order = np.argsort(-value, axis=-1, kind="stable")[..., :count]
    keys = np.where(np.take_along_axis(scores.live, order, -1), order, -1)
    return oracle.Bounded(keys.astype(value.dtype), np.zeros(keys.shape))


@case("readings of rows with NaN or infinity, masked and live", core=True)
def not_finite(rng):
    for t in ("f32", "f64", "f16"):
        for junk in (np.nan, np.inf):
            for masked_out in (True, False):
                p = program(t)
                a = rng.normal(size=(70, 5))
                a[[0, 17, 69], 1] = junk
                q = p.arg(np.abs(rng.normal(size=(6, 5))), t)
                k, v = p.arg(a, t), p.arg(rng.normal(size=(70, 2)), t)
                keep = np.ones((6, 70), bool)
                keep[:, [0, 17, 69]] = not masked_out
                if not masked_out:
                    keep[::2, [0, 17, 69]] = False  # every other row is NaN
                keep = p.arg(keep, "i1")
                read(p, q, k, v, (4,), lambda s: p.mask(s, keep=keep))
                yield p.call(f"{junk} at {'masked' if masked_out else 'live'} keys, {shape_label(t, q, k, v)}")


@case("readings of large scores, of one key far above the others, of weights that underflow")
def steep(rng):
    for t in TYPES:
        for scale in (1e-3, 30.0, 2000.0):
            p = program(t)
            q = p.arg(rng.normal(size=(9, 4)) * scale ** 0.5, t)
            k = p.arg(rng.normal(size=(150, 4)) * scale ** 0.5, t)
            v = p.arg(rng.normal(size=(150, 2)), t)
            read(p, q, k, v, (6,))
            yield p.call(f"scores of {scale:g}, {shape_label(t, q, k, v)}")


@case("readings of scores that are weights: only those above 0 are listed")
def as_weights(rng):
    for t in ("f32", "f64"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 5, 9)
        read(p, q, k, v, (6,), lambda s: p.mask(s, CAUSAL), normalise=p.as_weights, more=False)
        yield p.call(shape_label(t, q, k, v))


@case("lists of several lengths of the same weights")
def lists(rng):
    for dynamic in (True, False):
        p = program("f32", dynamic)
        q, k, v = qkv(p, rng, "f32", (2,), 21, 40)
        read(p, q, k, v, (1, 5, 16))
        yield p.call(shape_label("f32", q, k, v))


@case("long rows: lists of 1, 8 and 100 keys and of all, under biases, causal and full")
def long_rows(rng):
    for t in TYPES:
        for masked, dynamic in ((True, True), (False, False)):
            p = program(t, dynamic)
            q, k, v = qkv(p, rng, t, (2,), 37, 301)
            b = np.where(rng.random((2, 37, 301)) < 0.1, -np.inf, rng.normal(size=(2, 37, 301)))
            b = p.arg(b, p.compute)
            change = lambda s, b=b, p=p: p.mask(p.mask(s, bias=b), CAUSAL)
            read(p, q, k, v, (1, 8, 100, 320), change if masked else lambda s: s)
            yield p.call(f"{'masked' if masked else 'full'}, {shape_label(t, q, k, v)}")


@case("equal weights in different blocks and parts of the keys: the lower key first", core=True)
def ties_far_apart(rng):
    for t in TYPES:
        p = program(t)
        keys = rng.integers(-1, 2, (5, 4))[np.arange(413) % 5]
        q, k, v = p.arg(rng.integers(-1, 2, (21, 4)), t), p.arg(keys, t), p.arg(rng.normal(size=(413, 2)), t)
        s = p.dot(q, k)
        w, _ = p.softmax(s)
        top, found = p.top_k(w, 90)
        found.data = in_order(s.data, 90)
        found.judge = None
        p.result(top)
        p.result(found, exact=True)
        p.result(p.entropy(w), p.context(w, v))
        yield p.call(shape_label(t, q, k, v))
