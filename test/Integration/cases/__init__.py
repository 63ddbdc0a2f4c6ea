"""The cases, by subject: one module a subject, one lit test (../<subject>.test) a
module.

A case is a function that yields Calls (program, inputs, expected results) and
Relations (several calls whose results must be related). Its title is the row of
the list of cases that break attention implementations, docs/Testing.md, and is
what `run.py --list` prints.
"""

import zlib
from dataclasses import dataclass
from typing import Callable, NamedTuple

import numpy as np

from program import Call, Program

TYPES = ("f64", "f32", "f16", "bf16")


class Finding(NamedTuple):
    """Found against expected, with the tolerance, arrays of one shape."""

    what: str
    found: np.ndarray
    expected: np.ndarray
    tolerance: np.ndarray


@dataclass
class Relation:
    """Calls whose results are compared with each other. `check` gets a list of
    results for each call and returns Findings."""

    label: str
    calls: list
    check: Callable


@dataclass
class Case:
    subject: str
    title: str
    items: Callable  # rng -> iterable of Call and Relation
    core: bool  # part of the quick run

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(self.title.encode()))


CASES: list = []


def case(title: str, core: bool = False):
    """Registers a case under the module's name."""

    def register(items):
        CASES.append(Case(items.__module__.split(".")[-1], title, items, core))
        return items

    return register


def layouts(element: str) -> tuple:
    """Values of Program.dynamic to try: static shapes with f32 only, as they change
    indices and not arithmetic, and every program costs a fifth of a second."""
    return (True, False) if element == "f32" else (True,)


def compute_type(*elements: str) -> str:
    return "f64" if "f64" in elements else "f32"


def program(element: str, dynamic: bool = True) -> Program:
    return Program(compute_type(element), dynamic)


def label(element: str, *arrays) -> str:
    """The type and the shapes of q, k, …"""
    return " ".join([element] + ["x".join(map(str, a.shape)) for a in arrays])


def qkv(p: Program, rng, element: str, batch=(), nq: int = 5, nkv: int = 7, d: int = 4,
        dv: int = 3, kv_batch=None, static=()):
    """Random queries, keys and values as arguments of p."""
    kv_batch = batch if kv_batch is None else kv_batch
    # Extents of 1 where the queries' are not are broadcast, and so static.
    ones = [n for n, (a, b) in enumerate(zip(kv_batch, batch)) if a == 1 != b] + list(static)
    return (p.arg(rng.normal(size=(*batch, nq, d)), element, static),
            p.arg(rng.normal(size=(*kv_batch, nkv, d)), element, ones),
            p.arg(rng.normal(size=(*kv_batch, nkv, dv)), element, ones))


def shape_label(element: str, q, k, v) -> str:
    text = lambda x: "x".join(map(str, x.data.shape))
    return f"{element} q {text(q)} k {text(k)} v {text(v)}"


def load() -> list:
    """All cases, in the order of the subjects."""
    from . import (causal, column_mass, contractions, extents, fused, masks, memory, metamorphic,  # noqa: F401
                   normalisers, pairs, readings, regions, rows, scores, segments, tails, threads, types, weights)

    return CASES
