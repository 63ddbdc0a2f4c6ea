"""Other systems: a module a system, imported only in its own process.

A module has

- SUMMARY: one line, what it runs;
- REQUIRES: the packages that it imports;
- COMPILES: whether it makes code for a case; otherwise it has kernels ready-made;
- `start(threads)`: sets the library up; `version()`: its name and version;
- `prepare(case, inputs, threads)`: a Prepared, or Unsupported is raised.

`inputs` are NumPy arrays in the case's layout. What a call is given lies in memory as
the library likes it best, unless the case is about the layout: then it is [B, S, H, D].
"""

import dataclasses
from typing import Callable

# In the order of the reports.
NAMES = ("torch-sdpa", "torch-flex", "onnxruntime", "openvino", "jax", "torch-eager", "torch-compile")

# Those that compute an expression, which nobody would take for what others have an operator for.
EXPRESSIONS = ("torch-eager", "torch-compile")


class Unsupported(Exception):
    """The system has nothing for a case; the text says why."""


@dataclasses.dataclass
class Prepared:
    """What a case became: `call` runs it once, until the results are there, and
    `results` gives those of the last call as arrays by name, the context in the case's
    layout."""

    call: Callable
    results: Callable
    variant: str = ""  # which of several ways was taken


def module_of(name: str) -> str:
    return "peers." + name.replace("-", "_")
