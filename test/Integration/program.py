"""Programs of the attention dialect, written and evaluated at the same time.

A Program is a recorder: every method appends one operation to the text of a
function *and* asks the oracle what it computes on the arrays at hand. A case is
therefore stated once, and text and expectation cannot drift apart; what the text
means to the oracle is a Python function next to it (a predicate beside an
affine_set, a lambda beside a region), never parsed from it.

With dynamic=True all extents are `?`, so that calls of one program with arrays of
different shapes have the same text and are compiled once.
"""

from dataclasses import dataclass, replace
from typing import Callable, Optional, Sequence, Union

import numpy as np

import oracle
from elements import ELEMENTS, INTEGERS, quantum, round_to, unit_roundoff


@dataclass
class Value:
    """An SSA value: its text, type, and what it holds (rounded to its type)."""

    name: str
    element: str
    dims: Optional[tuple]  # None in it: dynamic; None for a scalar
    data: object  # np.ndarray, or oracle.Scores / Bounded for what is computed
    judge: Optional[Callable] = None  # see Expected

    @property
    def type(self) -> str:
        if self.dims is None:
            return self.element
        extents = "".join(("?" if d is None else str(d)) + "x" for d in self.dims)
        return f"tensor<{extents}{self.element}>"


@dataclass
class Set:
    """An integer set: `text` over (b0…, i, j) and symbols, `holds` in Python.
    `holds` gets index arrays and symbol values by name."""

    text: str
    holds: Callable
    symbols: dict  # name -> Value


def iset(text: str, holds: Callable, **symbols: Value) -> Set:
    return Set(text, holds, symbols)


def divisor(n):
    """A symbolic divisor or modulus counts as 1 where it is not positive."""
    return np.where(np.asarray(n) > 0, n, 1)


@dataclass
class Expected:
    value: np.ndarray  # before rounding to the result's type
    tolerance: np.ndarray
    element: str
    exact: bool  # the rounded value, bit for bit but for the sign of 0
    judge: Optional[Callable] = None  # found -> what is compared, where that is another thing


@dataclass
class Call:
    """One call of a program: what goes in, what must come out."""

    text: str  # of a function named @NAME
    label: str
    inputs: list  # of Value
    result_types: list
    expected: list  # of Expected


