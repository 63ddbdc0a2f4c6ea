// What the preference is for: LLVM's loop vectoriser uses 512 bits on a CPU for
// which it would otherwise use 256.
// RUN: attention-opt %s -convert-scf-to-cf -convert-to-llvm -reconcile-unrealized-casts | mlir-translate -mlir-to-llvmir \
// RUN:   | opt -O3 -mtriple=x86_64 -mcpu=skylake-avx512 | llc -O3 -mtriple=x86_64 -mcpu=skylake-avx512 | FileCheck %s --check-prefix=WITHOUT
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=skylake-avx512' -convert-scf-to-cf -convert-to-llvm -reconcile-unrealized-casts | mlir-translate -mlir-to-llvmir \
// RUN:   | opt -O3 -mtriple=x86_64 -mcpu=skylake-avx512 | llc -O3 -mtriple=x86_64 -mcpu=skylake-avx512 | FileCheck %s --check-prefix=WITH

// WITHOUT: vmulps {{.*}}ymm
// WITHOUT-NOT: vmulps {{.*}}zmm
// WITH: vmulps {{.*}}zmm
func.func @double(%a: memref<4096xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c4096 step %c1 {
    %x = memref.load %a[%i] : memref<4096xf32>
    %y = arith.mulf %x, %x : f32
    memref.store %y, %a[%i] : memref<4096xf32>
  }
  return
}
