// Scores become sums over the features; batch dimensions and heads become maps.
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file | FileCheck %s

// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$P:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$S:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func @general
func.func @general(%q: tensor<4x8xf32>, %k: tensor<6x8xbf16>, %w: tensor<8xf16>) -> tensor<4x6xf32> {
  // CHECK: linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<4x6xf32>)
  // CHECK: linalg.generic {indexing_maps = [#[[$Q]], #[[$K]], #[[$P]], #[[$S]]], iterator_types = ["parallel", "parallel", "reduction"]}
  // CHECK: ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: bf16, %[[C:[a-z0-9_]+]]: f16, %[[ACC:[a-z0-9_]+]]: f32):
  // CHECK: %[[BX:[a-z0-9_]+]] = arith.extf %[[B]] : bf16 to f32
  // CHECK: %[[CX:[a-z0-9_]+]] = arith.extf %[[C]] : f16 to f32
  // CHECK: %[[D:[a-z0-9_]+]] = arith.subf %[[A]], %[[BX]] : f32
  // CHECK: %[[T:[a-z0-9_]+]] = arith.mulf %[[CX]], %[[D]] : f32
  // CHECK: %[[N:[a-z0-9_]+]] = arith.addf %[[ACC]], %[[T]] : f32
  // CHECK: linalg.yield %[[N]] : f32
  %s = attention.score %q, %k params(%w) combine (%a: f32, %b: f32, %c: f32) {
    %d = arith.subf %a, %b : f32
    %t = arith.mulf %c, %d : f32
    attention.yield %t : f32
  } : tensor<4x8xf32>, tensor<6x8xbf16>, tensor<8xf16> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// Four query heads to a key head; keys shared by the whole batch.
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (0, d1 floordiv 4, d3, d4)>
// CHECK-LABEL: func @grouped_heads
func.func @grouped_heads(%q: tensor<3x8x5x16xf32>, %k: tensor<1x2x7x16xf32>) -> tensor<3x8x5x7xf32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$K]], #{{.*}}]
  %s = attention.dot_score %q, %k : tensor<3x8x5x16xf32>, tensor<1x2x7x16xf32> -> tensor<3x8x5x7xf32>
  return %s : tensor<3x8x5x7xf32>
}

// -----

// Heads that only run time knows are repeated where there are fewer, by a group
// size that is never 0.
// CHECK-LABEL: func @dynamic_heads
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x?x?x16xf32>, %[[K:[a-z0-9_]+]]: tensor<?x?x?x16xf32>)
func.func @dynamic_heads(%q: tensor<?x?x?x16xf32>, %k: tensor<?x?x?x16xf32>) -> tensor<?x?x?x?xf32> {
  // CHECK-DAG: %[[H:[a-z0-9_]+]] = tensor.dim %[[Q]], %c1
  // CHECK-DAG: %[[HKV:[a-z0-9_]+]] = tensor.dim %[[K]], %c1
  // CHECK: %[[SAME:[a-z0-9_]+]] = arith.cmpi eq, %[[H]], %[[HKV]]
  // CHECK: %[[REPEATED:[a-z0-9_]+]] = scf.if %[[SAME]]
  // CHECK: scf.yield %[[K]] :
  // CHECK: %[[SAFE:[a-z0-9_]+]] = arith.maxsi %[[HKV]], %{{.*}} : index
  // CHECK: %[[RATIO:[a-z0-9_]+]] = arith.divui %{{.*}}, %[[SAFE]] : index
  // CHECK: %[[GROUP:[a-z0-9_]+]] = arith.maxsi %[[RATIO]], %{{.*}} : index
  // CHECK: linalg.generic
  // CHECK: %[[HEAD:[a-z0-9_]+]] = linalg.index 1
  // CHECK: %[[KV:[a-z0-9_]+]] = arith.divui %[[HEAD]], %[[GROUP]] : index
  // CHECK: tensor.extract %[[K]][%{{.*}}, %[[KV]], %{{.*}}, %{{.*}}]
  // CHECK: linalg.generic {{.*}} ins(%[[Q]], %[[REPEATED]] :
  %s = attention.dot_score %q, %k : tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32> -> tensor<?x?x?x?xf32>
  return %s : tensor<?x?x?x?xf32>
}

// -----

// f64 asked for: 16-bit elements are extended in two steps.
// CHECK-LABEL: func @f64
func.func @f64(%q: tensor<4x8xf16>, %k: tensor<6x8xf64>) -> tensor<4x6xf64> {
  // CHECK: %[[A:[a-z0-9_]+]] = arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.extf %[[A]] : f32 to f64
  %s = attention.dot_score %q, %k : tensor<4x8xf16>, tensor<6x8xf64> -> tensor<4x6xf64>
  return %s : tensor<4x6xf64>
}
