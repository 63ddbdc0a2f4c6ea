// A loop with reductions stays, with a remark, or becomes sequential if asked to.
// RUN: attention-opt %s -attention-outline-parallel --remarks-filter='attention.*' --remark-format=emitRemark 2>&1 | FileCheck %s
// RUN: attention-opt %s -attention-outline-parallel='sequential-reductions=true' | FileCheck %s --check-prefix=SEQUENTIAL

// CHECK: remark: [Missed] NotOutlined | Category:attention-outline-parallel | Reason="its reductions depend on the order of threads", Remark="scf.parallel left as it is"
// CHECK: remark: [Missed] NotOutlined | Category:attention-outline-parallel | Reason="it is not in a func.func", Remark="scf.parallel left as it is"

// CHECK-LABEL: func.func @sum
// CHECK: scf.parallel {{.*}} init
// CHECK: scf.reduce(
// CHECK-NOT: call
// SEQUENTIAL-LABEL: func.func @sum
// SEQUENTIAL: %[[R:.*]] = scf.for %{{.*}} iter_args
// SEQUENTIAL: scf.parallel
// SEQUENTIAL-NEXT: func.call @sum_parallel
// SEQUENTIAL: return %[[R]]
func.func @sum(%m: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%zero) -> f32 {
    scf.parallel (%j) = (%c0) to (%i) step (%c1) {
      memref.store %zero, %m[%j] : memref<?xf32>
    }
    %x = memref.load %m[%i] : memref<?xf32>
    scf.reduce (%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %r : f32
}

llvm.func @elsewhere(%n: i64) {
  %end = arith.index_cast %n : i64 to index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c1) to (%end) step (%c1) {
  }
  llvm.return
}
