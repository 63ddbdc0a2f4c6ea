// Weights of a block become linalg: the scores and their changes as online's, then
// a weight a pair from the final state, 0 where it is absent, or their sums.
// RUN: attention-test-opt %s -convert-attention-to-linalg | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>
#columns = affine_map<(r, c) -> (c, r)>

// CHECK-DAG: #[[$COLUMNS:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func @weights(
// CHECK-SAME: %[[I0:[a-z0-9]+]]: index, %[[J0:[a-z0-9]+]]: index, %[[LIVE:[a-z0-9]+]]: index, %[[FIRST:[a-z0-9]+]]: index, %{{.*}}: tensor<4x8xf32>, %[[K:[a-z0-9]+]]: tensor<?x4xf32>, %[[MAX:[a-z0-9]+]]: tensor<8xf32>, %[[SUM:[a-z0-9]+]]: tensor<8xf32>, %[[W:[a-z0-9]+]]: tensor<?x?xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: %[[S:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.cmpi ult, %{{.*}}, %[[LIVE]]
// CHECK: %[[N:.*]] = tensor.dim %[[K]], %c0
// CHECK: %[[B:.*]] = tensor.extract_slice %[[W]][%[[FIRST]], 0] [%[[N]], %{{.*}}]
// CHECK: %[[C:.*]] = linalg.generic {indexing_maps = [#[[$COLUMNS]]], iterator_types = ["parallel", "parallel"]} outs(%[[B]] : tensor<?x?xf32>)
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: %[[X:.*]] = tensor.extract %[[S]][%[[J]], %[[I]]]
// CHECK: tensor.extract %[[MAX]][%[[I]]]
// CHECK: %[[L:.*]] = tensor.extract %[[SUM]][%[[I]]]
// CHECK: arith.divf %{{.*}}, %[[L]]
// CHECK: %[[P:.*]] = arith.mulf
// CHECK: %[[IS:.*]] = arith.cmpf une, %[[X]]
// CHECK: arith.select %[[IS]], %[[P]], %{{.*}}
// CHECK: %[[R:.*]] = tensor.insert_slice %[[C]] into %[[W]][%[[FIRST]], 0] [%[[N]], %{{.*}}]
// CHECK: return %[[R]]
// CHECK-NOT: attention.
func.func @weights(%i: index, %j: index, %live: index, %first: index, %t: tensor<4x8xf32>, %k: tensor<?x4xf32>,
                   %max: tensor<8xf32>, %sum: tensor<8xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      changes(sets(affine_set<(i, j) : (i - j >= 0)>)) normaliser(#attention.softmax)
      state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %j) live(%live) first(%first) outs(%w : tensor<?x?xf32> by #columns)
  return %0 : tensor<?x?xf32>
}

// Without a state there is no factor.
// CHECK-LABEL: func @stateless(
// CHECK-NOT: arith.divf
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 2] [5, 7] [1, 1] : tensor<5x7xf64> into tensor<5x9xf64>
// CHECK-NOT: attention.
func.func @stateless(%i: index, %t: tensor<4x8xf64>, %k: tensor<7x4xf64>, %w: tensor<5x9xf64>) -> tensor<5x9xf64> {
  %first = arith.constant 2 : index
  %0 = attention.weights query(%t : tensor<4x8xf64>) key(%k : tensor<7x4xf64> by #rows)
      normaliser(#attention.as_weights) origin(%i, %i) live(%i) first(%first)
      outs(%w : tensor<5x9xf64> by #rows)
  return %0 : tensor<5x9xf64>
}

// Lanes without a query add nothing.
// CHECK-LABEL: func @mass(
// CHECK-SAME: %[[I0:[a-z0-9]+]]: index, %[[LIVE:[a-z0-9]+]]: index, %[[FIRST:[a-z0-9]+]]: index, {{.*}}, %[[M:[a-z0-9]+]]: tensor<?xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: %[[B:.*]] = tensor.extract_slice %[[M]][%[[FIRST]]] [%{{.*}}] [1]
// CHECK: %[[C:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%{{.*}} : tensor<?x8xf32>) outs(%[[B]] : tensor<?xf32>)
// CHECK: ^bb0(%[[S:.*]]: f32, %[[SUM:.*]]: f32):
// CHECK: %[[I:.*]] = linalg.index 1
// CHECK: %[[HOLDS:.*]] = arith.cmpi ult, %[[I]], %[[LIVE]]
// CHECK: scf.if %[[HOLDS]]
// CHECK: %[[LIVE:.*]] = arith.cmpf une, %[[S]]
// CHECK: %[[W:.*]] = arith.select %[[LIVE]]
// CHECK: %[[NEXT:.*]] = arith.addf %[[SUM]], %[[W]]
// CHECK: scf.yield %[[NEXT]]
// CHECK: } else {
// CHECK: scf.yield %[[SUM]]
// CHECK: tensor.insert_slice %[[C]] into %[[M]][%[[FIRST]]]
// CHECK-NOT: attention.
func.func @mass(%i: index, %live: index, %first: index, %t: tensor<4x8xf32>, %k: tensor<?x4xf32>,
                %max: tensor<8xf32>, %sum: tensor<8xf32>, %m: tensor<?xf32>) -> tensor<?xf32> {
  %0 = attention.mass query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%live) first(%first) outs(%m : tensor<?xf32>)
  return %0 : tensor<?xf32>
}
