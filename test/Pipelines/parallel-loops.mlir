// Parallel loops end as calls of outlined functions in OpenMP's loops, with a
// dynamic schedule; where there is none, nothing of OpenMP is.
// RUN: attention-opt %s -attention-to-llvm | FileCheck %s
// RUN: attention-opt %s -attention-to-llvm | mlir-translate -mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: llvm.func @serial
// CHECK-NOT: omp.
// CHECK-LABEL: llvm.func @forall
// CHECK: omp.parallel
// CHECK: omp.wsloop schedule(dynamic)
// CHECK: omp.loop_nest {{.*}} collapse(2)
// CHECK: llvm.call @forall_parallel(
// CHECK: llvm.func internal @forall_parallel(
// CHECK-SAME: passthrough = ["noinline"{{.*}}"prefer-vector-width", "512"
// CHECK-NOT: omp.
// CHECK-LABEL: llvm.func @reduction
// CHECK-NOT: omp.

// LLVM: define internal void @forall..omp_par(
// LLVM-SAME: #[[REGION:[0-9]+]]
// LLVM: call void @forall_parallel(
// LLVM: define internal void @forall_parallel(
// LLVM-SAME: #[[OUTLINED:[0-9]+]]
// LLVM-DAG: attributes #[[OUTLINED]] = { noinline "prefer-vector-width"="512" }
// LLVM-DAG: attributes #[[REGION]] = { {{.*}}"prefer-vector-width"="512"

func.func @serial(%a: tensor<?xf32>) -> tensor<?xf32> {
  %r = arith.addf %a, %a : tensor<?xf32>
  return %r : tensor<?xf32>
}

func.func @forall(%a: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32>
    attributes {passthrough = [["prefer-vector-width", "512"]]} {
  %r = scf.forall (%i, %j) in (%n, %m) shared_outs(%out = %a) -> tensor<?x?xf32> {
    %s = tensor.extract_slice %out[%i, %j] [1, 1] [1, 1] : tensor<?x?xf32> to tensor<1x1xf32>
    %e = math.sqrt %s : tensor<1x1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %e into %out[%i, %j] [1, 1] [1, 1] : tensor<1x1xf32> into tensor<?x?xf32>
    }
  }
  return %r : tensor<?x?xf32>
}

func.func @reduction(%a: tensor<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%zero) -> f32 {
    %x = tensor.extract %a[%i] : tensor<?xf32>
    scf.reduce (%x : f32) {
    ^bb0(%l: f32, %s: f32):
      %t = arith.addf %l, %s : f32
      scf.reduce.return %t : f32
    }
  }
  return %r : f32
}
