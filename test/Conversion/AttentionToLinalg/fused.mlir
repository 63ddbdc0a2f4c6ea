// attention.fused becomes the graph-level operations it stands for, and those
// linalg: which come out, and what an origin does to them.
// RUN: attention-opt %s -transform-interpreter -split-input-file | FileCheck %s
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file | FileCheck %s --check-prefix=LINALG

// LINALG: func.func @grouped
// LINALG-NOT: attention.
// LINALG: linalg.generic
// LINALG-NOT: attention.
// LINALG: return

// CHECK-DAG: #[[$MOVED:.*]] = affine_set<(d0, d1, d2)[s0, s1, s2, s3] : (-(d2 + s3) + s0 - 1 >= 0)>
// CHECK-DAG: #[[$QUERY:.*]] = affine_map<(d0, d1, d2) -> (d1, d0, d2)>
// CHECK-DAG: #[[$HEADS:.*]] = affine_map<(d0, d1, d2) -> (d0 floordiv 2, d1, d2)>

// CHECK-LABEL: func @grouped(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<5x4x6xf32>, %[[K:[a-z0-9]+]]: tensor<2x7x6xf32>, %[[V:[a-z0-9]+]]: tensor<4x7x3xf32>, %[[N:[a-z0-9]+]]: tensor<8xi32>, %[[BIAS:[a-z0-9]+]]: tensor<9x12xf16>, %[[SCALE:[a-z0-9]+]]: f32, %[[H:[a-z0-9]+]]: index, %[[I:[a-z0-9]+]]: index, %[[J:[a-z0-9]+]]: index, %[[O:[a-z0-9]+]]: tensor<5x4x3xbf16>
// CHECK: %[[Q1:.*]] = linalg.generic {indexing_maps = [#[[$QUERY]], #{{.*}}], {{.*}} ins(%[[Q]] :
// CHECK: %[[K1:.*]] = linalg.generic {indexing_maps = [#[[$HEADS]], #{{.*}}], {{.*}} ins(%[[K]] :
// CHECK: %[[S0:.*]] = attention.dot_score %[[Q1]], %[[K1]] scale(%[[SCALE]] : f32) : tensor<4x5x6xf32>, tensor<4x7x6xf32> -> tensor<4x5x7xf32>
// CHECK: %[[N1:.*]] = tensor.extract_slice %[[N]][%[[H]]] [4] [1]
// CHECK: %[[S1:.*]] = attention.mask_scores %[[S0]] sets(#[[$MOVED]][%[[N1]] : tensor<4xi32>, %[[H]] : index, %[[I]] : index, %[[J]] : index])
// CHECK: %[[S2:.*]] = attention.modify_scores %[[S1]] (%[[X:.*]]: f32, %[[B:.*]]: index, %[[IL:.*]]: index, %[[JL:.*]]: index) {
// CHECK: %[[IG:.*]] = arith.addi %[[IL]], %[[I]] : index
// CHECK: %[[JG:.*]] = arith.addi %[[JL]], %[[J]] : index
// CHECK: tensor.extract %[[BIAS]][%[[IG]], %[[JG]]]
// CHECK: arith.extf
// CHECK: arith.addf %[[X]]
// CHECK: %[[W:.*]] = attention.softmax %[[S2]]
// CHECK: %[[C:.*]] = attention.context %[[W]], %[[V]] : tensor<4x5x7xf32>, tensor<4x7x3xf32> -> tensor<4x5x3xbf16>
// CHECK: linalg.generic {{.*}} ins(%[[C]] : tensor<4x5x3xbf16>) outs(%[[O]] : tensor<5x4x3xbf16>)
#query = affine_map<(h, i, j, d, e) -> (i, h, d)>
#key = affine_map<(h, i, j, d, e) -> (h floordiv 2, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#context = affine_map<(h, i, j, d, e) -> (i, h, e)>
#length = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>
module attributes {transform.with_named_sequence} {
  func.func @grouped(%q: tensor<5x4x6xf32>, %k: tensor<2x7x6xf32>, %v: tensor<4x7x3xf32>,
                     %n: tensor<8xi32>, %bias: tensor<9x12xf16>, %scale: f32,
                     %h: index, %i: index, %j: index, %o: tensor<5x4x3xbf16>) -> tensor<5x4x3xbf16> {
    %0 = attention.fused query(%q : tensor<5x4x6xf32> by #query) key(%k : tensor<2x7x6xf32> by #key)
        value(%v : tensor<4x7x3xf32> by #value) scale(%scale : f32)
        changes(sets(#length[%n : tensor<8xi32>]),
                bias(%bias : tensor<9x12xf16> by affine_map<(h, i, j) -> (i, j)>))
        normaliser(#attention.softmax) origin(%h, %i, %j)
        outs(%o : tensor<5x4x3xbf16> by [#context])
    return %0 : tensor<5x4x3xbf16>
  }
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %fused = transform.structured.match ops{["attention.fused"]} in %module
      : (!transform.any_op) -> !transform.any_op
    transform.structured.decompose_interface %fused : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
