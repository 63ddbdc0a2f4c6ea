"""Matrix products around attention: linalg's named ones and generic ones, operands
with their dimensions in any order, in all types and at all sizes."""

import itertools

import numpy as np

from . import TYPES, case, compute_type, program

# Rows, columns, terms: below, at and beyond tiles of 1, 4 and 6 rows and of 8, 16 and
# 64 columns, and stretches of some hundred terms.
SIZES = ((1, 1, 1), (1, 33, 9), (6, 16, 64), (33, 1, 31), (4, 47, 530), (25, 130, 19))
EMPTY = ((0, 5, 3), (5, 3, 0))


def operands(p, rng, dims, sizes, elements, static=()):
    """Random lhs, rhs and out with these dimensions."""
    for letters, element in zip(dims, elements):
        shape = [sizes[d] if d.islower() else (sizes[d.lower()] + 1) // 2 for d in letters]
        yield p.arg(rng.normal(size=shape), element, static)


def product(rng, dims, sizes, elements, name="", dynamic=True):
    p = program(elements[2], dynamic)
    p.result(p.contraction(*operands(p, rng, dims, sizes, elements), dims, name))
    shape = " ".join(f"{d} {n}" for d, n in sizes.items())
    return p.call(f"{name or 'generic'} {','.join(dims)} of {', '.join(elements)}: {shape}"
                  f"{'' if dynamic else ', static'}")


@case("products of matrices, every order of dimensions, every size")
def orders(rng):
    for lhs, rhs, out in itertools.product(("mk", "km"), ("kn", "nk"), ("mn", "nm")):
        for m, n, k in SIZES + EMPTY:
            yield product(rng, (lhs, rhs, out), dict(m=m, n=n, k=k), ("f32",) * 3)
    for lhs, rhs, out in (("mk", "kn", "mn"), ("km", "nk", "nm")):
        for m, n, k in SIZES[1::4] + EMPTY:
            yield product(rng, (lhs, rhs, out), dict(m=m, n=n, k=k), ("f32",) * 3, dynamic=False)


@case("products of all types of factors and sums", core=True)
def types(rng):
    orders = itertools.cycle((("mk", "kn", "mn"), ("mk", "nk", "mn"), ("km", "kn", "mn")))
    for lhs, rhs in itertools.product(TYPES, TYPES):
        yield product(rng, next(orders), dict(m=13, n=21, k=19), (lhs, rhs, compute_type(lhs, rhs)))
    for dims in (("mk", "kn", "mn"), ("mk", "nk", "mn")):
        yield product(rng, dims, dict(m=6, n=16, k=16), ("bf16", "bf16", "f32"), dynamic=False)
        yield product(rng, dims, dict(m=13, n=37, k=530), ("bf16", "f16", "f64"), dynamic=False)


@case("linalg's named products, by vectors too", core=True)
def named(rng):
    f32 = ("f32",) * 3
    for sizes in (dict(m=13, n=37, k=21), dict(m=1, n=70, k=33), dict(m=70, n=1, k=33)):
        yield product(rng, ("mk", "kn", "mn"), sizes, f32, "linalg.matmul")
        yield product(rng, ("km", "nk", "mn"), sizes, f32, "linalg.contract", dynamic=False)
        yield product(rng, ("mk", "kn", "mn"), sizes, ("bf16", "bf16", "f32"), "linalg.matmul")
        sizes = dict(sizes, b=3)
        yield product(rng, ("bmk", "bkn", "bmn"), sizes, f32, "linalg.batch_matmul")
        yield product(rng, ("mbk", "bkn", "bmn"), sizes, f32, "linalg.contract")
        yield product(rng, ("k", "kn", "n"), sizes, f32, "linalg.vecmat")
        yield product(rng, ("mk", "k", "m"), sizes, f32, "linalg.matvec")
    yield product(rng, ("bk", "bkn", "bn"), sizes, f32, "linalg.batch_vecmat")
    yield product(rng, ("k", "k", ""), dict(k=21), f32, "linalg.dot")


@case("batches, several rows, columns and terms, shared heads")
def many(rng):
    sizes = dict(b=2, h=5, m=7, n=18, k=10, l=3)
    for dims in (("bhmk", "bhkn", "bhmn"), ("bhmk", "bHkn", "bhmn"), ("bhmk", "bnk", "bhmn"), ("mhk", "nhk", "hmn"),
                 ("mlk", "lkn", "mn"), ("bmk", "kn", "bmn"), ("mk", "bkn", "mbn"), ("mk", "kn", "nm"),
                 ("bk", "bk", "b"), ("bm", "bk", "mk"), ("bmk", "hkn", "hnmb"), ("m", "mk", "k")):
        used = {d: sizes[d] for d in sorted(set("".join(dims).lower()))}
        yield product(rng, dims, used, ("f32",) * 3)
    yield product(rng, ("bhmk", "bHkn", "bhmn"), sizes, ("f32",) * 3, dynamic=False)


@case("products that are cut into parallel blocks, and what they start from", core=True)
def blocks(rng):
    for dynamic in (True, False):
        for m, n, k in ((300, 97, 600), (1, 3000, 400), (1000, 3, 400), (257, 515, 70)):
            p = program("f32", dynamic)
            lhs, rhs, like = operands(p, rng, ("mk", "kn", "mn"), dict(m=m, n=n, k=k), ("f32",) * 3)
            starts = (p.scalar(-0.5, "f32"), p.arg(rng.normal(size=n), "f32"))
            for start in starts:
                p.result(p.contraction(lhs, rhs, p.filled(start, like), ("mk", "kn", "mn")))
            yield p.call(f"{m} x {n} x {k}{'' if dynamic else ', static'}")
        yield product(rng, ("bmk", "bnk", "bmn"), dict(b=600, m=12, n=20, k=16), ("f32",) * 3, dynamic=dynamic)
        yield product(rng, ("hmk", "Hkn", "hmn"), dict(h=6, m=120, n=140, k=30), ("f32",) * 3, dynamic=dynamic)


@case("NaN and infinity go where mathematics sends them, and nowhere else")
def special(rng):
    for dims in (("mk", "kn", "mn"), ("mk", "nk", "mn")):
        p = program("f32")
        lhs, rhs, out = operands(p, rng, dims, dict(m=14, n=37, k=21), ("f32",) * 3)
        lhs.data[3, 2], lhs.data[13, 20], rhs.data[-1, -1], out.data[5, 36] = np.nan, np.inf, -np.inf, np.nan
        p.result(p.contraction(lhs, rhs, out, dims))
        yield p.call(",".join(dims))


@case("bilinear and additive scores at sizes that are cut into blocks", core=True)
def scores(rng):
    for dynamic in (True, False):
        for batch, nq, nkv, dq, dk in (((), 150, 190, 72, 100), ((3,), 40, 300, 96, 64)):
            p = program("f32", dynamic)
            q = p.arg(rng.normal(size=(*batch, nq, dq)), "f32")
            k = p.arg(rng.normal(size=(*batch, nkv, dk)), "f32")
            v = p.arg(rng.normal(size=(*batch, nkv, 17)), "f32")
            w = p.arg(rng.normal(size=(dq, dk)) / np.sqrt(dq * dk), "f32")
            weights, lse = p.softmax(p.bilinear(q, k, w), lse=True)
            p.result(p.context(weights, v), lse)
            wq, wk = p.arg(rng.normal(size=(40, dq)) / 9, "f32"), p.arg(rng.normal(size=(40, dk)) / 9, "f32")
            wv, bias = p.arg(rng.normal(size=40), "f32"), p.arg(rng.normal(size=40), "f32")
            weights, _ = p.softmax(p.additive(q, k, wq, wk, wv, bias))
            p.result(p.context(weights, v))
            yield p.call(f"batch {batch}, {nq} x {nkv}{'' if dynamic else ', static'}")
