"""Causal masks with Nq ≠ Nkv, aligned at the top left and at the bottom right."""

from program import attention, iset

from . import TYPES, case, program, qkv, shape_label

SHAPES = [(1, 1), (1, 9), (9, 1), (5, 9), (9, 5), (64, 77), (77, 64), (65, 65), (1, 130), (130, 3)]


@case("causal with Nq ≠ Nkv, top-left", core=True)
def top_left(rng):
    for t in TYPES:
        for nq, nkv in SHAPES:
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), nq, nkv)
            causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(shape_label(t, q, k, v))


@case("causal with Nq ≠ Nkv, bottom-right; leading rows empty", core=True)
def bottom_right(rng):
    for t in TYPES:
        for nq, nkv in SHAPES:
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), nq, nkv)
            offset = p.scalar(nkv - nq, "index")
            causal = iset("i + o - j >= 0", lambda i, j, o, **_: j - i <= o, o=offset)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(shape_label(t, q, k, v))
        # The offset as a constant of the set, extents static.
        for nq, nkv in ((5, 9), (9, 5)):
            p = program(t, dynamic=False)
            q, k, v = qkv(p, rng, t, (2,), nq, nkv)
            causal = iset(f"i - j + {nkv - nq} >= 0", lambda i, j, **_: i - j + nkv - nq >= 0)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(f"{shape_label(t, q, k, v)}, static")


@case("causal with a position per batch element")
def positions(rng):
    for t in ("f32", "bf16"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (4, 2), 3, 20, kv_batch=(4, 2))
        offset = p.arg([0, -2, 17, 5], "i32")
        causal = iset("i + o - j >= 0", lambda i, j, o, **_: j - i <= o, o=offset)
        attention(p, q, k, v, change=lambda s: p.mask(s, causal))
        yield p.call(shape_label(t, q, k, v))
