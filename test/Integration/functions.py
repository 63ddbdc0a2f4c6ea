"""Elementary functions as compiled code computes them, against NumPy in a wider
type: numbers spread over all bit patterns of a type, dense where a function bends,
and all that is special. Vectors and scalars alike.

    functions.py [--runner PATH] [--pipeline P] [--tmp DIR] [-v] [--only exp]
"""

import argparse
import math
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from elements import decode, encode, quantum  # noqa: E402

PIPELINE = "builtin.module(func.func(convert-elementwise-to-linalg),convert-math-to-polynomial,attention-to-llvm)"
COUNT = 1 << 18

by_element = lambda f: lambda x: np.vectorize(f, otypes=[np.float64])(x)

# name: (reference, where it bends, units in the last place that it may lose)
FUNCTIONS = {
    "exp": (np.exp, (-104, 89), 2),
    "exp2": (np.exp2, (-150, 128), 2),
    "expm1": (np.expm1, (-20, 89), 2),
    "tanh": (np.tanh, (-10, 10), 3),
    "log": (np.log, (0, 4), 2),
    "log2": (np.log2, (0, 4), 3),
    "log10": (np.log10, (0, 4), 3),
    "log1p": (np.log1p, (-1, 4), 3),
}
# Upstream's, of f32 alone; erf has +0 for −0.
NARROW = {
    "asin": (np.arcsin, (-1, 1), 7),
    "acos": (np.arccos, (-1, 1), 3),
    "erf": (by_element(math.erf), (-5, 5), 5),
    "erfc": (by_element(math.erfc), (-5, 11), 4),
}
# A signalling NaN to the power of 0 is NaN to NumPy.
POWERS = {"powf": (lambda x, y: np.where((y == 0) | (x == 1), 1.0, np.power(x, y)), (-4, 4), 1)}

PROGRAM = """
func.func @vector(%x: tensor<{n}x{t}>, %y: tensor<{n}x{t}>, %out: tensor<{n}x{t}>) -> tensor<{n}x{t}> {{
  %zero = arith.constant 0 : index
  %n = arith.constant {n} : index
  %step = arith.constant {lanes} : index
  %pad = arith.constant 0.0 : {t}
  %r = scf.for %i = %zero to %n step %step iter_args(%o = %out) -> tensor<{n}x{t}> {{
    %a = vector.transfer_read %x[%i], %pad {{in_bounds = [true]}} : tensor<{n}x{t}>, vector<{lanes}x{t}>
    %b = vector.transfer_read %y[%i], %pad {{in_bounds = [true]}} : tensor<{n}x{t}>, vector<{lanes}x{t}>
    %c = math.{f} {operands} : vector<{lanes}x{t}>
    %w = vector.transfer_write %c, %o[%i] {{in_bounds = [true]}} : vector<{lanes}x{t}>, tensor<{n}x{t}>
    scf.yield %w : tensor<{n}x{t}>
  }}
  return %r : tensor<{n}x{t}>
}}
func.func @scalar(%a: tensor<{n}x{t}>, %b: tensor<{n}x{t}>, %out: tensor<{n}x{t}>) -> tensor<{n}x{t}> {{
  %c = math.{f} {operands} : tensor<{n}x{t}>
  return %c : tensor<{n}x{t}>
}}
"""


def inputs(rng, element: str, bends) -> np.ndarray:
    """As many as COUNT numbers, in the type."""
    real = {"f64": np.float64, "f32": np.float32, "f16": np.float16}.get(element, np.float32)
    bits = {8: np.uint64, 4: np.uint32, 2: np.uint16}[np.dtype(real).itemsize]
    top = np.iinfo(bits).max
    tiny, huge = np.finfo(real).tiny, np.finfo(real).max
    least = np.finfo(real).smallest_subnormal
    special = [0, 1, 2, 3, 0.5, 1.5, 4, 8, 10, 100, 1000, 127, 128, 150, np.pi, np.inf, np.nan, tiny, huge, least,
               *(b * (1 + s * 2.0**-k) for b in (*bends, 1) for s in (1, -1) for k in (8, 16, 23, 40, 52))]
    with np.errstate(over="ignore"):
        special = np.array([*special, *(-np.array(special))]).astype(real)
    third = COUNT // 3
    everywhere = rng.integers(0, top, third, dtype=bits, endpoint=True).view(real)
    dense = rng.uniform(*bends, third).astype(real)
    small = np.ldexp(rng.normal(size=COUNT - 2 * third - len(special)), rng.integers(-60, 3)).astype(real)
    x = np.concatenate([everywhere, dense, small, special])
    if element == "bf16":
        with np.errstate(invalid="ignore"):
            return decode(encode(x.astype(np.float32), element), element)
    return x


