// top_k is a loop of searches for the best key after the last one; entropy and
// column_mass are a reduction each.
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file | FileCheck %s

// A row with a NaN has it for the weight that no other exceeds.
// CHECK-LABEL: func @top_k(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: tensor<?x6xf32>
func.func @top_k(%w: tensor<?x6xf32>) -> (tensor<?x3xf32>, tensor<?x3xi32>) {
  // CHECK: %[[FLOOR:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[W]] :
  // CHECK: ^bb0(%[[X:.*]]: f32, %[[OLD:.*]]: f32):
  // CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
  // CHECK: arith.select %[[NAN]], %[[X]], %[[OLD]]
  // CHECK: %[[NONE:.*]] = linalg.fill ins(%c-1_i32
  // CHECK: scf.for {{.*}} iter_args(%[[LAST:[a-z0-9_]+]] = {{.*}}, %[[LASTKEY:[a-z0-9_]+]] = {{.*}}, %[[TOP:[a-z0-9_]+]] = {{.*}}, %[[KEYS:[a-z0-9_]+]] =
  // CHECK: %[[BEST:.*]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
  // CHECK-SAME: ins(%[[W]], %[[LAST]], %[[LASTKEY]] : {{.*}} outs(%[[FLOOR]], %[[NONE]] :
  // CHECK: %[[J:.*]] = linalg.index 1
  // Of full rank, so that nothing has to find out which dimensions are dropped.
  // CHECK: %[[W:.*]] = tensor.expand_shape %[[BEST]]#0 {{.*}} into tensor<?x1xf32>
  // CHECK: tensor.insert_slice %[[W]] into %[[TOP]]
  // CHECK: %[[K:.*]] = tensor.expand_shape %[[BEST]]#1 {{.*}} into tensor<?x1xi32>
  // CHECK: tensor.insert_slice %[[K]] into %[[KEYS]]
  %0:2 = attention.top_k %w k(3) : tensor<?x6xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return %0#0, %0#1 : tensor<?x3xf32>, tensor<?x3xi32>
}

// -----

// Nothing to search for: without rows there are no lists.
// CHECK-LABEL: func @no_rows(
func.func @no_rows(%w: tensor<2x0x6xf32>) -> (tensor<2x0x3xf32>, tensor<2x0x3xi32>) {
  // CHECK-NOT: scf.for
  // CHECK-NOT: tensor.insert_slice
  // CHECK: return %{{.*}}, %{{.*}} : tensor<2x0x3xf32>, tensor<2x0x3xi32>
  %0:2 = attention.top_k %w k(3) : tensor<2x0x6xf32> -> tensor<2x0x3xf32>, tensor<2x0x3xi32>
  return %0#0, %0#1 : tensor<2x0x3xf32>, tensor<2x0x3xi32>
}

// -----

// CHECK-LABEL: func @entropy(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: tensor<2x?x6xf64>
func.func @entropy(%w: tensor<2x?x6xf64>) -> tensor<2x?xf64> {
  // CHECK: %[[INIT:.*]] = linalg.fill ins(%{{.*}} : f64)
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[W]] : {{.*}} outs(%[[INIT]] :
  // CHECK: ^bb0(%[[X:.*]]: f64, %[[SUM:.*]]: f64):
  // CHECK: %[[LOG:.*]] = math.log %[[X]]
  // CHECK: %[[NEGATIVE:.*]] = arith.negf %[[X]]
  // CHECK: %[[PRODUCT:.*]] = arith.mulf %[[NEGATIVE]], %[[LOG]]
  // CHECK: %[[ZERO:.*]] = arith.cmpf oeq, %[[X]]
  // CHECK: %[[TERM:.*]] = arith.select %[[ZERO]], %{{.*}}, %[[PRODUCT]]
  // CHECK: arith.addf %[[SUM]], %[[TERM]]
  %h = attention.entropy %w : tensor<2x?x6xf64> -> tensor<2x?xf64>
  return %h : tensor<2x?xf64>
}

// -----

// CHECK-LABEL: func @column_mass(
// CHECK-SAME: %[[W:[a-z0-9_]+]]: tensor<2x?x6xf32>
func.func @column_mass(%w: tensor<2x?x6xf32>) -> tensor<2x6xf32> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]} ins(%[[W]] :
  // CHECK: ^bb0(%[[X:.*]]: f32, %[[SUM:.*]]: f32):
  // CHECK: arith.addf %[[SUM]], %[[X]]
  %m = attention.column_mass %w : tensor<2x?x6xf32> -> tensor<2x6xf32>
  return %m : tensor<2x6xf32>
}
