"""Scores and weights that are tensors in memory: those of others, those that somebody
else uses, those that the fused operation cannot compute."""

import numpy as np

from program import Program

from . import TYPES, case, layouts, program, qkv, shape_label
from .catalogue import CAUSAL, TANH

SHAPES = (((), 5, 7), ((2, 4), 70, 133), ((3,), 1, 300), ((2,), 3, 0), ((2,), 0, 5))


def values(p, rng, t, batch, nkv, kv_batch=None):
    return p.arg(rng.normal(size=(*(batch if kv_batch is None else kv_batch), nkv, 6)), t)


@case("scores of others, masked and changed after, with sinks and a log-sum-exp", core=True)
def scores(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for batch, nq, nkv in SHAPES if t == "f32" else SHAPES[:2]:
                for changed in (False, True):
                    p = program(t, dynamic)
                    data = rng.normal(size=(*batch, nq, nkv)) * 3
                    data[rng.random(data.shape) < 0.2] = -np.inf
                    s = p.scores(data)
                    v = values(p, rng, t, batch, nkv, batch[:-1] + (2,) if len(batch) == 2 else None)
                    sinks = p.arg([0.5], p.compute, static=True) if changed and batch else None
                    if changed:
                        s = p.mask(p.modify(s, *TANH), CAUSAL)
                    w, lse = p.softmax(s, sinks=sinks, lse=True)
                    p.result(p.context(w, v), lse)
                    yield p.call(f"{'changed' if changed else 'plain'}, {'dynamic' if dynamic else 'static'}, "
                                 f"{t} s {data.shape} v {v.data.shape}")


@case("weights of others: 0 leaves a value out, whatever it is", core=True)
def weights(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for batch, nq, nkv in SHAPES if t == "f32" else SHAPES[:2]:
                p = program(t, dynamic)
                data = rng.normal(size=(*batch, nq, nkv))
                data[..., ::3] = 0
                w = p.weights(data)
                v = values(p, rng, t, batch, nkv, batch[:-1] + (2,) if len(batch) == 2 else None)
                v.data[..., ::3, 1] = np.nan
                p.result(p.context(w, v))
                yield p.call(f"{'dynamic' if dynamic else 'static'}, {t} w {data.shape} v {v.data.shape}")


@case("NaN and infinity among the scores and weights of others")
def not_finite(rng):
    for t in ("f32", "f64", "f16"):
        for junk in (np.nan, np.inf):
            p = program(t)
            data = rng.normal(size=(2, 21, 133))
            data[0, 3, 100] = data[1, 20, 0] = junk
            w, lse = p.softmax(p.mask(p.scores(data), CAUSAL), lse=True)
            p.result(p.context(w, values(p, rng, t, (2,), 133)), lse)
            p.result(p.context(p.weights(data), values(p, rng, t, (2,), 133)))
            yield p.call(f"{junk}, {t}")


@case("scores that are results too, before and after a mask", core=True)
def used(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for masked in (False, True):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, (2, 4), 37, 70, kv_batch=(2, 2))
                s = p.dot(q, k, scaled=True)
                m = p.mask(s, CAUSAL)
                w, _ = p.softmax(m)
                p.result(p.context(w, v), m if masked else s)
                yield p.call(f"{'masked' if masked else 'plain'}, {'dynamic' if dynamic else 'static'}, "
                             f"{shape_label(t, q, k, v)}")


@case("readings, weights and two contexts of the scores of others")
def read(rng):
    for batch, nq, nkv in (((2,), 5, 7), ((2, 3), 37, 170)):
        p = program("f32")
        w, _ = p.softmax(p.mask(p.scores(rng.normal(size=(*batch, nq, nkv))), CAUSAL))
        p.result(*p.top_k(w, 3), p.entropy(w), p.column_mass(w), w)
        p.result(*(p.context(w, values(p, rng, "f32", batch, nkv)) for _ in range(2)))
        yield p.call(f"s {batch} {nq} {nkv}")


@case("scores of f64 of queries, keys and values of f32")
def wide(rng):
    for nq, nkv in ((5, 7), (37, 133)):
        p = Program("f64")
        q, k, v = qkv(p, rng, "f32", (2,), nq, nkv)
        w, lse = p.softmax(p.mask(p.dot(q, k, scaled=True), CAUSAL), lse=True)
        p.result(p.context(w, v), lse)
        yield p.call(shape_label("f32", q, k, v))


BRANCH = ("%z = arith.constant 0.0 : $T\n%c = arith.cmpf ogt, %x, %z : $T\n%y = scf.if %c -> $T {\n"
          "%h = arith.constant 0.5 : $T\n%m = arith.mulf %x, %h : $T\nscf.yield %m : $T\n} else {\n"
          "scf.yield %x : $T\n}\nattention.yield %y : $T", lambda x, *_: np.where(x > 0, x / 2, x))
WHERE = ("%e = arith.cmpi ult, %i, %j : index\n%y = scf.if %e -> i1 {\n%z = arith.constant 3 : index\n"
         "%r = arith.remui %j, %z : index\n%o = arith.constant 0 : index\n%d = arith.cmpi eq, %r, %o : index\n"
         "scf.yield %d : i1\n} else {\nscf.yield %e : i1\n}\nattention.yield %y : i1",
         lambda *at: np.where(at[-2] < at[-1], at[-1] % 3 == 0, False))
COMBINE = ("%a = arith.subf %q, %k : $T\n%z = arith.constant 0.0 : $T\n%c = arith.cmpf ogt, %a, %z : $T\n"
           "%y = scf.if %c -> $T {\nscf.yield %a : $T\n} else {\nscf.yield %z : $T\n}\nattention.yield %y : $T")


@case("regions without a vector form, between changes that have one", core=True)
def scalar_regions(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for kind in ("modify", "where", "combine"):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, (2, 4), 37, 130, kv_batch=(2, 2))
                if kind == "combine":
                    s = p.general(q, k, COMBINE, lambda q, k: np.maximum(q - k, 0),
                                  magnitude=lambda q, k: np.abs(q) + np.abs(k))
                else:
                    s = p.modify(p.dot(q, k, scaled=True), *TANH)
                    s = p.modify(s, *BRANCH) if kind == "modify" else p.mask(s, where=WHERE)
                sinks = p.arg(rng.normal(size=4), p.compute)
                w, lse = p.softmax(p.mask(s, CAUSAL), sinks=sinks, lse=True)
                p.result(p.context(w, v), lse, w, *p.top_k(w, 3))
                yield p.call(f"{kind}, {'dynamic' if dynamic else 'static'}, {shape_label(t, q, k, v)}")
