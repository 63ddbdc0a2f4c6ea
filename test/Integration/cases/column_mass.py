"""How much each key is read: a sum over queries, in parts of the keys."""

import numpy as np

from program import iset

from . import TYPES, case, layouts, program, qkv, shape_label
from .catalogue import CAUSAL, MASKS, TANH, sparse_calls


def mass(p, q, k, v, change=lambda s: s, sinks=None, normalise=None, lse=False, weights=False):
    """Beside the context, and beside other results."""
    s = change(p.dot(q, k, scaled=True))
    w, l = (normalise(s), None) if normalise else p.softmax(s, sinks=sinks, lse=lse)
    p.result(p.context(w, v), *([l] if l else []), *([w] if weights else []), p.column_mass(w))


@case("column mass of odd and even shapes, all types, with and without a mask", core=True)
def shapes(rng):
    for t in TYPES:
        for masked in (False, True):
            for dynamic in layouts(t):
                # Fewer keys than lanes, no multiple of them, several blocks, parts of the keys.
                for nq, nkv in ((1, 1), (5, 7), (70, 133), (130, 8), (64, 96), (3, 1100)) if t == "f32" else (
                        (5, 7), (70, 133)):
                    p = program(t, dynamic)
                    q, k, v = qkv(p, rng, t, (2, 4), nq, nkv, 9, 5, kv_batch=(2, 2))
                    mass(p, q, k, v, lambda s: p.mask(s, CAUSAL) if masked else s, lse=masked)
                    yield p.call(f"{'causal' if masked else 'full'}, {shape_label(t, q, k, v)}")


@case("column mass under masks of every kind, beside the weights", core=True)
def masks(rng):
    for name, mask in MASKS.items():
        for nq, nkv, weights in ((40, 130, False), (9, 5, True)):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (2, 3), nq, nkv, 6, 5, kv_batch=(2, 1))
            mass(p, q, k, v, lambda s: mask(p, s, rng), weights=weights)
            yield p.call(f"{shape_label('f32', q, k, v)}, {name}")
    for name in ("keep", "document ids", "window", "lengths"):  # in several parts
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (1, 2), 40, 1200, 6, 5)
        mass(p, q, k, v, lambda s: MASKS[name](p, s, rng))
        yield p.call(f"{shape_label('f32', q, k, v)}, {name}")


@case("column mass where whole blocks of keys are left out, by unions, by data and by both", core=True)
def sparse(rng):
    yield from sparse_calls(rng, 1200, mass)


@case("column mass of changed scores, with sinks, and of scores as weights")
def changed(rng):
    for t in TYPES:
        for sinks in (None, [0.5, -np.inf, 3.0]):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2, 3), 33, 210, 6, 5)
            bias = p.arg(rng.normal(size=(2, 3, 33, 210)), t)
            s = p.arg(sinks, p.compute) if sinks else None
            mass(p, q, k, v, lambda s: p.mask(p.modify(s, *TANH), CAUSAL, bias=bias), s)
            yield p.call(f"{shape_label(t, q, k, v)}, {'sinks' if sinks else 'no sinks'}")
        p = program(t)
        q, k, v = qkv(p, rng, t, (3,), 33, 210, 6, 5)
        mass(p, q, k, v, lambda s: p.mask(s, CAUSAL), normalise=p.as_weights)
        yield p.call(f"{shape_label(t, q, k, v)}, scores as weights")


@case("column mass: no keys, no queries, empty rows, rows of NaN", core=True)
def edges(rng):
    for t in ("f32", "f64"):
        for batch, nq, nkv in (((2,), 3, 0), ((2,), 0, 5), ((0,), 3, 5)):
            p = program(t)
            q, k, v = qkv(p, rng, t, batch, nq, nkv)
            mass(p, q, k, v)
            yield p.call(shape_label(t, q, k, v))
        for live in (False, True):
            # Queries of NaN that see some of the keys, and rows without a key.
            p = program(t)
            q, k, v = qkv(p, rng, t, (), 40, 130, 6, 5)
            q.data[3 if live else 0, 2] = np.nan
            n = p.scalar(2, "index")
            rows = iset("i - n >= 0, i + 61 - j >= 0", lambda i, j, n, **_: (i >= n) & (i + 61 >= j), n=n)
            mass(p, q, k, v, lambda s: p.mask(s, rows))
            yield p.call(f"{shape_label(t, q, k, v)}, NaN in a {'live' if live else 'masked'} query")
