"""Weights as a result beside the context: a second pass over the keys."""

import numpy as np

from program import attention, iset

from . import TYPES, case, layouts, program, qkv, shape_label
from .catalogue import CAUSAL, MASKS, TANH, sparse_calls

# Fewer keys than a vector has lanes, no multiple of one, several blocks, of queries too,
# so many that they are split.
SHAPES = ((1, 1), (5, 7), (3, 0), (70, 133), (4, 200), (130, 8), (64, 96), (3, 1100))


@case("weights of odd and even shapes, all types, with and without a mask", core=True)
def shapes(rng):
    for t in TYPES:
        for masked in (False, True):
            for dynamic in layouts(t):
                for nq, nkv in SHAPES if t == "f32" else SHAPES[1:4]:
                    p = program(t, dynamic)
                    q, k, v = qkv(p, rng, t, (2, 4), nq, nkv, 9, 5, kv_batch=(2, 2))
                    s = p.dot(q, k, scaled=True)
                    w, lse = p.softmax(p.mask(s, CAUSAL) if masked else s, lse=masked)
                    p.result(p.context(w, v), w, *([lse] if lse else []))
                    yield p.call(f"{'causal' if masked else 'full'}, {shape_label(t, q, k, v)}")


@case("weights under masks of every kind", core=True)
def masks(rng):
    for t in ("f32", "f64"):
        for name, mask in MASKS.items():
            for nq, nkv in ((40, 130), (9, 5)) if t == "f32" else ((9, 5),):
                p = program(t)
                q, k, v = qkv(p, rng, t, (2, 3), nq, nkv, 6, 5, kv_batch=(2, 1))
                attention(p, q, k, v, weights=True, change=lambda s: mask(p, s, rng))
                yield p.call(f"{shape_label(t, q, k, v)}, {name}")


@case("weights where whole blocks of keys are left out, by unions, by data and by both", core=True)
def sparse(rng):
    yield from sparse_calls(rng, 131, lambda p, q, k, v, change: attention(p, q, k, v, weights=True, change=change))


@case("weights of changed scores, with sinks")
def changed(rng):
    for t in TYPES:
        for nq, nkv in ((6, 9), (33, 210)):
            for has_sinks in (False, True):
                p = program(t)
                q, k, v = qkv(p, rng, t, (2, 3), nq, nkv, 6, 5)
                sinks = p.arg([0.5, -np.inf, 3.0], p.compute) if has_sinks else None
                bias = p.arg(rng.normal(size=(2, 3, nq, nkv)), t)
                attention(p, q, k, v, weights=True, sinks=sinks,
                          change=lambda s: p.mask(p.modify(s, *TANH), CAUSAL, bias=bias))
                yield p.call(f"{shape_label(t, q, k, v)}, sinks {has_sinks}")


@case("weights of scores that are no dot products")
def scores(rng):
    for nq, nkv in ((6, 9), (33, 210)):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (), nq, nkv, 6, 5)
        distance = ("%d = arith.subf %q, %k : $T\n%s = arith.mulf %d, %d : $T\n"
                    "%n = arith.negf %s : $T\nattention.yield %n : $T")
        w, _ = p.softmax(p.general(q, k, distance, lambda q, k: -(q - k) ** 2))
        p.result(p.context(w, v), w)
        yield p.call(f"distances, {shape_label('f32', q, k, v)}")
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (), nq, nkv, 6, 5)
        wq, wk = (p.arg(rng.normal(size=(7, 6)), "f32") for _ in range(2))
        w, _ = p.softmax(p.additive(q, k, wq, wk, p.arg(rng.normal(size=7), "f32")))
        p.result(p.context(w, v), w)
        yield p.call(f"additive, {shape_label('f32', q, k, v)}")


@case("weights of empty rows are 0, of rows with NaN only live ones NaN")
def special_rows(rng):
    for t in ("f32", "f64", "bf16"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (), 40, 130, 6, 5)
        q.data[3, 2], k.data[100, 1] = np.nan, np.nan
        n = p.scalar(7, "index")
        rows = iset("i - n >= 0 , i + 61 - j >= 0", lambda i, j, n, **_: (i >= n) & (i + 61 >= j), n=n)
        attention(p, q, k, v, weights=True, change=lambda s: p.mask(s, rows))
        yield p.call(shape_label(t, q, k, v))


@case("weights of two contexts, and weights that are computed with")
def users(rng):
    for nq, nkv in ((6, 9), (33, 210)):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2,), nq, nkv, 6, 5)
        w, _ = p.softmax(p.mask(p.dot(q, k, scaled=True), CAUSAL))
        p.result(p.context(w, v), p.context(w, k), w)
        yield p.call(shape_label("f32", q, k, v))
