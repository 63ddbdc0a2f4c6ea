"""Weights that are elementwise functions of scores, or the scores: attention.as_weights."""

import numpy as np

from . import TYPES, case, layouts, program, qkv, shape_label
from .catalogue import CAUSAL

SIGMOID = ("%one = arith.constant 1.0 : $T\n%n = arith.negf %x : $T\n%e = math.exp %n : $T\n"
           "%d = arith.addf %one, %e : $T\n%y = arith.divf %one, %d : $T\nattention.yield %y : $T")
SQUARED_RELU = ("%zero = arith.constant 0.0 : $T\n%r = arith.maximumf %x, %zero : $T\n"
                "%y = arith.mulf %r, %r : $T\nattention.yield %y : $T")

FORMS = {
    "the scores": lambda p, s: s,
    "sigmoid": lambda p, s: p.modify(s, SIGMOID, lambda x, *_: 1 / (1 + np.exp(-x)), gain=1.0),
    "squared relu": lambda p, s: p.modify(s, SQUARED_RELU, lambda x, *_: np.maximum(x, 0) ** 2, gain=12.0),
}


def attention(p, q, k, v, form, masked):
    s = FORMS[form](p, p.dot(q, k, scaled=True))
    if masked:
        s = p.mask(s, CAUSAL)
    w = p.as_weights(s)
    return w, p.context(w, v)


@case("scores as weights, sigmoid, squared ReLU", core=True)
def forms(rng):
    for t in TYPES:
        for form in FORMS:
            for masked in (False, True):
                for dynamic in layouts(t):
                    for nq, nkv in ((5, 7), (70, 133)) if t == "f32" else ((9, 17),):
                        p = program(t, dynamic)
                        q, k, v = qkv(p, rng, t, (), nq, nkv)
                        _, o = attention(p, q, k, v, form, masked)
                        p.result(o)
                        yield p.call(f"{form}, {'causal' if masked else 'full'}, {shape_label(t, q, k, v)}")


@case("weights themselves; no keys, one key, a masked NaN")
def edges(rng):
    for form in FORMS:
        for nq, nkv in ((3, 0), (1, 1), (2, 9)):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (), nq, nkv)
            if nkv == 9:
                v.data[5:] = np.nan  # beyond the diagonal of both queries
            w, o = attention(p, q, k, v, form, True)
            p.result(w, o)
            yield p.call(f"{form}, {shape_label('f32', q, k, v)}")
