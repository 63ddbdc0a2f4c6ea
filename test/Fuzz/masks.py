"""Random masks and biases: integer sets of linear expressions, divisions and
moduli, with symbols of every kind; boolean tensors, biases and regions."""

import re

import numpy as np

from program import divisor, iset

# $c: a number around the extents, $m: a small positive one, $n: a symbol,
# $b: a batch index or 0.
CONSTRAINTS = (
    "i - j + $c >= 0", "i - j >= 0", "j - i + $c >= 0", "$n - 1 - j >= 0", "j - $n >= 0",
    "i - j + $n >= 0", "j - i + $n >= 0", "$c - i >= 0", "i - $m >= 0", "i + j - $c >= 0",
    "2 * i - 3 * j + $c >= 0", "$b * 7 + i - j >= 0", "i - j - $b * 3 + $n >= 0",
    "(i - j) mod $m == 0", "(j + $b) mod $m - 1 >= 0", "i floordiv $m - j floordiv $m == 0",
    "i floordiv $n - j floordiv $n == 0", "(i + $c) floordiv $m - j floordiv $m >= 0",
    "j - (i floordiv $m) * $m >= 0", "(j floordiv $m) mod 2 == 0", "i mod $m - j mod $m + 1 >= 0",
    "j ceildiv $m - i + $c >= 0", "(i * 2 + j) mod $n - 1 >= 0", "i - j + $c == 0", "j - $m == 0",
)


class Parts:
    """Counts what a mask consists of, and knows what of it to leave out."""

    def __init__(self, dropped):
        self.dropped, self.count = dropped, 0

    def keep(self, made: list) -> list:
        """`made` without what is left out, but never nothing."""
        numbers = range(self.count, self.count + len(made))
        self.count += len(made)
        return [x for n, x in zip(numbers, made) if n not in self.dropped] or made[:1]