def reference(f, element: str, *x: np.ndarray) -> np.ndarray:
    wide = np.longdouble if element == "f64" else np.float64
    with np.errstate(all="ignore"):
        return f(*(a.astype(wide) for a in x))


def worst(found: np.ndarray, expected: np.ndarray, element: str, keeps_sign: bool):
    """(error in units in the last place, position); infinite where only one of the
    two is special, or a zero has the other sign."""
    limit = 65504 if element == "f16" else float(np.finfo(np.float64 if element == "f64" else np.float32).max)
    with np.errstate(all="ignore"):
        ulp = quantum(np.clip(expected, -limit, limit), element)
        error = np.abs(found - expected) / ulp
        # Rounded to infinity or not, at the end of the range.
        end = np.abs(np.abs(expected) - limit) < 4 * ulp
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    over = np.isinf(found) & (np.abs(expected) >= limit) & (np.sign(found) == np.sign(expected))
    error = np.where(same | over | (end & np.isinf(found)), 0, error)
    error = np.where(np.isnan(error), np.inf, error)
    error = np.where(keeps_sign & (expected == 0) & (np.signbit(found) != np.signbit(expected)), np.inf, error)
    at = int(np.argmax(error))
    return float(error[at]), at


def check(options, name: str, element: str, f, bends, limit, two: bool) -> list:
    rng = np.random.default_rng(len(name) + len(element))
    x = inputs(rng, element, bends)
    y = rng.permutation(inputs(rng, element, (-8, 8)))
    if two:
        special = x[-80:]  # all pairs of the special ones
        x[: 80 * 80], y[: 80 * 80] = np.repeat(special, 80), np.tile(special, 80)
    n = COUNT // 16 * 16
    x, y = x[:n], y[:n]
    folder = options.tmp / f"{name}-{element}"
    folder.mkdir(parents=True, exist_ok=True)
    operands = "%a, %b" if two else "%a"
    lanes = 4 if element == "f64" else 8
    (folder / "f.mlir").write_text(PROGRAM.format(n=n, t=element, f=name, operands=operands, lanes=lanes))
    stored = [encode(a.astype(np.float64 if element == "f64" else np.float32), element) for a in (x, y, np.zeros(n))]
    for label, a in zip("xyz", stored):
        np.save(folder / f"{label}.npy", a)
    kind = "=bf16" if element == "bf16" else ""
    failures = []
    expected = reference(f, element, *((decode(stored[0], element), decode(stored[1], element)) if two
                                       else (decode(stored[0], element),)))
    for form in ("vector", "scalar"):
        run = subprocess.run(
            [options.runner, folder / "f.mlir", f"--function={form}", f"--pipeline={options.pipeline}",
             *(f"--input=@{folder}/{label}.npy" for label in "xyz"), f"--output=@{folder}/{form}.npy"],
            capture_output=True, text=True)
        if run.returncode:
            failures.append(f"{name} {element} {form}: {run.stderr.strip()[-1000:]}")
            continue
        with np.errstate(invalid="ignore"):
            found = decode(np.load(folder / f"{form}.npy"), element)
        if element == "f64":
            found = found.astype(np.longdouble)
        error, at = worst(found, expected, element, name != "erf")
        if options.v:
            print(f"{name} {element} {form}: {error:.2f} ulp at {x[at]!r}{f', {y[at]!r}' if two else ''}: "
                  f"found {found[at]!r}, expected {expected[at]!r}")
        if not error <= limit:
            failures.append(f"{name} {element} {form}: {error:.2f} ulp, more than {limit}, at {x[at]!r}"
                            f"{f', {y[at]!r}' if two else ''}: found {found[at]!r}, expected {expected[at]!r}")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", default="attention-runner")
    parser.add_argument("--pipeline", default=PIPELINE)
    parser.add_argument("--tmp", type=pathlib.Path, default=pathlib.Path("functions.tmp"))
    parser.add_argument("--only")
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    failures = []
    wide, narrow = ("f32", "f64", "f16", "bf16"), ("f32", "f16", "bf16")
    for functions, elements in ((FUNCTIONS, wide), (NARROW, narrow), (POWERS, narrow)):
        for name, (f, bends, limit) in functions.items():
            for element in elements if options.only in (None, name) else ():
                failures += check(options, name, element, f, bends, limit, two=functions is POWERS)
    for failure in failures:
        print(f"FAIL {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
