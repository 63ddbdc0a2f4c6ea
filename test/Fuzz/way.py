"""How programs are compiled and called: the facts of the target, the options of the
pipeline and of the runner, the numbers of threads."""

import dataclasses
import random


@dataclasses.dataclass
class Way:
    """How a batch is compiled."""

    vector_bits: int
    registers: int
    options: str = ""
    opt_level: int = 0  # LLVM's, whose work is most of the time
    verify_each: bool = False  # after every pass, which takes as long as the passes
    threads: tuple = (1, 2, 7)  # of each turn
    lane_operations: int = 2  # of a multiply-add with one lane for a factor

    @property
    def fast(self) -> str:
        return f"attention-to-llvm{{{self.options}}}"

    exact = "attention-to-llvm{exact=true}"

    @property
    def attributes(self) -> str:
        """The module's."""
        facts = (f'"attention.vector_bits" = {self.vector_bits} : i64, '
                 f'"attention.vector_registers" = {self.registers} : i64, '
                 f'"attention.lane_multiply_add_operations" = {self.lane_operations} : i64')
        return f'dlti.target_system_spec = #dlti.target_system_spec<"CPU" = #dlti.target_device_spec<{facts}>>'

    @property
    def flags(self) -> list:
        """The runner's."""
        return [f"--opt_level={self.opt_level}", *(["--verify_each"] if self.verify_each else [])]


WIDTHS = ((256, 16), (256, 16), (128, 16), (512, 32), (128, 32), (256, 8), (128, 8))


def random_way(seed: int) -> Way:
    rng = random.Random(f"way {seed}")
    bits, registers = rng.choice(WIDTHS)
    options = []
    if rng.random() < 0.4:
        options += [f"query-block={rng.choice((8, 16, 24, 64))}", f"key-block={rng.choice((1, 3, 8, 16, 20, 64))}"]
    if rng.random() < 0.25:
        options.append(f"key-splits={rng.choice((1, 2, 3, 7))}")
    return Way(bits, registers, " ".join(options), rng.choices((0, 2, 3), (8, 1, 1))[0], rng.random() < 0.1,
               (1, rng.choice((2, 3)), rng.choice((2, 4, 5, 7, 8))), rng.choice((1, 2, 2, 2)))
