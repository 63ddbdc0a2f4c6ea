"""How programs are compiled and called: the facts of the target, the options of the
pipeline, and the module that calls each program with several numbers of threads."""

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

    @property
    def fast(self) -> str:
        return f"attention-to-llvm{{{self.options}}}"

    exact = "attention-to-llvm{exact=true}"


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
               (1, rng.choice((2, 3)), rng.choice((2, 4, 5, 7, 8))))


# A parallel loop whatever becomes of those of the programs: only for one does the
# runner load OpenMP.
PARALLEL = """func.func private @omp_set_num_threads(i32)
func.func private @parallel() -> tensor<3xi64> {
  %empty = tensor.empty() : tensor<3xi64>
  %r = scf.forall (%i) in (3) shared_outs(%out = %empty) -> tensor<3xi64> {
    %n = arith.index_cast %i : index to i64
    %s = tensor.from_elements %n : tensor<1xi64>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %out[%i] [1] [1] : tensor<1xi64> into tensor<3xi64>
    }
  }
  return %r : tensor<3xi64>
}
"""


def module_text(calls: list, way: Way, repeat: int) -> str:
    """The programs, and @main, which calls each `repeat` times."""
    passthrough = 'passthrough = ["noinline", "minsize", "optsize"], llvm.linkage = #llvm.linkage<internal>'
    programs, arguments, results, types, lines = [], [], [], [], []
    for number, call in enumerate(calls):
        programs.append(call.text.replace("func.func @NAME", f"func.func private @program{number}")
                        .replace("{\n", f"attributes {{{passthrough}}} {{\n", 1))
        inputs = [f"%in{number}_{n}" for n in range(len(call.inputs))]
        arguments += [f"{name}: {value.type}" for name, value in zip(inputs, call.inputs)]
    for turn in range(repeat):
        if repeat > 1:
            lines += [f"  %threads{turn} = arith.constant {way.threads[turn]} : i32",
                      f"  func.call @omp_set_num_threads(%threads{turn}) : (i32) -> ()"]
        for number, call in enumerate(calls):
            inputs = ", ".join(f"%in{number}_{n}" for n in range(len(call.inputs)))
            count = len(call.result_types)
            out = f"%out{turn}_{number}"
            lines.append(f"  {out}:{count} = func.call @program{number}({inputs}) : "
                         f"({', '.join(v.type for v in call.inputs)}) -> ({', '.join(call.result_types)})")
            results += [f"{out}#{n}" for n in range(count)]
            types += call.result_types
    if repeat > 1:
        lines.append("  %parallel = func.call @parallel() : () -> tensor<3xi64>")
        results.append("%parallel")
        types.append("tensor<3xi64>")
    facts = (f'"attention.vector_bits" = {way.vector_bits} : i64, '
             f'"attention.vector_registers" = {way.registers} : i64')
    body = (PARALLEL if repeat > 1 else "") + "\n".join(programs)
    main = (f"func.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {{\n" + "\n".join(lines)
            + f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")
    return (f'module attributes {{dlti.target_system_spec = #dlti.target_system_spec<"CPU" = '
            f"#dlti.target_device_spec<{facts}>>}} {{\n{body}\n{main}}}\n")