class Program:
    def __init__(self, compute: str = "f32", dynamic: bool = True):
        self.compute, self.dynamic = compute, dynamic
        self.real = np.longdouble if compute == "f64" else np.float64
        self.inputs, self.lines, self.results = [], [], []
        self.count = 0

    # -- values ---------------------------------------------------------------

    def _new(self, element: str, dims, data, prefix: str = "v") -> Value:
        self.count += 1
        return Value(f"%{prefix}{self.count}", element, dims, data)

    def arg(self, data, element: str, static: Union[bool, Sequence[int]] = ()) -> Value:
        """A tensor argument; `static` names extents that stay in the type."""
        if element in INTEGERS:
            data = np.asarray(data, dtype=INTEGERS[element])
        else:
            data = round_to(np.asarray(data, dtype=self.real), element)
        axes = range(data.ndim) if static is True or not self.dynamic else static
        axes = [a % data.ndim for a in axes]
        dims = tuple(n if a in axes else None for a, n in enumerate(data.shape))
        value = self._new(element, dims, data, "a")
        self.inputs.append(value)
        return value

    def scores(self, data) -> Value:
        """A tensor argument of scores; pairs of −inf are absent."""
        value = self.arg(data, self.compute)
        return replace(value, data=oracle.Scores(value.data, ~np.isneginf(value.data), np.zeros(value.data.shape)))

    def weights(self, data) -> Value:
        """A tensor argument of weights."""
        value = self.arg(data, self.compute)
        return replace(value, data=oracle.Bounded(value.data, np.zeros(value.data.shape)))

    def scalar(self, data, element: str) -> Value:
        """A scalar argument."""
        if element in INTEGERS:
            data = INTEGERS[element].type(data)
        else:
            data = round_to(np.asarray(data, dtype=self.real), element)[()]
        value = self._new(element, None, data, "a")
        self.inputs.append(value)
        return value

    def constant(self, text: str, element: str, data) -> Value:
        """A scalar constant; `text` as MLIR writes it."""
        value = self._new(element, None, data)
        self.lines.append(f"{value.name} = arith.constant {text} : {element}")
        return value

    def _indices(self, rank: int) -> list:
        return [f"b{n}" for n in range(rank - 2)] + ["i", "j"]

    def _grid(self, shape) -> dict:
        return dict(zip(self._indices(len(shape)), np.ogrid[tuple(map(slice, shape))]))

    def _body(self, text: str) -> str:
        return "".join(f"\n    {line.strip()}" for line in text.strip().splitlines()) + "\n  "

    # -- linalg around attention --------------------------------------------------

    def contraction(self, lhs: Value, rhs: Value, out: Value, dims: Sequence[str], name: str = "") -> Value:
        """out + the sum of lhs · rhs over the letters that out lacks; `dims` are the
        operands' dimensions, as ("mk", "kn", "mn"). Either the operation `name`, which
        must mean just that, or a linalg.generic, its loops in the order of the alphabet,
        of factors extended to the type of `out`. A letter in upper case stands for its
        half: "H" is h floordiv 2."""
        operands, letters = (lhs, rhs, out), sorted(set("".join(dims).lower()))
        index = lambda d: d if d.islower() else f"{d.lower()} floordiv 2"
        maps = [f"affine_map<({', '.join(letters)}) -> ({', '.join(map(index, x))})>" for x in dims]
        result = self._new(out.element, out.dims, oracle.contraction(*(v.data for v in operands), dims))
        ends = (f"ins({lhs.name}, {rhs.name} : {lhs.type}, {rhs.type}) outs({out.name} : {out.type})")
        if name:
            named = f" indexing_maps = [{', '.join(maps)}]" if name == "linalg.contract" else ""
            self.lines.append(f"{result.name} = {name}{named} {ends} -> {out.type}")
            return result
        kinds = ", ".join('"parallel"' if d in dims[2] else '"reduction"' for d in letters)
        body, factors = "", []
        for letter, operand in zip("xy", operands):
            factors.append(f"%{letter}" if operand.element == out.element else f"%w{letter}")
            if operand.element != out.element:
                body += f"    %w{letter} = arith.extf %{letter} : {operand.element} to $T\n"
        self.lines.append(
            (f"{result.name} = linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}} "
             f"{ends} {{\n  ^bb0(%x: {lhs.element}, %y: {rhs.element}, %sum: $T):\n{body}"
             f"    %p = arith.mulf {', '.join(factors)} : $T\n    %s = arith.addf %sum, %p : $T\n"
             f"    linalg.yield %s : $T\n  }} -> {out.type}").replace("$T", out.element))
        return result

    def filled(self, data: Value, like: Value) -> Value:
        """A tensor of the type and shape of `like`: the scalar `data`, or the values
        `data` along its last dimension."""
        sizes = [self._new("index", None, n, "n") for n, d in zip(like.data.shape, like.dims) if d is None]
        axes = [n for n, d in enumerate(like.dims) if d is None]
        for axis, size in zip(axes, sizes):
            self.lines.append(f"{size.name}_at = arith.constant {axis} : index")
            self.lines.append(f"{size.name} = tensor.dim {like.name}, {size.name}_at : {like.type}")
        value = np.broadcast_to(np.asarray(data.data, self.real), like.data.shape)
        empty, result = self._new(like.element, like.dims, None), self._new(like.element, like.dims, value)
        self.lines.append(f"{empty.name} = tensor.empty({', '.join(s.name for s in sizes)}) : {like.type}")
        how = f"ins({data.name} : {data.type}) outs({empty.name} : {like.type})"
        if data.dims is None:
            self.lines.append(f"{result.name} = linalg.fill {how} -> {like.type}")
        else:
            axes = ", ".join(map(str, range(len(like.dims) - 1)))
            self.lines.append(f"{result.name} = linalg.broadcast {how} dimensions = [{axes}]")
        return result

    # -- scores ---------------------------------------------------------------

    def _score(self, line: str, operands: Sequence[Value], data) -> Value:
        q, k = operands[:2]
        s = self._new(self.compute, q.dims[:-1] + (k.dims[-2],), data)
        types = ", ".join(v.type for v in operands)
        self.lines.append(f"{s.name} = {line} : {types} -> {s.type}")
        return s

    def dot(self, q: Value, k: Value, scaled: bool = False, scale: Optional[Value] = None) -> Value:
        attributes = " scaled" if scaled else f" scale({scale.name} : {scale.type})" if scale else ""
        return self._score(f"attention.dot_score {q.name}, {k.name}{attributes}", [q, k],
                           oracle.dot(q.data, k.data, scale.data if scale else None, scaled))

    def bilinear(self, q: Value, k: Value, w: Value) -> Value:
        return self._score(f"attention.bilinear_score {q.name}, {k.name}, {w.name}", [q, k, w],
                           oracle.bilinear(q.data, k.data, w.data))

    def additive(self, q, k, wq, wk, v, bias: Optional[Value] = None) -> Value:
        operands = [q, k, wq, wk, v]
        names = ", ".join(x.name for x in operands)
        extra = f" bias({bias.name} : {bias.type})" if bias else ""
        return self._score(f"attention.additive_score {names}{extra}", operands,
                           oracle.additive(*(x.data for x in operands), bias.data if bias else None))

    def general(self, q: Value, k: Value, body: str, combine: Callable,
                parameters: Sequence[Value] = (), magnitude: Optional[Callable] = None) -> Value:
        """`body` reads %q, %k, %p0, …; $T is the compute type."""
        arguments = ["%q", "%k"] + [f"%p{n}" for n in range(len(parameters))]
        arguments = ", ".join(f"{a}: $T" for a in arguments)
        params = f" params({', '.join(p.name for p in parameters)})" if parameters else ""
        line = (f"attention.score {q.name}, {k.name}{params} combine ({arguments}) "
                f"{{{self._body(body)}}}").replace("$T", self.compute)
        return self._score(line, [q, k, *parameters],
                           oracle.general(q.data, k.data, combine, [p.data for p in parameters],
                                          magnitude))

    # -- what is done to scores -------------------------------------------------

    def modify(self, s: Value, body: str, region: Callable, gain: float = 1.0) -> Value:
        """`body` reads %x, %b0, …, %i, %j and captured values."""
        indices = ", ".join(f"%{n}: index" for n in self._indices(len(s.dims)))
        result = self._new(s.element, s.dims, oracle.modify(s.data, region, gain))
        self.lines.append(f"{result.name} = attention.modify_scores {s.name} (%x: $T, {indices}) "
                          f"{{{self._body(body)}}} : {s.type}".replace("$T", self.compute))
        return result

    def mask(self, s: Value, *sets: Union[Set, Sequence[Set]], keep: Optional[Value] = None,
             keep_map: Optional[Sequence[str]] = None, where: Optional[tuple] = None,
             bias: Optional[Value] = None, bias_map: Optional[Sequence[str]] = None) -> Value:
        """Each of `sets` is a set or a list of sets, a union. A map lists results
        such as "j" or "b1 floordiv 2". `where` is (body, function of indices)."""
        data, parts = s.data, []
        grid = self._grid(data.value.shape)
        names = ", ".join(grid)
        unions = [[u] if isinstance(u, Set) else u for u in sets]
        if unions:
            parts.append(f"sets({', '.join(' or '.join(self._set(x, names) for x in u) for u in unions)})")
        for union in unions:
            allowed = [self._holds(x, grid) for x in union]
            data = oracle.mask(data, np.logical_or.reduce(np.broadcast_arrays(*allowed)))
        if keep:
            parts.append(self._tensor("keep", keep, keep_map, names))
            data = oracle.mask(data, self._read(keep, keep_map, grid))
        if where:
            indices = ", ".join(f"%{n}: index" for n in grid)
            parts.append(f"where ({indices}) {{{self._body(where[0])}}}")
            data = oracle.mask_where(data, where[1])
        if bias:
            parts.append(self._tensor("bias", bias, bias_map, names))
            data = oracle.add_bias(data, self._read(bias, bias_map, grid))
        result = self._new(s.element, s.dims, data)
        self.lines.append(f"{result.name} = attention.mask_scores {s.name} {' '.join(parts)} : {s.type}"
                          .replace("$T", self.compute))
        return result

    def _set(self, x: Set, names: str) -> str:
        symbols = f"[{', '.join(x.symbols)}]" if x.symbols else ""
        bound = ", ".join(f"{v.name} : {v.type}" for v in x.symbols.values())
        return f"affine_set<({names}){symbols} : ({x.text})>" + (f"[{bound}]" if bound else "")

    def _holds(self, x: Set, grid: dict) -> np.ndarray:
        symbols = {}
        for name, v in x.symbols.items():
            data = np.asarray(v.data)
            symbols[name] = data.reshape(data.shape + (1,) * (len(grid) - data.ndim))
        return np.asarray(x.holds(**grid, **symbols), dtype=bool)

    def _tensor(self, kind: str, t: Value, results: Optional[Sequence[str]], names: str) -> str:
        by = f" by affine_map<({names}) -> ({', '.join(results)})>" if results is not None else ""
        return f"{kind}({t.name} : {t.type}{by})"

    def _read(self, t: Value, results: Optional[Sequence[str]], grid: dict) -> np.ndarray:
        """What a broadcast or mapped tensor gives at each pair."""
        if results is None:
            return t.data
        positions = [eval(r.replace("floordiv", "//"), {}, grid) for r in results]  # pylint: disable=eval-used
        return t.data[tuple(np.broadcast_arrays(*positions, *grid.values()))[:len(results)]]

    # -- from scores to context -------------------------------------------------

    def softmax(self, s: Value, sinks: Optional[Value] = None, lse: bool = False):
        """(weights, log-sum-exp or None)"""
        weights, lses = oracle.softmax(s.data, sinks.data if sinks else None)
        w = self._new(s.element, s.dims, weights)
        l = self._new(s.element, s.dims[:-1], lses) if lse else None
        extra = f" sinks({sinks.name} : {sinks.type})" if sinks else ""
        names, types = (f"{w.name}, {l.name}", f"{w.type}, {l.type}") if lse else (w.name, w.type)
        self.lines.append(f"{names} = attention.softmax {s.name}{extra} : {types}")
        return w, l

    def as_weights(self, s: Value) -> Value:
        w = self._new(s.element, s.dims, oracle.as_weights(s.data))
        self.lines.append(f"{w.name} = attention.as_weights {s.name} : {w.type}")
        return w

    def context(self, w: Value, v: Value, element: Optional[str] = None) -> Value:
        o = self._new(element or v.element, w.dims[:-1] + (v.dims[-1],),
                      oracle.context(w.data, v.data))
        self.lines.append(f"{o.name} = attention.context {w.name}, {v.name} : "
                          f"{w.type}, {v.type} -> {o.type}")
        return o

    def top_k(self, w: Value, k: int):
        """(weights, keys). Keys are judged by their true weights, since keys whose
        weights agree within rounding come in any order."""
        expected = oracle.top_k(w.data, k)
        top = self._new(w.element, w.dims[:-1] + (k,), expected)
        keys = self._new("i32", top.dims, expected)
        keys.judge = lambda found: oracle.weights_of_keys(w.data, found, expected.value)
        self.lines.append(f"{top.name}, {keys.name} = attention.top_k {w.name} k({k}) : "
                          f"{w.type} -> {top.type}, {keys.type}")
        return top, keys

    def entropy(self, w: Value) -> Value:
        return self._sum("entropy", w, w.dims[:-1], oracle.entropy(w.data))

    def column_mass(self, w: Value) -> Value:
        return self._sum("column_mass", w, w.dims[:-2] + w.dims[-1:], oracle.column_mass(w.data))

    def transpose(self, v: Value, permutation: Sequence[int]) -> Value:
        """The dimensions of `v` in another order, into an empty tensor."""
        bounded = oracle.Bounded(*(np.transpose(x, permutation) for x in (v.data.value, v.data.error)))
        result = self._new(v.element, tuple(v.dims[d] for d in permutation), bounded)
        if v.judge:
            back = np.argsort(permutation)
            result.judge = lambda found: np.transpose(v.judge(np.transpose(found, back)), permutation)
        sizes = []
        for d in permutation:
            if v.dims[d] is None:
                sizes.append(self._new("index", None, v.data.value.shape[d], "n").name)
                self.lines.append(f"{sizes[-1]}_at = arith.constant {d} : index")
                self.lines.append(f"{sizes[-1]} = tensor.dim {v.name}, {sizes[-1]}_at : {v.type}")
        self.lines.append(f"{result.name}_init = tensor.empty({', '.join(sizes)}) : {result.type}")
        self.lines.append(f"{result.name} = linalg.transpose ins({v.name} : {v.type}) outs({result.name}_init : "
                          f"{result.type}) permutation = [{', '.join(map(str, permutation))}]")
        return result

    def _sum(self, name: str, w: Value, dims, data) -> Value:
        result = self._new(w.element, dims, data)
        self.lines.append(f"{result.name} = attention.{name} {w.name} : {w.type} -> {result.type}")
        return result

    # -- the function -----------------------------------------------------------

    def result(self, *values: Value, exact: bool = False) -> None:
        for v in values:
            if isinstance(v.data, oracle.Scores):
                value = np.where(v.data.live, v.data.value, -np.inf)
                bounded = oracle.Bounded(value, np.where(v.data.live, v.data.error, 0))
            else:
                bounded = v.data
            tolerance = bounded.error * unit_roundoff(self.compute)
            if v.element != self.compute and v.element not in INTEGERS:
                tolerance = tolerance + quantum(np.abs(bounded.value) + tolerance, v.element) / 2
            self.results.append((v, Expected(bounded.value, tolerance, v.element, exact, v.judge)))

    def call(self, label: str) -> Call:
        arguments = ", ".join(f"{v.name}: {v.type}" for v in self.inputs)
        types = [v.type for v, _ in self.results]
        lines = "".join(f"\n  {line}" for line in self.lines)
        names = ", ".join(v.name for v, _ in self.results)
        text = (f"func.func @NAME({arguments}) -> ({', '.join(types)}) {{{lines}\n"
                f"  return {names} : {', '.join(types)}\n}}\n")
        return Call(text, label, self.inputs, types, [e for _, e in self.results])


def attention(p: Program, q, k, v, *, lse: bool = True, scaled: bool = True,
              change: Callable = lambda s: s, element: Optional[str] = None,
              sinks: Optional[Value] = None, weights: bool = False) -> None:
    """The usual program: scores, what `change` does to them, softmax, context."""
    s = change(p.dot(q, k, scaled=scaled))
    w, l = p.softmax(s, sinks=sinks, lse=lse)
    p.result(p.context(w, v, element), *([l] if lse else []), *([w] if weights else []))
