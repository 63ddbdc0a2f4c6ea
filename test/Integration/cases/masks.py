"""Sets with their symbols, boolean tensors, biases, maps and combinations."""

import numpy as np

from program import attention, divisor, iset

from . import TYPES, case, layouts, program, qkv, shape_label


@case("boolean mask tensors, a byte an element", core=True)
def bytes_(rng):
    for t in TYPES:
        for nkv in (1, 7, 8, 9, 16, 65):  # bits would be other elements
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 5, nkv)
            keep = p.arg(rng.random((2, 5, nkv)) < 0.5, "i1")
            attention(p, q, k, v, change=lambda s: p.mask(s, keep=keep))
            yield p.call(shape_label(t, q, k, v))


@case("a mask broadcast over batch, head, query or key", core=True)
def broadcast(rng):
    shape = (2, 3, 5, 7)
    for kind in ("keep", "bias"):
        for ones in ((0,), (1,), (2,), (3,), (0, 1), (0, 1, 2), (0, 1, 3), (1, 2), (0, 1, 2, 3)):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", shape[:2], *shape[2:])
            small = [1 if n in ones else e for n, e in enumerate(shape)]
            if kind == "keep":
                t = p.arg(rng.random(small) < 0.6, "i1", static=ones)
                attention(p, q, k, v, change=lambda s: p.mask(s, keep=t))
            else:
                values = np.where(rng.random(small) < 0.2, -np.inf, rng.normal(size=small))
                t = p.arg(values, "f32", static=ones)
                attention(p, q, k, v, change=lambda s: p.mask(s, bias=t))
            yield p.call(f"{kind} {'x'.join(map(str, small))} of {'x'.join(map(str, shape))}")


@case("two masks combined are the intersection", core=True)
def intersection(rng):
    for t in ("f32", "f16"):
        for nested in (False, True):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2, 3), 9, 11)
            causal = iset("i + 2 - j >= 0", lambda i, j, **_: i + 2 >= j)
            window = iset("j - i + 4 >= 0", lambda i, j, **_: j >= i - 4)
            keep = p.arg(rng.random((2, 1, 1, 11)) < 0.7, "i1", static=(1, 2))
            bias = p.arg(rng.normal(size=(1, 3, 9, 1)), t, static=(0, 3))

            def change(s):
                if not nested:
                    return p.mask(s, causal, window, keep=keep, bias=bias)
                return p.mask(p.mask(p.mask(s, causal), window, bias=bias), keep=keep)

            attention(p, q, k, v, change=change)
            yield p.call(f"{shape_label(t, q, k, v)}, {'one after another' if nested else 'one op'}")
    # Two boolean tensors, two regions, two biases after each other.
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (2,), 9, 11)
    first = p.arg(rng.random((2, 9, 11)) < 0.7, "i1")
    second = p.arg(rng.random((1, 1, 11)) < 0.7, "i1", static=(0, 1))
    one, two = (p.arg(rng.normal(size=(2, 9, 11)), "f32") for _ in range(2))
    attention(p, q, k, v, change=lambda s: p.mask(p.mask(s, keep=first, bias=one), keep=second, bias=two))
    yield p.call("keep and bias, twice")


@case("unions of sets")
def unions(rng):
    for t in ("f64", "f32", "bf16"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (3,), 9, 11)
        prefix = p.arg([0, 4, 11], "i64")
        n = p.arg([11, 9, 6], "i32")
        union = [iset("x - 1 - j >= 0", lambda j, x, **_: j < x, x=prefix),
                 iset("i - j >= 0", lambda i, j, **_: i >= j),
                 iset("j - 10 == 0", lambda j, **_: j == 10)]
        length = iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n)
        attention(p, q, k, v, change=lambda s: p.mask(s, length, union))
        yield p.call(shape_label(t, q, k, v))


@case("symbols of sets: index, i32, i64, scalars and tensors, negative ones", core=True)
def symbols(rng):
    for element in ("index", "i32", "i64"):
        for values in (3, -2, [3, -2], [[3, -2, 0], [1, 20, -20]]):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (2, 3), 6, 9)
            o = p.arg(values, element) if isinstance(values, list) else p.scalar(values, element)
            causal = iset("i + o - j >= 0", lambda i, j, o, **_: i + o >= j, o=o)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(f"{o.type} {values}")


