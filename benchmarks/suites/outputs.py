"""What attention can tell besides the context: against the plain kernel's time."""

import dataclasses

from harness.case import Case

from .masks import GLOBAL_AND_WINDOW

def case(head_dim: int, label: str, *outputs: str) -> Case:
    return Case("outputs", heads=8, queries=2048, head_dim=head_dim, label=label, outputs=("context", *outputs),
                reference=Case("outputs", heads=8, queries=2048, head_dim=head_dim))


CASES = [each for d in (64, 128) for each in (
    Case("outputs", heads=8, queries=2048, head_dim=d),
    case(d, "lse", "lse"),
    case(d, "weights", "weights"),
    case(d, "top8", "top_weights", "top_keys"),
    case(d, "entropy", "entropy"),
    case(d, "mass", "column_mass"),
    case(d, "readings", "top_weights", "top_keys", "entropy", "column_mass"),
)] + [
    # Both passes leave out what the mask does: measured by the live pairs.
    dataclasses.replace(GLOBAL_AND_WINDOW, suite="outputs", label="mass-global64-window256",
                        outputs=("context", "column_mass")),
]
