// Named scores become attention.score; bilinear on the cheaper side; additive's
// key projection leaves a decoder's loop.
// RUN: attention-opt %s -attention-generalize-scores -split-input-file | FileCheck %s
// RUN: attention-opt %s -attention-generalize-scores -loop-invariant-code-motion -split-input-file | FileCheck %s --check-prefix=LICM
// RUN: attention-opt %s -attention-generalize-scores -split-input-file --remarks-filter='attention.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: func @dot
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<4x8xf32>, %[[K:[a-z0-9_]+]]: tensor<6x8xf16>)
func.func @dot(%q: tensor<4x8xf32>, %k: tensor<6x8xf16>) -> tensor<4x6xf32> {
  // CHECK: %[[S:[a-z0-9_]+]] = attention.score %[[Q]], %[[K]] combine (%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32) {
  // CHECK-NEXT: %[[P:[a-z0-9_]+]] = arith.mulf %[[A]], %[[B]] : f32
  // CHECK-NEXT: attention.yield %[[P]] : f32
  // CHECK-NOT: attention.modify_scores
  // CHECK: return %[[S]]
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf16> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @scaled_dot
func.func @scaled_dot(%q: tensor<4x16xf32>, %k: tensor<6x16xf32>) -> tensor<4x6xf32> {
  // CHECK-DAG: %[[C:[a-z0-9_]+]] = arith.constant 2.500000e-01 : f32
  // CHECK: %[[S:[a-z0-9_]+]] = attention.score
  // CHECK: attention.modify_scores %[[S]] (%[[X:[a-z0-9_]+]]: f32, %{{.*}}: index, %{{.*}}: index) {
  // CHECK-NEXT: arith.mulf %[[X]], %[[C]] : f32
  %s = attention.dot_score %q, %k scaled : tensor<4x16xf32>, tensor<6x16xf32> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// Without features the sum is 0 whatever the scale, so the scale is 0: no 0 · ∞.
// CHECK-LABEL: func @no_features
func.func @no_features(%q: tensor<4x0xf32>, %k: tensor<6x0xf32>, %c: f32) -> tensor<4x6xf32> {
  // CHECK: %[[ZERO:[a-z0-9_]+]] = arith.constant 0.000000e+00 : f32
  // CHECK: attention.modify_scores
  // CHECK-NEXT: arith.mulf %{{.*}}, %[[ZERO]]
  %s = attention.dot_score %q, %k scale(%c : f32) : tensor<4x0xf32>, tensor<6x0xf32> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @dynamic_features
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x?xf64>
func.func @dynamic_features(%q: tensor<?x?xf64>, %k: tensor<?x?xf64>) -> tensor<?x?xf64> {
  // CHECK: %[[D:[a-z0-9_]+]] = tensor.dim %[[Q]], %{{.*}} : tensor<?x?xf64>
  // CHECK: %[[ROOT:[a-z0-9_]+]] = math.sqrt %{{.*}} : f64
  // CHECK: %[[SCALE:[a-z0-9_]+]] = arith.divf %{{.*}}, %[[ROOT]] : f64
  // CHECK: %[[EMPTY:[a-z0-9_]+]] = arith.cmpi eq, %[[D]], %{{.*}} : index
  // CHECK: arith.select %[[EMPTY]], %{{.*}}, %[[SCALE]] : f64
  %s = attention.dot_score %q, %k scaled : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
  return %s : tensor<?x?xf64>
}

// -----

// d_k < d_q, so the queries are projected: 4·8·3 + 4·6·3 < 6·8·3 + 4·6·8.
// CHECK-LABEL: func @bilinear_query
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<4x8xf32>, %[[K:[a-z0-9_]+]]: tensor<6x3xf32>, %[[W:[a-z0-9_]+]]: tensor<8x3xf32>)
func.func @bilinear_query(%q: tensor<4x8xf32>, %k: tensor<6x3xf32>, %w: tensor<8x3xf32>) -> tensor<4x6xf32> {
  // CHECK: %[[P:[a-z0-9_]+]] = linalg.matmul ins(%[[Q]], %[[W]] : tensor<4x8xf32>, tensor<8x3xf32>) outs(%{{.*}} : tensor<4x3xf32>)
  // CHECK: attention.score %[[P]], %[[K]] combine
  // REMARK: remark: [Passed] Projected | Category:attention-generalize-scores | Remark="bilinear weight applied to the queries"
  %s = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x3xf32>, tensor<8x3xf32> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// Few keys of many features: the keys are projected, by Wᵀ.
// CHECK: #[[$X:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK: #[[$WT:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func @bilinear_key
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x3xf32>, %[[K:[a-z0-9_]+]]: tensor<?x8xf32>, %[[W:[a-z0-9_]+]]: tensor<3x8xf16>)
func.func @bilinear_key(%q: tensor<?x3xf32>, %k: tensor<?x8xf32>, %w: tensor<3x8xf16>) -> tensor<?x?xf32> {
  // CHECK: %[[P:[a-z0-9_]+]] = linalg.matmul indexing_maps = [#[[$X]], #[[$WT]], #{{.*}}] ins(%[[K]], %[[W]] : tensor<?x8xf32>, tensor<3x8xf16>) outs(%{{.*}} : tensor<?x3xf32>)
  // CHECK: attention.score %[[Q]], %[[P]] combine
  // REMARK: bilinear weight applied to the keys
  %s = attention.bilinear_score %q, %k, %w : tensor<?x3xf32>, tensor<?x8xf32>, tensor<3x8xf16> -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

// -----

// One matmul whatever the batch rank.
// CHECK-LABEL: func @batched
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<2x?x4x8xf32>
func.func @batched(%q: tensor<2x?x4x8xf32>, %k: tensor<2x?x6x3xf32>, %w: tensor<8x3xf32>) -> tensor<2x?x4x6xf32> {
  // CHECK: %[[FLAT:[a-z0-9_]+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0, 1, 2], [3]] : tensor<2x?x4x8xf32> into tensor<?x8xf32>
  // CHECK: %[[P:[a-z0-9_]+]] = linalg.matmul ins(%[[FLAT]]
  // CHECK: tensor.expand_shape %[[P]] {{\[\[}}0, 1, 2], [3]] output_shape [2, %{{.*}}, 4, 3] : tensor<?x3xf32> into tensor<2x?x4x3xf32>
  %s = attention.bilinear_score %q, %k, %w : tensor<2x?x4x8xf32>, tensor<2x?x6x3xf32>, tensor<8x3xf32> -> tensor<2x?x4x6xf32>
  return %s : tensor<2x?x4x6xf32>
}

// -----

// CHECK-LABEL: func @additive_decoder
// LICM-LABEL: func @additive_decoder
// LICM-SAME: (%[[H:[a-z0-9_]+]]: tensor<?x128xf32>, %{{.*}}: tensor<1x160xf32>, %[[WQ:[a-z0-9_]+]]: tensor<64x160xf32>, %[[WK:[a-z0-9_]+]]: tensor<64x128xf32>, %[[V:[a-z0-9_]+]]: tensor<64xf32>, %[[B:[a-z0-9_]+]]: tensor<64xf32>
func.func @additive_decoder(%h: tensor<?x128xf32>, %s0: tensor<1x160xf32>, %wq: tensor<64x160xf32>, %wk: tensor<64x128xf32>, %v: tensor<64xf32>, %b: tensor<64xf32>, %n: index) -> tensor<1x160xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK: linalg.broadcast ins(%{{.*}} : tensor<64xf32>)
  // CHECK: linalg.matmul
  // CHECK: linalg.matmul
  // LICM: linalg.broadcast ins(%[[B]] : tensor<64xf32>)
  // LICM: %[[KEYS:[a-z0-9_]+]] = linalg.matmul {{.*}} ins(%[[H]], %[[WK]] :
  // LICM: scf.for {{.*}} iter_args(%[[STATE:[a-z0-9_]+]] =
  // LICM-NOT: linalg.matmul {{.*}}%[[WK]]
  // LICM: %[[QUERY:[a-z0-9_]+]] = linalg.matmul {{.*}} ins(%[[STATE]], %[[WQ]] :
  // LICM: attention.score %[[QUERY]], %[[KEYS]] params(%[[V]]) combine (%[[X:[a-z0-9_]+]]: f32, %[[Y:[a-z0-9_]+]]: f32, %[[P:[a-z0-9_]+]]: f32) {
  // LICM-NEXT: %[[SUM:[a-z0-9_]+]] = arith.addf %[[X]], %[[Y]] : f32
  // LICM-NEXT: %[[T:[a-z0-9_]+]] = math.tanh %[[SUM]] : f32
  // LICM-NEXT: arith.mulf %[[P]], %[[T]] : f32
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%s = %s0) -> tensor<1x160xf32> {
    %e = attention.additive_score %s, %h, %wq, %wk, %v bias(%b : tensor<64xf32>) : tensor<1x160xf32>, tensor<?x128xf32>, tensor<64x160xf32>, tensor<64x128xf32>, tensor<64xf32> -> tensor<1x?xf32>
    %w = attention.softmax %e : tensor<1x?xf32>
    %o = attention.context %w, %h : tensor<1x?xf32>, tensor<?x128xf32> -> tensor<1x128xf32>
    %z = tensor.insert_slice %o into %s[0, 0] [1, 128] [1, 1] : tensor<1x128xf32> into tensor<1x160xf32>
    scf.yield %z : tensor<1x160xf32>
  }
  return %r : tensor<1x160xf32>
}

// -----

// The general score stays as it is.
// CHECK-LABEL: func @general
func.func @general(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x6xf32> {
  // CHECK-NEXT: attention.score %{{.*}}, %{{.*}} combine
  // CHECK-NEXT: arith.subf
  // CHECK-NEXT: attention.yield
  %s = attention.score %q, %k combine (%a: f32, %b: f32) {
    %d = arith.subf %a, %b : f32
    attention.yield %d : f32
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// Without rows there is nothing to project.
// CHECK-LABEL: func @no_rows
func.func @no_rows(%q: tensor<1x0x?x8xf32>, %k: tensor<1x0x6x7xf32>, %wq: tensor<5x8xf32>, %wk: tensor<5x7xf32>, %v: tensor<5xf32>) -> tensor<1x0x?x6xf32> {
  // CHECK-NOT: tensor.collapse_shape
  // CHECK-NOT: linalg.matmul
  // CHECK: attention.score %{{.*}}, %{{.*}} params(%{{.*}}) combine
  // CHECK: tensor<1x0x?x5xf32>, tensor<1x0x6x5xf32>, tensor<5xf32> -> tensor<1x0x?x6xf32>
  %s = attention.additive_score %q, %k, %wq, %wk, %v : tensor<1x0x?x8xf32>, tensor<1x0x6x7xf32>, tensor<5x8xf32>, tensor<5x7xf32>, tensor<5xf32> -> tensor<1x0x?x6xf32>
  return %s : tensor<1x0x?x6xf32>
}
