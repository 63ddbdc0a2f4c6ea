"""Where blocks do not fit: few and many heads, odd sizes, [B, S, H, D], cross attention."""

from harness.case import Case

CASES = [
    # Few heads leave threads without work; many have a parallel loop to spare.
    *(Case("shapes", batch=b, heads=h, queries=1024, head_dim=64) for b, h in ((1, 1), (1, 8), (8, 16))),
    Case("shapes", heads=1, queries=1024, head_dim=64, causal=True),
    # Sizes that no block divides.
    *(Case("shapes", heads=8, queries=n, head_dim=64, causal=causal)
      for n in (1000, 77, 1537) for causal in (False, True)),
    *(Case("shapes", heads=8, queries=1000, head_dim=d, causal=causal)
      for d in (80, 96, 33) for causal in (False, True)),
    # As projections leave them: heads inside rows; a program transposes at its edges.
    *(Case("shapes", heads=8, queries=1024, head_dim=64, layout="bshd", causal=causal) for causal in (False, True)),
    # Encoder and decoder.
    Case("shapes", heads=8, queries=77, keys=1500, head_dim=64),
    Case("shapes", heads=8, queries=1024, keys=77, head_dim=64),
    # Sizes that the compiler does not know.
    *(Case("shapes", heads=8, queries=1024, head_dim=64, dynamic=True, causal=causal) for causal in (False, True)),
]
