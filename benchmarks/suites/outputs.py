"""What attention can tell besides the context: against the plain kernel's time."""

from harness.case import Case


def case(head_dim: int, *outputs: str) -> Case:
    return Case("outputs", heads=8, queries=2048, head_dim=head_dim, label=outputs[-1], outputs=outputs,
                reference=Case("outputs", heads=8, queries=2048, head_dim=head_dim))


CASES = [each for d in (64, 128) for each in (
    Case("outputs", heads=8, queries=2048, head_dim=d),
    case(d, "context", "lse"),
    case(d, "context", "weights"),
)]
