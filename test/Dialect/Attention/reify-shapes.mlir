// Extents of results are those of operands, or static.
// RUN: attention-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse | FileCheck %s

// Batch and query extents come from the queries, also where keys broadcast; the
// number of keys from the keys.
// CHECK-LABEL: func @scores(
// CHECK-SAME: %[[Q:.*]]: tensor<?x?x16xf32>, %[[K:.*]]: tensor<?x?x16xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %[[C0]]
// CHECK-DAG: %[[NQ:.*]] = tensor.dim %[[Q]], %[[C1]]
// CHECK-DAG: %[[NK:.*]] = tensor.dim %[[K]], %[[C1]]
// CHECK: return %[[B]], %[[NQ]], %[[NK]]
func.func @scores(%q: tensor<?x?x16xf32>, %k: tensor<?x?x16xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %s = attention.dot_score %q, %k : tensor<?x?x16xf32>, tensor<?x?x16xf32> -> tensor<?x?x?xf32>
  %b = tensor.dim %s, %c0 : tensor<?x?x?xf32>
  %i = tensor.dim %s, %c1 : tensor<?x?x?xf32>
  %j = tensor.dim %s, %c2 : tensor<?x?x?xf32>
  return %b, %i, %j : index, index, index
}

// The other score functions alike.
// CHECK-LABEL: func @other_scores(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<4x?xf32>, %[[K:[^:]*]]: tensor<?x?xf32>
// CHECK-NOT: attention
// CHECK: %[[NK:.*]] = tensor.dim %[[K]], %{{.*}}
// CHECK: return %[[NK]], %[[NK]], %[[NK]]
func.func @other_scores(%q: tensor<4x?xf32>, %k: tensor<?x?xf32>, %w: tensor<?x?xf32>, %wq: tensor<?x?xf32>,
                        %wk: tensor<?x?xf32>, %v: tensor<?xf32>) -> (index, index, index) {
  %c1 = arith.constant 1 : index
  %b = attention.bilinear_score %q, %k, %w : tensor<4x?xf32>, tensor<?x?xf32>, tensor<?x?xf32> -> tensor<4x?xf32>
  %a = attention.additive_score %q, %k, %wq, %wk, %v
     : tensor<4x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32> -> tensor<4x?xf32>
  %s = attention.score %q, %k combine (%x: f32, %y: f32) {
    attention.yield %x : f32
  } : tensor<4x?xf32>, tensor<?x?xf32> -> tensor<4x?xf32>
  %0 = tensor.dim %b, %c1 : tensor<4x?xf32>
  %1 = tensor.dim %a, %c1 : tensor<4x?xf32>
  %2 = tensor.dim %s, %c1 : tensor<4x?xf32>
  return %0, %1, %2 : index, index, index
}

// Through masks, modifiers and the softmax, to the scores; the log-sum-exp too.
// CHECK-LABEL: func @through(
// CHECK-SAME: %[[S:.*]]: tensor<?x4x?xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-NOT: attention
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[S]], %[[C0]]
// CHECK-DAG: %[[J:.*]] = tensor.dim %[[S]], %[[C2]]
// CHECK: return %[[B]], %[[J]], %[[B]]
func.func @through(%s: tensor<?x4x?xf32>, %keep: tensor<?x1x?xi1>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %m = attention.mask_scores %s keep(%keep : tensor<?x1x?xi1>) : tensor<?x4x?xf32>
  %n = attention.modify_scores %m (%x: f32, %h: index, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<?x4x?xf32>
  %w, %l = attention.softmax %n : tensor<?x4x?xf32>, tensor<?x4xf32>
  %0 = tensor.dim %w, %c0 : tensor<?x4x?xf32>
  %1 = tensor.dim %w, %c2 : tensor<?x4x?xf32>
  %2 = tensor.dim %l, %c0 : tensor<?x4xf32>
  return %0, %1, %2 : index, index, index
}

// Batch and query extents of a context come from the weights, d_v from the values.
// CHECK-LABEL: func @context(
// CHECK-SAME: %[[W:.*]]: tensor<?x?x6xf32>, %[[V:.*]]: tensor<1x6x?xf32>
// CHECK-NOT: attention
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[W]], %c0
// CHECK-DAG: %[[I:.*]] = tensor.dim %[[W]], %c1
// CHECK-DAG: %[[E:.*]] = tensor.dim %[[V]], %c2
// CHECK: return %[[B]], %[[I]], %[[E]]
func.func @context(%w: tensor<?x?x6xf32>, %v: tensor<1x6x?xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %o = attention.context %w, %v : tensor<?x?x6xf32>, tensor<1x6x?xf32> -> tensor<?x?x?xf16>
  %0 = tensor.dim %o, %c0 : tensor<?x?x?xf16>
  %1 = tensor.dim %o, %c1 : tensor<?x?x?xf16>
  %2 = tensor.dim %o, %c2 : tensor<?x?x?xf16>
  return %0, %1, %2 : index, index, index
}

// An extent that only the result's type states is not asked for at run time.
// CHECK-LABEL: func @static_result(
// CHECK: %[[C:.*]] = arith.constant 4 : index
// CHECK: return %[[C]]
func.func @static_result(%q: tensor<?x16xf32>, %k: tensor<6x16xf32>) -> index {
  %c0 = arith.constant 0 : index
  %s = attention.dot_score %q, %k : tensor<?x16xf32>, tensor<6x16xf32> -> tensor<4x6xf32>
  %i = tensor.dim %s, %c0 : tensor<4x6xf32>
  return %i : index
}
