// Benchmarks: what is reported, not how long anything takes.

// RUN: attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_repetitions=3 --benchmark_min_time=2x | FileCheck %s --check-prefix=CONSOLE
// CONSOLE-NOT: result
// CONSOLE: @f(4x4xf32): 3 repetitions of 2 calls
// CONSOLE-NEXT: time:    minimum {{[0-9.e+]+ [nmu]?s}}, median {{.+}}s, mean {{.+}}s
// CONSOLE-NEXT: compile: parse {{.+}}s, pipeline {{.+}}s, translate {{.+}}s, optimize {{.+}}s, codegen {{.+}}s
// CONSOLE-NEXT: memory:  peak {{.+}} MiB, {{.+}} MiB more than before the first call

// RUN: attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_min_time=0.001s --benchmark_format=json --threads=1 > %t.json
// RUN: %python %S/Inputs/benchmark-json.py %t.json | FileCheck %s --check-prefix=JSON
// JSON: attention-benchmark-1 f attention-to-llvm{runtime-checks=true} ['4x4xf32'] 1 5 {{128|256|512}}

// Vectors that may be narrower than the machine's, and the peak of those.
// RUN: attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_min_time=1x --benchmark_repetitions=1 --benchmark_format=json --threads=1 --vector_bits=128 > %t.128.json
// RUN: %python %S/Inputs/benchmark-json.py %t.128.json | FileCheck %s --check-prefix=NARROW
// NARROW: attention-benchmark-1 f attention-to-llvm{runtime-checks=true} ['4x4xf32'] 1 1 128
// RUN: not attention-runner %s --input=4x4xf32=1 --vector_bits=96 2>&1 | FileCheck %s --check-prefix=WIDTH
// RUN: not attention-runner %s --input=4x4xf32=1 --vector_bits=1024 2>&1 | FileCheck %s --check-prefix=WIDTH
// WIDTH: {{^}}attention-runner: error: --vector_bits={{[0-9]+}}: this machine's vectors have {{(128 to )?[0-9]+}} bits

// Nothing is measured of results that are wrong.
// RUN: not attention-runner %s --input=4x4xf32=1 --benchmark --expected_output=4x4xf32=1 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: attention-runner: result 0 differs
// WRONG-NOT: time:

// RUN: not attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_min_time=soon 2>&1 | FileCheck %s --check-prefix=TIME
// RUN: not attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_min_time=0x 2>&1 | FileCheck %s --check-prefix=TIME
// RUN: not attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_min_time=-1 2>&1 | FileCheck %s --check-prefix=TIME
// TIME: {{^}}attention-runner: error: --benchmark_min_time={{.*}} is neither seconds (0.5s) nor calls (100x)
// RUN: not attention-runner %s --input=4x4xf32=1 --benchmark --benchmark_repetitions=0 2>&1 | FileCheck %s --check-prefix=REPETITIONS
// REPETITIONS: {{^}}attention-runner: error: --benchmark_repetitions must be at least 1

func.func @f(%a: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %r = linalg.add ins(%a, %a : tensor<?x?xf32>, tensor<?x?xf32>) outs(%a : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}