@case("symbols of sets beyond 32 bits")
def wide_symbols(rng):
    for element in ("index", "i64"):
        for value in (2**40, -(2**40), 2**32, 2**31, 2**33 - 3, -(2**31) - 1):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (2,), 6, 9)
            n = p.scalar(value, element)
            length = iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n)
            attention(p, q, k, v, change=lambda s: p.mask(s, length))
            yield p.call(f"{element} {value}")
    for value in (2**31 - 1, -(2**31)):  # the sum with i must not wrap in 32 bits
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2,), 6, 9)
        o = p.scalar(value, "i32")
        causal = iset("i + o - j >= 0", lambda i, j, o, **_: i + o.astype(np.int64) >= j, o=o)
        attention(p, q, k, v, change=lambda s: p.mask(s, causal))
        yield p.call(f"i32 {value}")


@case("sets with mod and floordiv, also of negative numbers")
def quotients(rng):
    sets = {
        "(i - j) mod 3 == 0": lambda i, j, **_: (i - j) % 3 == 0,
        "(i - j) floordiv 4 == 0": lambda i, j, **_: (i - j) // 4 == 0,
        "(j - 7) floordiv 3 + i >= 0": lambda i, j, **_: (j - 7) // 3 + i >= 0,
        "(i - j) ceildiv 4 == 0": lambda i, j, **_: -((j - i) // 4) == 0,
        "i floordiv 2 - j floordiv 3 >= 0, (b1 + j) mod 2 == 0":
            lambda b1, i, j, **_: (i // 2 >= j // 3) & ((b1 + j) % 2 == 0),
        "b1 - j floordiv 4 == 0": lambda b1, j, **_: b1 == j // 4,
    }
    for text, holds in sets.items():
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2, 3), 10, 12)
        attention(p, q, k, v, change=lambda s: p.mask(s, iset(text, holds)))
        yield p.call(text)


@case("symbols as divisors and moduli; not positive counts as 1", core=True)
def divisors(rng):
    sets = {
        "i floordiv n - j floordiv n == 0": lambda i, j, n, **_: i // divisor(n) == j // divisor(n),
        "(i - j) mod n == 0": lambda i, j, n, **_: (i - j) % divisor(n) == 0,
        "(j - 5) ceildiv n >= 0": lambda j, n, **_: -((5 - j) // divisor(n)) >= 0,
        "(j - 5) floordiv n + 1 >= 0, j mod n - 1 >= 0":
            lambda j, n, **_: ((j - 5) // divisor(n) + 1 >= 0) & (j % divisor(n) >= 1),
    }
    for text, holds in sets.items():
        for n in (3, 1, 0, -1, -3, 100):
            for element in ("index", "i32") if n in (3, 0) else ("i64",):
                p = program("f32")
                q, k, v = qkv(p, rng, "f32", (2,), 8, 9)
                x = p.scalar(n, element)
                attention(p, q, k, v, change=lambda s: p.mask(s, iset(text, holds, n=x)))
                yield p.call(f"{text}, n = {n} : {element}")
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (4,), 8, 9)
    x = p.arg([3, 0, -2, 1], "i32")
    text, holds = next(iter(sets.items()))
    attention(p, q, k, v, change=lambda s: p.mask(s, iset(text, holds, n=x)))
    yield p.call(f"{text}, n = [3, 0, -2, 1]")


@case("explicit maps: permuted, dropped and divided dimensions", core=True)
def maps(rng):
    shape = (2, 6, 5, 7)
    choices = {
        ("j",): (7,), ("i", "j"): (5, 7), ("j", "i"): (7, 5), ("b1", "b0"): (6, 2),
        ("b1 floordiv 3", "i", "j"): (2, 5, 7), ("i floordiv 2", "j floordiv 3"): (3, 3),
        ("0", "b1", "i"): (1, 6, 5), (): (), ("j", "b0", "b1 floordiv 2", "i"): (7, 2, 3, 5),
    }
    for results, extents in choices.items():
        for t in ("f32", "f16") if len(results) == 3 else ("f32",):
            p = program(t)
            q, k, v = qkv(p, rng, t, shape[:2], *shape[2:])
            static = [n for n, r in enumerate(results) if r == "0"]
            keep = p.arg(rng.random(extents) < (0.7 if extents else 1), "i1", static)
            bias = p.arg(rng.normal(size=extents), t, static)
            attention(p, q, k, v, change=lambda s: p.mask(
                s, keep=keep, keep_map=results, bias=bias, bias_map=results))
            yield p.call(f"{t}, ({', '.join(results)})")


@case("grouped heads with a mask per head, H_kv > 1", core=True)
def grouped(rng):
    for t in TYPES:
        for heads, kv_heads in ((6, 2), (6, 3), (6, 6), (6, 1)):
            for dynamic in layouts(t):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, (2, heads), 5, 7, kv_batch=(2, kv_heads))
                keep = p.arg(rng.random((2, heads, 5, 7)) < 0.6, "i1")
                group = p.arg(rng.random((3, 7)) < 0.8, "i1")
                attention(p, q, k, v, change=lambda s: p.mask(
                    p.mask(s, keep=keep), keep=group, keep_map=("b1 floordiv 2", "j")))
                yield p.call(f"{shape_label(t, q, k, v)}{'' if dynamic else ', static'}")


