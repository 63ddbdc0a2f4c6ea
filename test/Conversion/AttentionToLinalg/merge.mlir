// States of parts become linalg: the pivot, the factors, the accumulators, the
// sums. The old pivot is read before its buffer gets the new one.
// RUN: attention-test-opt %s -convert-attention-to-linalg | FileCheck %s

// CHECK-LABEL: func @merge(
// CHECK-SAME: %[[ACCS:.*]]: tensor<?x3x8xf32>, %[[MAXIMA:.*]]: tensor<?x8xf32>, %[[SUMS:.*]]: tensor<?x8xf32>, %[[ACC:.*]]: tensor<3x8xf32>, %[[MAX:.*]]: tensor<8xf32>, %[[SUM:.*]]: tensor<8xf32>
// CHECK: %[[PIVOT:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[MAXIMA]] : {{.*}} outs(%[[MAX]]
// CHECK: %[[F:.*]] = linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%[[MAX]], %[[PIVOT]]
// CHECK: %[[FS:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[MAXIMA]], %[[PIVOT]]
// CHECK: %[[RESCALED:.*]] = linalg.generic {{.*}} ins(%[[F]] : {{.*}} outs(%[[ACC]]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[ACCS]], %[[FS]] : {{.*}} outs(%[[RESCALED]]
// CHECK: arith.cmpf oeq
// CHECK: arith.select
// CHECK: linalg.copy ins(%[[PIVOT]] : tensor<8xf32>) outs(%[[MAX]] : tensor<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[F]] : {{.*}} outs(%[[SUM]]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[FS]], %[[SUMS]]
// CHECK-NOT: attention.
func.func @merge(%accs: tensor<?x3x8xf32>, %maxima: tensor<?x8xf32>, %sums: tensor<?x8xf32>,
                 %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>)
    -> (tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %0:3 = attention.merge %accs state(%maxima, %sums : tensor<?x8xf32>, tensor<?x8xf32>)
      normaliser(#attention.softmax) : tensor<?x3x8xf32>
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %0#0, %0#1, %0#2 : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @stateless(
// CHECK-SAME: %[[ACCS:.*]]: tensor<4x3x8xf64>, %[[ACC:.*]]: tensor<3x8xf64>
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[ACCS]] : tensor<4x3x8xf64>) outs(%[[ACC]]
// CHECK: arith.addf
// CHECK-NOT: attention.
func.func @stateless(%accs: tensor<4x3x8xf64>, %acc: tensor<3x8xf64>) -> tensor<3x8xf64> {
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<4x3x8xf64>
      outs(%acc : tensor<3x8xf64>)
  return %0 : tensor<3x8xf64>
}
