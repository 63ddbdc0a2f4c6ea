"""The element types f16, bf16, f32, f64 in NumPy: rounding, storing, ulps.

NumPy has no bf16; its numbers are kept here as their upper two bytes of f32 in
uint16. Rounding is done once, to nearest even, from whatever precision the
number has (f64 -> f32 -> bf16 would round twice).
"""

from typing import NamedTuple

import numpy as np


class Element(NamedTuple):
    precision: int  # bits of the significand, the hidden one included
    min_exponent: int  # of the least normal number, 0.5 · 2^min_exponent
    max_value: float
    storage: np.dtype  # what a .npy file holds


ELEMENTS = {
    "f16": Element(11, -13, 65504.0, np.dtype(np.float16)),
    "bf16": Element(8, -125, (2 - 2.0**-7) * 2.0**127, np.dtype(np.uint16)),
    "f32": Element(24, -125, (2 - 2.0**-23) * 2.0**127, np.dtype(np.float32)),
    "f64": Element(53, -1021, np.finfo(np.float64).max, np.dtype(np.float64)),
}
INTEGERS = {
    "i1": np.dtype(np.bool_),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "index": np.dtype(np.int64),
}


def unit_roundoff(element: str) -> float:
    return 2.0 ** -ELEMENTS[element].precision


def quantum(x: np.ndarray, element: str) -> np.ndarray:
    """The distance of neighbouring numbers of the type around x (one ulp)."""
    t = ELEMENTS[element]
    _, exponent = np.frexp(np.where(np.isfinite(x), x, 0))
    exponent = np.maximum(exponent, t.min_exponent) - t.precision
    return np.ldexp(np.ones_like(x), exponent)


def round_to(x: np.ndarray, element: str) -> np.ndarray:
    """x rounded once to the type, in x's own precision; whole numbers as they are."""
    if element in INTEGERS:
        return x
    if element == "f64":
        return x.astype(np.float64).astype(x.dtype)
    q = quantum(x, element)
    with np.errstate(invalid="ignore", over="ignore"):
        rounded = np.where(np.isfinite(x), np.rint(x / q) * q, x)
        limit = ELEMENTS[element].max_value
        overflown = np.abs(rounded) > limit
        return np.where(overflown, np.copysign(np.inf, x), rounded)


def encode(x: np.ndarray, element: str) -> np.ndarray:
    """The array a .npy file holds for numbers that the type represents."""
    if element in INTEGERS:
        return np.asarray(x, dtype=INTEGERS[element])
    if element == "bf16":
        bits = np.asarray(x, dtype=np.float32).view(np.uint32)
        return (bits >> 16).astype(np.uint16)
    return np.asarray(x, dtype=ELEMENTS[element].storage)


def decode(stored: np.ndarray, element: str) -> np.ndarray:
    """The numbers of a .npy file, in double precision."""
    if element == "bf16":
        words = np.ascontiguousarray(stored).view(np.uint16).astype(np.uint32)
        return (words << 16).view(np.float32).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return stored.astype(np.float64)