def random_set(rng, shape):
    """A conjunction of one to three constraints, and its symbols' values and types."""
    *batch, nq, nkv = shape
    symbols = {}

    def symbol() -> str:
        name = f"n{len(symbols)}"
        value = rng.integers(-2, max(nq, nkv) + 3)
        element = rng.choice(("index", "i32", "i64"))
        rank = int(rng.integers(0, len(batch) + 1)) if rng.random() < 0.5 else 0
        if rank:
            value = rng.integers(-2, max(nq, nkv) + 3, size=batch[:rank])
        symbols[name] = value, element
        return name

    def fill(match) -> str:
        kind = match.group(1)
        if kind == "n":
            return symbol()
        if kind == "b":
            return f"b{rng.integers(len(batch))}" if batch else "0"
        if kind == "m":
            return str(rng.integers(1, 9))
        return str(rng.integers(-4, max(nq, nkv) + 4))

    parts = [re.sub(r"\$(\w)", fill, rng.choice(CONSTRAINTS)) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    return parts, symbols


def make_set(p, parts: list, symbols: dict):
    code = " & ".join(f"({python(part)})" for part in parts)
    values = {}
    for name, (value, element) in symbols.items():
        if re.search(rf"\b{name}\b", code):
            values[name] = p.arg(value, element) if np.ndim(value) else p.scalar(int(value), element)
    return iset(", ".join(parts), lambda **names: eval(code, {"divisor": divisor, "ceildiv": ceildiv}, names),  # pylint: disable=eval-used
                **values)


def ceildiv(a, b):
    return -(-a // b)


def python(constraint: str) -> str:
    """The constraint as a Python expression."""
    text = re.sub(r"(floordiv|mod) (n\d+)", r"\1 divisor(\2)", constraint)
    text = re.sub(r"j ceildiv (\w+)", r"ceildiv(j, \1)", text)
    return text.replace("floordiv", "//").replace("mod", "%")


def mapped(p, rng, s, values, element: str, some_static: bool):
    """A tensor over some of the score's dimensions, with its map or none."""
    shape = s.data.value.shape
    names = p._indices(len(shape))
    if rng.random() < 0.5:  # as the scores, or broadcast
        broadcast = [n for n in range(len(shape)) if rng.random() < 0.4]
        data = values([1 if n in broadcast else e for n, e in enumerate(shape)])
        return p.arg(data, element, tuple(broadcast)), None
    chosen = [n for n in range(len(shape)) if rng.random() < 0.6] or [len(shape) - 1]
    order = rng.permutation(chosen)
    results, extents = [], []
    for n in order:
        if n < len(shape) - 2 and rng.random() < 0.3 and shape[n] % 2 == 0 and not p.dynamic:
            results.append(f"{names[n]} floordiv 2")
            extents.append(shape[n] // 2)
        else:
            results.append(names[n])
            extents.append(shape[n])
    static = tuple(n for n in range(len(extents)) if some_static and rng.random() < 0.5)
    return p.arg(values(extents), element, static), results


def mask(p, rng, s, kind: str, some_static: bool, dropped=()):
    shape = s.data.value.shape
    if kind == "set":
        unions = [[random_set(rng, shape) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
                  for _ in range(rng.choice((1, 1, 1, 2)))]
        parts = Parts(dropped)
        return p.mask(s, *([make_set(p, parts.keep(constraints), symbols) for constraints, symbols in parts.keep(union)]
                           for union in parts.keep(unions)))
    if kind == "keep":
        part = rng.choice((0.05, 0.5, 0.95))
        keep, by = mapped(p, rng, s, lambda e: rng.random(e) < part, "i1", some_static)
        return p.mask(s, keep=keep, keep_map=by)
    if kind == "bias":
        element = rng.choice(("f16", "bf16", "f32", "f64") if p.compute == "f64" else ("f16", "bf16", "f32"))

        def values(extents):
            x = rng.normal(size=extents)
            return np.where(rng.random(extents) < rng.choice((0, 0.3)), -np.inf, x)

        bias, by = mapped(p, rng, s, values, element, some_static)
        return p.mask(s, bias=bias, bias_map=by)
    return p.mask(s, where=where(p, rng, s))


def where(p, rng, s):
    """A region and what it means. What is read at pairs that do not take part is
    out of bounds or a division by zero."""
    *batch, nq, nkv = s.data.value.shape
    live = s.data.live
    live_keys = live.reshape(-1, nkv).any(0) if live.size else np.zeros(nkv, bool)
    live_queries = live.any(-1).reshape(-1, nq).any(0) if live.size else np.zeros(nq, bool)
    kind = rng.choice(("documents", "sum", "keys", "queries", "table", "lookup", "division"))
    if kind == "documents":
        ids = rng.integers(0, 3, max(nq, nkv))
        if rng.random() < 0.5:  # in order, so that whole blocks of pairs are of two documents
            ids.sort()
        t = p.arg(ids, rng.choice(("i32", "i64")))
        return (f"""%a = tensor.extract {t.name}[%i] : {t.type}
                    %b = tensor.extract {t.name}[%j] : {t.type}
                    %r = arith.cmpi eq, %a, %b : {t.element}
                    attention.yield %r : i1""", lambda *at: ids[at[-2]] == ids[at[-1]])
    if kind == "sum":
        m, r = int(rng.integers(2, 6)), int(rng.integers(0, 3))
        return (f"""%s = arith.addi %i, %j : index
                    %m = arith.constant {m} : index
                    %q = arith.remui %s, %m : index
                    %o = arith.constant {r} : index
                    %r = arith.cmpi ne, %q, %o : index
                    attention.yield %r : i1""", lambda *at: (at[-2] + at[-1]) % m != r)
    if kind in ("keys", "queries"):
        n, index = (nkv, "j") if kind == "keys" else (nq, "i")
        keep = rng.random(n) < 0.7
        t = p.arg(keep, "i1")
        axis = -1 if kind == "keys" else -2
        return (f"""%r = tensor.extract {t.name}[%{index}] : {t.type}
                    attention.yield %r : i1""", lambda *at: keep[at[axis]])
    if kind == "table":
        turned = rng.random() < 0.5
        table = rng.integers(-3, 9, size=(nkv, nq) if turned else (nq, nkv))
        t = p.arg(table, "i32")
        at = "%j, %i" if turned else "%i, %j"
        return (f"""%x = tensor.extract {t.name}[{at}] : {t.type}
                    %z = arith.constant 0 : i32
                    %r = arith.cmpi sge, %x, %z : i32
                    attention.yield %r : i1""",
                lambda *at: (table[at[-1], at[-2]] if turned else table[at[-2], at[-1]]) >= 0)
    if kind == "lookup":
        # Indices of keys and queries that do not take part lead far away.
        size = 5
        of_key = np.where(live_keys, rng.integers(0, size, nkv), 1 << 40)
        of_query = np.where(live_queries, rng.integers(0, size, nq), -(1 << 40))
        table = rng.random((size, size)) < 0.8
        tk, tq, t = p.arg(of_key, "index"), p.arg(of_query, "i64"), p.arg(table, "i1")
        return (f"""%k = tensor.extract {tk.name}[%j] : {tk.type}
                    %w = tensor.extract {tq.name}[%i] : {tq.type}
                    %q = arith.index_cast %w : i64 to index
                    %r = tensor.extract {t.name}[%q, %k] : {t.type}
                    attention.yield %r : i1""",
                lambda *at: table[of_query[at[-2]], of_key[at[-1]]])
    by_key, by_query = np.where(live_keys, rng.integers(1, 5, nkv), 0), np.where(
        live_queries, rng.integers(1, 5, nq), 0)
    tk, tq = p.arg(by_key, "i32"), p.arg(by_query, "i32")
    return (f"""%k = tensor.extract {tk.name}[%j] : {tk.type}
                %q = tensor.extract {tq.name}[%i] : {tq.type}
                %c = arith.constant 60 : i32
                %a = arith.divsi %c, %k : i32
                %b = arith.remsi %a, %q : i32
                %z = arith.constant 0 : i32
                %r = arith.cmpi eq, %b, %z : i32
                attention.yield %r : i1""",
            lambda *at: (60 // by_key[at[-1]]) % by_query[at[-2]] == 0)
