"""Masks that are sets: how near the time is to that of the live pairs alone."""

import numpy as np

from harness.case import Case

# The rate of full attention, which the live pairs are measured by.
PLAIN = Case("masks", heads=8, queries=2048, head_dim=64)


def masked(label: str, sets: str, allowed, **fields) -> Case:
    fields = {"heads": 1, "queries": 16384, "head_dim": 64, "reference": PLAIN, "reference_by": "operations"} | fields
    return Case("masks", label=label, allowed=allowed,
                changes=f"  %m = attention.mask_scores %s\n      sets({sets})\n    : {{scores}}\n", **fields)


def window(width: int) -> Case:
    """A query and the keys before it, `width` in all."""
    return masked(f"window{width}", f"affine_set<(b, h, i, j) : (i - j >= 0, j - i + {width - 1} >= 0)>",
                  lambda xp, x, b, h, i, j: (j <= i) & (i - j < width), hints={"window": width})


def lengths(case, rng) -> dict:
    """How many keys each batch element has, half of all on average."""
    n = case.key_count
    return {"lengths": np.array([n // 2, n // 4 - 1, 3 * n // 4 + 1, n // 2], np.int32)}


# 64 tokens see and are seen by all, the others see 255 to each side.
GLOBAL_AND_WINDOW = masked(
    "global64-window256",
    "affine_set<(b, h, i, j) : (i - j + 255 >= 0, j - i + 255 >= 0)> or\n"
    "           affine_set<(b, h, i, j) : (63 - i >= 0)> or affine_set<(b, h, i, j) : (63 - j >= 0)>",
    lambda xp, x, b, h, i, j: (xp.abs(i - j) < 256) | (i < 64) | (j < 64))

CASES = [
    PLAIN,
    window(1024),
    window(256),
    masked("prefix1024", "affine_set<(b, h, i, j) : (i - j >= 0)> or affine_set<(b, h, i, j) : (1023 - j >= 0)>",
           lambda xp, x, b, h, i, j: (j <= i) | (j < 1024), heads=2, queries=4096),
    masked("documents512", "affine_set<(b, h, i, j) : (i floordiv 512 - j floordiv 512 == 0)>",
           lambda xp, x, b, h, i, j: i // 512 == j // 512),
    masked("lengths", "affine_set<(b, h, i, j)[n] : (n - 1 - j >= 0)>[%lengths : tensor<4xi32>]",
           lambda xp, x, b, h, i, j: j < x["lengths"][b], batch=4, heads=2, queries=2048, extra_inputs=lengths),
    GLOBAL_AND_WINDOW,
]
