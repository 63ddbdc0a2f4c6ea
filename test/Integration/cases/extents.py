"""Zero-sized extents, batch ranks 0 to 3, static and dynamic shapes."""

import numpy as np

from program import attention, iset

from . import TYPES, case, layouts, program, qkv, shape_label


@case("zero keys; zero queries; zero batch", core=True)
def zero(rng):
    for t in TYPES:
        for batch, nq, nkv in (((2,), 5, 0), ((2,), 0, 7), ((0,), 5, 7), ((2,), 0, 0), ((0,), 0, 0)):
            for dynamic in layouts(t):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, batch, nq, nkv)
                causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
                w, lse = p.softmax(p.mask(p.dot(q, k, scaled=True), causal), lse=True)
                p.result(w, lse, p.context(w, v))
                yield p.call(f"{shape_label(t, q, k, v)}{'' if dynamic else ', static'}")
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (2, 3), 5, 0)
    sinks = p.arg(np.array([1.0, -2.0, 0.5]), "f32")
    attention(p, q, k, v, sinks=sinks)
    yield p.call("no keys, sinks")
    for batch, kv_batch in (((0, 4), (0, 2)), ((3, 0), (3, 0)), ((0, 0), (0, 0))):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", batch, 5, 7, kv_batch=kv_batch)
        attention(p, q, k, v)
        yield p.call(shape_label("f32", q, k, v))


@case("d_q = 0: uniform weights, also scaled; d_v = 0: an empty context", core=True)
def no_features(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for scale in ("plain", "scaled", 2.0, np.inf, np.nan):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, (2,), 5, 7, d=0)
                x = p.scalar(scale, p.compute) if isinstance(scale, float) else None
                s = p.dot(q, k, scaled=scale == "scaled", scale=x)
                w, lse = p.softmax(p.mask(s, iset("i - j >= 0", lambda i, j, **_: i >= j)), lse=True)
                p.result(w, lse, p.context(w, v))
                yield p.call(f"{shape_label(t, q, k, v)}, {scale}{'' if dynamic else ', static'}")
            p = program(t, dynamic)
            q, k, v = qkv(p, rng, t, (2,), 5, 7, dv=0)
            attention(p, q, k, v)
            yield p.call(f"{shape_label(t, q, k, v)}{'' if dynamic else ', static'}")
    for dq, dk, a in ((0, 3, 4), (3, 0, 4), (0, 0, 4), (3, 2, 0)):
        p = program("f32")
        q, k = p.arg(rng.normal(size=(2, 5, dq)), "f32"), p.arg(rng.normal(size=(2, 7, dk)), "f32")
        v = p.arg(rng.normal(size=(2, 7, 3)), "f32")
        wq, wk = p.arg(rng.normal(size=(a, dq)), "f32"), p.arg(rng.normal(size=(a, dk)), "f32")
        wv, bias = p.arg(rng.normal(size=a), "f32"), p.arg(rng.normal(size=a), "f32")
        w, lse = p.softmax(p.additive(q, k, wq, wk, wv, bias), lse=True)
        p.result(w, lse, p.context(w, v))
        yield p.call(f"additive, d_q {dq}, d_k {dk}, a {a}")
        if a:
            p = program("f32")
            q, k = p.arg(rng.normal(size=(2, 5, dq)), "f32"), p.arg(rng.normal(size=(2, 7, dk)), "f32")
            v = p.arg(rng.normal(size=(2, 7, 3)), "f32")
            w, lse = p.softmax(p.bilinear(q, k, p.arg(rng.normal(size=(dq, dk)), "f32")), lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"bilinear, d_q {dq}, d_k {dk}")


@case("batch ranks 0 to 3, extents static, dynamic and broadcast", core=True)
def ranks(rng):
    batches = [((), ()), ((3,), (3,)), ((3,), (1,)), ((6,), (2,)), ((2, 3), (2, 3)), ((2, 3), (1, 3)),
               ((2, 6), (1, 2)), ((2, 4), (2, 1)), ((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (1, 3, 2)),
               ((2, 3, 4), (2, 1, 1)), ((1, 1, 1), (1, 1, 1)), ((1,), (1,))]
    for t in TYPES:
        for batch, kv_batch in batches if t == "f32" else batches[5:10:2]:
            for dynamic in layouts(t):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, batch, 3, 5, kv_batch=kv_batch)
                causal = iset("i + 1 - j >= 0", lambda i, j, **_: i + 1 >= j)
                attention(p, q, k, v, change=lambda s: p.mask(s, causal))
                yield p.call(f"{shape_label(t, q, k, v)}{'' if dynamic else ', static'}")


@case("odd extents of every dimension")
def odd(rng):
    for t in TYPES:
        for nq, nkv, d, dv in ((1, 1, 1, 1), (1, 3, 7, 1), (2, 17, 1, 33), (7, 31, 65, 3), (33, 9, 31, 129)):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), nq, nkv, d, dv)
            attention(p, q, k, v)
            yield p.call(shape_label(t, q, k, v))


@case("extents partly static")
def partly_static(rng):
    for static in ((-1,), (-2,), (0,), (0, -1), (-1, -2)):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2,), 6, 9, static=static)
        attention(p, q, k, v)
        yield p.call(f"static {static}")
