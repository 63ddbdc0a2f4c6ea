"""The cases to measure: a file a suite, each with a docstring and a list CASES.

A new suite is a new file here; nothing else changes.
"""

import importlib
import pathlib

_HIDDEN = {"__init__", "smoke"}


def names() -> list:
    return sorted(path.stem for path in pathlib.Path(__file__).parent.glob("*.py") if path.stem not in _HIDDEN)


def describe(suite: str) -> str:
    return importlib.import_module(f"suites.{suite}").__doc__.strip().split("\n")[0]


def load(suite: str) -> list:
    cases = importlib.import_module(f"suites.{suite}").CASES
    twice = {c.name for c in cases if [other.name for other in cases].count(c.name) > 1}
    if twice:
        raise ValueError(f"suite {suite} has two cases of a name: {', '.join(sorted(twice))}")
    return cases


def find(name: str):
    """A case by its name, which begins with its suite's."""
    for suite in [*names(), "smoke"]:
        if name.startswith(suite + "-"):
            for case in load(suite):
                if case.name == name:
                    return case
    raise KeyError(f"no case is named {name}")
