// LLVM's levels: the same bits from each, and with the module verified after every pass.

// RUN: attention-runner %s --input=9x5xf32=random:1 --input=21x5xf32=random:2 --input=21x3xf32=random:3 > %t.3
// RUN: FileCheck %s < %t.3
// CHECK: result[0]: 9x3xf32=[{{-?[0-9]}}
// RUN: attention-runner %s --input=9x5xf32=random:1 --input=21x5xf32=random:2 --input=21x3xf32=random:3 --opt_level=0 --verify_each | diff %t.3 -
// RUN: attention-runner %s --input=9x5xf32=random:1 --input=21x5xf32=random:2 --input=21x3xf32=random:3 --opt_level=1 | diff %t.3 -
// RUN: attention-runner %s --input=9x5xf32=random:1 --input=21x5xf32=random:2 --input=21x3xf32=random:3 --opt_level=2 --guard_pages | diff %t.3 -

// RUN: not attention-runner %s --opt_level=4 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: {{^}}attention-runner: error: --opt_level=4: LLVM's levels are 0 to 3

func.func @f(%q: tensor<?x5xf32>, %k: tensor<?x5xf32>, %v: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %s = attention.dot_score %q, %k scaled : tensor<?x5xf32>, tensor<?x5xf32> -> tensor<?x?xf32>
  %w = attention.softmax %s : tensor<?x?xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x3xf32> -> tensor<?x3xf32>
  return %o : tensor<?x3xf32>
}
