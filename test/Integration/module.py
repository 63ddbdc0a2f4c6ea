"""A module of many programs, to be compiled and called by one process."""

import pathlib

import numpy as np

from elements import encode

# A parallel loop whatever becomes of those of the programs: only for one does the
# runner load OpenMP, and with it the function that sets the number of threads.
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


def module_text(calls: list, threads=(), for_speed: bool = False, attributes: str = "") -> str:
    """The programs, each text once, and @main, which makes all the calls in order, and
    as many times as there are numbers in `threads`, each time with so many threads."""
    names = {}
    for call in calls:
        names.setdefault(call.text, f"program{len(names)}")
    arguments, types, results, lines = [], [], [], []
    for number, call in enumerate(calls):
        arguments += [f"%in{number}_{n}: {v.type}" for n, v in enumerate(call.inputs)]
    for turn, count in enumerate(threads or (None,)):
        if threads:
            lines += [f"  %threads{turn} = arith.constant {count} : i32",
                      f"  func.call @omp_set_num_threads(%threads{turn}) : (i32) -> ()"]
        for number, call in enumerate(calls):
            inputs = ", ".join(f"%in{number}_{n}" for n in range(len(call.inputs)))
            out = f"%out{turn}_{number}"
            lines.append(f"  // {call.label}\n  {out}:{len(call.result_types)} = func.call @{names[call.text]}({inputs}) : "
                         f"({', '.join(v.type for v in call.inputs)}) -> ({', '.join(call.result_types)})")
            results += [f"{out}#{n}" for n in range(len(call.result_types))]
            types += call.result_types
    if threads:
        lines.append("  %parallel = func.call @parallel() : () -> tensor<3xi64>")
        results.append("%parallel")
        types.append("tensor<3xi64>")
    # The programs are what is tested and not @main, whose compile time grows faster than
    # its size: nothing is inlined into it, and it is not optimised.
    main = 'attributes {passthrough = ["noinline", "optnone"]}'
    passthrough = '"noinline"' if for_speed else '"noinline", "minsize", "optsize"'
    private = f"attributes {{passthrough = [{passthrough}], llvm.linkage = #llvm.linkage<internal>}} {{\n"
    programs = "\n".join(text.replace("func.func @NAME", f"func.func private @{name}").replace("{\n", private, 1)
                         for text, name in names.items())
    body = (f"{PARALLEL if threads else ''}{programs}\nfunc.func @main({', '.join(arguments)}) -> ({', '.join(types)}) {main} {{\n"
            + "\n".join(lines) + f"\n  return {', '.join(results)} : {', '.join(types)}\n}}\n")
    return f"module attributes {{{attributes}}} {{\n{body}}}\n" if attributes else body


def write_inputs(calls: list, folder: pathlib.Path) -> list:
    """The runner's --input flags; arrays are written to files."""
    flags = []
    for number, call in enumerate(calls):
        for n, value in enumerate(call.inputs):
            if value.dims is None and value.element in ("index", "i32", "i64"):
                flags.append(f"--input={value.element}={int(value.data)}")
                continue
            path = folder / f"in{number}_{n}.npy"
            np.save(path, encode(value.data, value.element))
            flags.append(f"--input=@{path}")
    return flags


def output_files(calls: list, folder: pathlib.Path, turns: int = 1) -> tuple:
    """Of each turn, of each call, a list of paths; and the runner's --output flags."""
    paths = [[[folder / f"out{turn}_{number}_{n}.npy" for n in range(len(call.result_types))]
              for number, call in enumerate(calls)] for turn in range(turns)]
    return paths, [f"--output=@{path}" for turn in paths for call in turn for path in call]
