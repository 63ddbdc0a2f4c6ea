// In assembly, tiles fit the registers of each kind of target: no innermost loop
// keeps a value on the stack.
// RUN: attention-opt %s -attention-set-target='triple=x86_64-linux-gnu cpu=haswell' -attention-to-llvm=exact=false | mlir-translate --mlir-to-llvmir | opt -O3 -mtriple=x86_64-linux-gnu -mcpu=haswell | llc -O3 -mtriple=x86_64-linux-gnu -mcpu=haswell | %python %S/Inputs/innermost-loops.py | FileCheck %s --check-prefixes=CHECK,TWELVE
// RUN: attention-opt %s -attention-set-target='triple=x86_64-linux-gnu cpu=x86-64' -attention-to-llvm=exact=false | mlir-translate --mlir-to-llvmir | opt -O3 -mtriple=x86_64-linux-gnu -mcpu=x86-64 | llc -O3 -mtriple=x86_64-linux-gnu -mcpu=x86-64 | %python %S/Inputs/innermost-loops.py | FileCheck %s
// RUN: attention-opt %s -attention-set-target='triple=x86_64-linux-gnu cpu=skylake-avx512' -attention-to-llvm=exact=false | mlir-translate --mlir-to-llvmir | opt -O3 -mtriple=x86_64-linux-gnu -mcpu=skylake-avx512 | llc -O3 -mtriple=x86_64-linux-gnu -mcpu=skylake-avx512 | %python %S/Inputs/innermost-loops.py | FileCheck %s --check-prefixes=CHECK,SIXTEEN
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=neoverse-n1' -attention-to-llvm=exact=false | mlir-translate --mlir-to-llvmir | opt -O3 -mtriple=aarch64-linux-gnu -mcpu=neoverse-n1 | llc -O3 -mtriple=aarch64-linux-gnu -mcpu=neoverse-n1 | %python %S/Inputs/innermost-loops.py | FileCheck %s --check-prefixes=CHECK,SIXTEEN

// Whole tiles first; LLVM may unroll their loops.
// CHECK-NOT: {{[1-9][0-9]*}} spills
// TWELVE: {{12|24|48}} multiplications
// SIXTEEN: {{16|32|64}} multiplications
// CHECK-NOT: {{[1-9][0-9]*}} spills
func.func @products(%x: tensor<?x512xf32>, %w: tensor<512x512xf32>, %v: tensor<512x512xbf16>, %o: tensor<?x512xf32>)
    -> tensor<?x512xf32> {
  %p = linalg.matmul ins(%x, %w : tensor<?x512xf32>, tensor<512x512xf32>)
      outs(%o : tensor<?x512xf32>) -> tensor<?x512xf32>
  %q = linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                        affine_map<(m, n, k) -> (m, n)>]
      ins(%p, %v : tensor<?x512xf32>, tensor<512x512xbf16>) outs(%o : tensor<?x512xf32>) -> tensor<?x512xf32>
  return %q : tensor<?x512xf32>
}
