// Bodies of outermost parallel loops become functions; constants are cloned into
// them, inner parallel loops are sequential there.
// RUN: attention-opt %s -split-input-file -attention-outline-parallel --mlir-print-local-scope | FileCheck %s
// Outlined loops are not outlined again.
// RUN: attention-opt %s -split-input-file -attention-outline-parallel -attention-outline-parallel --mlir-print-local-scope | FileCheck %s

// Several dimensions, bounds and steps of which some are known, used in the body
// as well; scratch on the stack; the parent's attributes but those on inlining.
// CHECK-LABEL: func @bounds
// CHECK-SAME: (%[[M:.*]]: memref<?x?xf32>, %[[N:.*]]: index)
// CHECK: %[[C4:.*]] = arith.constant 4 : index
// CHECK: scf.parallel (%[[I:.*]], %[[J:.*]]) = (%{{.*}}, %{{.*}}) to (%[[N]], %{{.*}}) step (%[[C4]], %{{.*}}) {
// CHECK-NEXT: func.call @bounds_parallel(%[[I]], %[[J]], %[[N]], %[[M]]) : (index, index, index, memref<?x?xf32>) -> ()
// CHECK-NEXT: scf.reduce
// CHECK: return
// CHECK: func.func private @bounds_parallel(%[[I2:.*]]: index, %[[J2:.*]]: index, %[[N2:.*]]: index, %[[M2:.*]]: memref<?x?xf32>)
// CHECK-SAME: attributes {llvm.linkage = #llvm.linkage<internal>, passthrough = ["noinline", ["prefer-vector-width", "512"], "nounwind"]}
// CHECK-DAG: arith.constant 4 : index
// CHECK-DAG: memref.get_global @table
// CHECK: %[[S:.*]] = memref.alloca() : memref<4xf32>
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[M2]][%[[I2]], %[[J2]]]
// CHECK: return
memref.global "private" constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
func.func @bounds(%m: memref<?x?xf32>, %n: index)
    attributes {passthrough = [["prefer-vector-width", "512"], "alwaysinline", "nounwind"]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %t = memref.get_global @table : memref<4xf32>
  scf.parallel (%i, %j) = (%c0, %c1) to (%n, %c3) step (%c4, %c1) {
    %s = memref.alloca() : memref<4xf32>
    %end = arith.minsi %n, %c4 : index
    scf.for %k = %c0 to %end step %c1 {
      %x = memref.load %t[%k] : memref<4xf32>
      memref.store %x, %s[%k] : memref<4xf32>
    }
    %x = memref.load %s[%c0] : memref<4xf32>
    memref.store %x, %m[%i, %j] : memref<?x?xf32>
  }
  return
}

// -----

// Two loops of a function, one in a sequential loop, with names that are taken.
// CHECK-LABEL: func @two
// CHECK: scf.parallel
// CHECK-NEXT: func.call @two_parallel_0(
// CHECK: scf.for %[[K:.*]] =
// CHECK-NEXT: scf.parallel
// CHECK-NEXT: func.call @two_parallel_1(%{{.*}}, %[[K]], %{{.*}})
func.func private @two_parallel()
func.func @two(%m: memref<?xindex>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %n, %m[%i] : memref<?xindex>
  }
  scf.for %k = %c0 to %n step %c1 {
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      memref.store %k, %m[%i] : memref<?xindex>
    }
  }
  return
}

// -----

// Parallel loops in the body become sequential, those with reductions too.
// CHECK-LABEL: func @nested
// CHECK: scf.parallel
// CHECK-NEXT: func.call @nested_parallel
// CHECK: func.func private @nested_parallel(%[[I:.*]]: index, %[[M:.*]]: memref<?x?xf32>, %[[N:.*]]: index)
// CHECK-NOT: scf.parallel
// CHECK: scf.for %[[J:.*]] =
// CHECK-NEXT: %[[R:.*]]:2 = scf.for %[[K:.*]] = %{{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) -> (f32, f32)
// CHECK-NEXT: %[[S:.*]]:2 = scf.for %[[L:.*]] = %{{.*}} iter_args(%[[C:.*]] = %[[A]], %[[D:.*]] = %[[B]]) -> (f32, f32)
// CHECK-NEXT: %[[X:.*]] = memref.load %[[M]][%[[K]], %[[L]]]
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[C]], %[[X]]
// CHECK-NEXT: %[[MAX:.*]] = arith.maximumf %[[D]], %[[X]]
// CHECK-NEXT: scf.yield %[[SUM]], %[[MAX]]
// CHECK: scf.yield %[[S]]#0, %[[S]]#1
// CHECK: arith.addf %[[R]]#0, %[[R]]#1
func.func @nested(%m: memref<?x?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%n) step (%c1) {
      %r:2 = scf.parallel (%k, %l) = (%c0, %c0) to (%n, %n) step (%c1, %c1) init (%zero, %zero) -> (f32, f32) {
        %x = memref.load %m[%k, %l] : memref<?x?xf32>
        scf.reduce (%x, %x : f32, f32) {
        ^bb0(%a: f32, %b: f32):
          %s = arith.addf %a, %b : f32
          scf.reduce.return %s : f32
        }, {
        ^bb0(%a: f32, %b: f32):
          %s = arith.maximumf %a, %b : f32
          scf.reduce.return %s : f32
        }
      }
      %s = arith.addf %r#0, %r#1 : f32
      memref.store %s, %m[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// -----

// Scratch of an inner loop's iteration is one for all of them when the loop is
// sequential: it would add up.
// CHECK-LABEL: func @inner_scratch
// CHECK: func.func private @inner_scratch_parallel(
// CHECK-NOT: scf.for
// CHECK: %[[SCRATCH:.*]] = memref.alloca() : memref<4xf32>
// CHECK: scf.for
// CHECK-NOT: memref.alloca
// CHECK: memref.store %{{.*}}, %[[SCRATCH]]
func.func @inner_scratch(%m: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%i) step (%c1) {
      %scratch = memref.alloca() : memref<4xf32>
      %x = memref.load %m[%j] : memref<?xf32>
      memref.store %x, %scratch[%c1] : memref<4xf32>
      %y = memref.load %scratch[%c1] : memref<4xf32>
      memref.store %y, %m[%i] : memref<?xf32>
    }
  }
  return
}

// -----

// So is that of a loop's body in a function.
// CHECK-LABEL: func @loop_scratch
// CHECK-NEXT: %[[SCRATCH:.*]] = memref.alloca() : memref<4xf32>
// CHECK: scf.for
// CHECK-NOT: memref.alloca
// CHECK: memref.store %{{.*}}, %[[SCRATCH]]
func.func @loop_scratch(%m: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %scratch = memref.alloca() : memref<4xf32>
    %x = memref.load %m[%i] : memref<?xf32>
    memref.store %x, %scratch[%c1] : memref<4xf32>
    %y = memref.load %scratch[%c1] : memref<4xf32>
    memref.store %y, %m[%c0] : memref<?xf32>
  }
  return
}

// -----

// Nothing to do.
// CHECK-LABEL: func @sequential
// CHECK-NOT: func
func.func @sequential(%m: memref<?xindex>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    memref.store %n, %m[%i] : memref<?xindex>
  }
  return
}
