// Extents of readings are those of the weights, the number of keys asked for, or
// static; and what may not agree at run time is not moved out of a loop.
// RUN: attention-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse | FileCheck %s
// RUN: attention-opt %s -loop-invariant-code-motion | FileCheck %s --check-prefix=MOVED

// CHECK-LABEL: func @dims(
// CHECK-SAME: %[[W:.*]]: tensor<?x?x?xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK-NOT: attention
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[W]], %[[C0]]
// CHECK-DAG: %[[I:.*]] = tensor.dim %[[W]], %[[C1]]
// CHECK-DAG: %[[J:.*]] = tensor.dim %[[W]], %[[C2]]
// CHECK: return %[[I]], %[[C3]], %[[B]], %[[I]], %[[B]], %[[J]]
func.func @dims(%w: tensor<?x?x?xf32>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %top, %keys = attention.top_k %w k(3) : tensor<?x?x?xf32> -> tensor<?x?x3xf32>, tensor<?x?x?xi32>
  %h = attention.entropy %w : tensor<?x?x?xf32> -> tensor<?x?xf32>
  %m = attention.column_mass %w : tensor<?x?x?xf32> -> tensor<?x?xf32>
  %0 = tensor.dim %top, %c1 : tensor<?x?x3xf32>
  %1 = tensor.dim %keys, %c2 : tensor<?x?x?xi32>
  %2 = tensor.dim %h, %c0 : tensor<?x?xf32>
  %3 = tensor.dim %h, %c1 : tensor<?x?xf32>
  %4 = tensor.dim %m, %c0 : tensor<?x?xf32>
  %5 = tensor.dim %m, %c1 : tensor<?x?xf32>
  return %0, %1, %2, %3, %4, %5 : index, index, index, index, index, index
}

func.func private @use(tensor<?x3xf32>, tensor<?xf32>, tensor<?xf32>, tensor<4xf32>)

// MOVED-LABEL: func @loop(
// MOVED: attention.top_k
// MOVED: attention.entropy {{.*}} -> tensor<?xf32>
// MOVED: attention.column_mass
// MOVED: scf.for
// MOVED: attention.entropy {{.*}} -> tensor<4xf32>
func.func @loop(%n: index, %w: tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %t = %c0 to %n step %c1 {
    %0:2 = attention.top_k %w k(3) : tensor<?x?xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
    %1 = attention.entropy %w : tensor<?x?xf32> -> tensor<?xf32>
    %2 = attention.column_mass %w : tensor<?x?xf32> -> tensor<?xf32>
    %3 = attention.entropy %w : tensor<?x?xf32> -> tensor<4xf32>
    func.call @use(%0#0, %1, %2, %3) : (tensor<?x3xf32>, tensor<?xf32>, tensor<?xf32>, tensor<4xf32>) -> ()
  }
  return
}
