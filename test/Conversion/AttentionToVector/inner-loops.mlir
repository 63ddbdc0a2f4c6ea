// The innermost loops in the assembly of four instruction sets: products of one
// register tile, four features or keys a step, and no vector on the stack. By LLVM's
// models of processors, they take no cycle more than their multiply-adds do, two a
// cycle, or a tenth more where broadcasts cost more than a load.
// DEFINE: %{cpu} =
// DEFINE: %{triple} =
// DEFINE: %{loops} = attention-opt %s -attention-set-target='triple=%{triple} cpu=%{cpu}' -attention-to-llvm='exact=false' \
// DEFINE:   | mlir-translate -mlir-to-llvmir | opt -O3 -mtriple=%{triple} -mcpu=%{cpu} | llc -O3 -mtriple=%{triple} -mcpu=%{cpu} \
// DEFINE:   | %python %S/Inputs/inner-loops.py %{triple} %{cpu}

// REDEFINE: %{cpu} = skylake-avx512
// REDEFINE: %{triple} = x86_64-linux-gnu
// RUN: %{loops} | FileCheck %s --check-prefix=AVX512
// REDEFINE: %{cpu} = haswell
// RUN: %{loops} | FileCheck %s --check-prefix=AVX2
// REDEFINE: %{cpu} = x86-64
// RUN: %{loops} | FileCheck %s --check-prefix=SSE
// REDEFINE: %{cpu} = neoverse-n1
// REDEFINE: %{triple} = aarch64-linux-gnu
// RUN: %{loops} | FileCheck %s --check-prefix=NEON

// Scores, then the context.
// AVX512: multiply-adds 64, spills 0, cycles 32.
// AVX512: multiply-adds 64, spills 0, cycles 32.
// AVX512-NOT: spills {{[1-9]}}
// AVX2: multiply-adds 48, spills 0, cycles 24.
// AVX2: multiply-adds 48, spills 0, cycles 24.
// AVX2-NOT: spills {{[1-9]}}
// SSE: multiply-adds 32, spills 0, cycles 3{{[2-5]}}.
// SSE: multiply-adds 32, spills 0, cycles 3{{[2-5]}}.
// SSE-NOT: spills {{[1-9]}}
// NEON: multiply-adds 64, spills 0, cycles 3{{[2-4]}}.
// NEON: multiply-adds 64, spills 0, cycles 3{{[2-4]}}.
// NEON-NOT: spills {{[1-9]}}
func.func @attention(%q: tensor<8x?x64xf32>, %k: tensor<8x?x64xf32>, %v: tensor<8x?x64xf32>)
    -> tensor<8x?x64xf32> {
  %s = attention.dot_score %q, %k scaled : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<8x?x?xf32>
  %m = attention.mask_scores %s sets(affine_set<(h, i, j) : (i - j >= 0)>) : tensor<8x?x?xf32>
  %w = attention.softmax %m : tensor<8x?x?xf32>
  %o = attention.context %w, %v : tensor<8x?x?xf32>, tensor<8x?x64xf32> -> tensor<8x?x64xf32>
  return %o : tensor<8x?x64xf32>
}