@case("keys and values of different numbers of heads")
def heads_differ(rng):
    for dynamic in (True, False):
        p = program("f32", dynamic)
        q = p.arg(rng.normal(size=(2, 6, 5, 4)), "f32")
        k = p.arg(rng.normal(size=(2, 2, 7, 4)), "f32")
        v = p.arg(rng.normal(size=(2, 3, 7, 2)), "f32")
        attention(p, q, k, v)
        yield p.call(shape_label("f32", q, k, v))


@case("a bias in a narrower type than the scores")
def narrow_bias(rng):
    for t, element in (("f32", "f16"), ("f32", "bf16"), ("f64", "f32"), ("f64", "f16"), ("f16", "f32")):
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 5, 7)
        bias = p.arg(np.where(rng.random((2, 5, 7)) < 0.2, -np.inf, rng.normal(size=(2, 5, 7))), element)
        attention(p, q, k, v, change=lambda s: p.mask(s, bias=bias))
        yield p.call(f"{shape_label(t, q, k, v)}, bias {element}")


@case("biases after biases and modifiers keep absent pairs absent", core=True)
def order(rng):
    for t in ("f64", "f32"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 6, 9)
        infinite = np.where(rng.random((2, 6, 9)) < 0.3, -np.inf, 0)
        infinite[0, 2] = -np.inf
        first = p.arg(infinite, t)
        # +inf and NaN where the pair is absent: it stays absent.
        junk = np.where(np.isneginf(infinite), np.inf, rng.normal(size=(2, 6, 9)))
        junk[0, 2, 4] = np.nan
        second = p.arg(junk, t)
        attention(p, q, k, v, change=lambda s: p.mask(p.mask(s, bias=first), bias=second))
        yield p.call(shape_label(t, q, k, v))


@case("constant masks, folded or not")
def constants(rng):
    always = iset("i >= 0, j >= 0", lambda i, **_: i >= 0)
    never = iset("j + 1 == 0", lambda j, **_: j < 0)
    part = iset("i - j + 1 >= 0, i >= 0", lambda i, j, **_: i + 1 >= j)
    for dynamic in (True, False):
        for name, sets in (("always", [always]), ("never", [never]), ("always and part", [always, part]),
                           ("never or part", [[never, part]]), ("always or never", [[always, never]]),
                           ("part and never", [part, [never]])):
            p = program("f32", dynamic)
            q, k, v = qkv(p, rng, "f32", (2,), 6, 9)
            attention(p, q, k, v, change=lambda s: p.mask(s, *sets))
            yield p.call(f"{name}{'' if dynamic else ', static'}")
