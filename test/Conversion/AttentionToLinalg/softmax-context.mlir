// The softmax is a reduction of its state and an elementwise pass; the context
// leaves out values of weight 0 and rounds once.
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @softmax
// CHECK-SAME: (%[[S:[a-z0-9_]+]]: tensor<2x4x?xf32>, %[[SINKS:[a-z0-9_]+]]: tensor<2xf32>)
func.func @softmax(%s: tensor<2x4x?xf32>, %sinks: tensor<2xf32>) -> (tensor<2x4x?xf32>, tensor<2x4xf32>) {
  // CHECK: %[[INIT:[a-z0-9_]+]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} ins(%[[SINKS]] :
  // CHECK: %[[STATE:[a-z0-9_]+]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[S]] : tensor<2x4x?xf32>) outs(%[[INIT]]#0, %[[INIT]]#1 :
  // CHECK: arith.maximumf
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[S]], %[[STATE]]#0, %[[STATE]]#1 :
  // CHECK: arith.divf
  // CHECK: arith.cmpf oeq
  // CHECK: arith.select
  // CHECK: linalg.generic {{.*}} ins(%[[STATE]]#0, %[[STATE]]#1 :
  // CHECK: math.log
  %w, %lse = attention.softmax %s sinks(%sinks : tensor<2xf32>) : tensor<2x4x?xf32>, tensor<2x4xf32>
  return %w, %lse : tensor<2x4x?xf32>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: func @context
func.func @context(%w: tensor<4x6xf32>, %v: tensor<6x3xbf16>) -> tensor<4x3xbf16> {
  // CHECK: %[[SUM:[a-z0-9_]+]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
  // CHECK: ^bb0(%[[W:[a-z0-9_]+]]: f32, %[[V:[a-z0-9_]+]]: bf16, %[[ACC:[a-z0-9_]+]]: f32):
  // CHECK: %[[NEXT:[a-z0-9_]+]] = arith.addf %[[ACC]], %{{.*}} : f32
  // CHECK: %[[ZERO:[a-z0-9_]+]] = arith.cmpf oeq, %[[W]], %{{.*}} : f32
  // CHECK: arith.select %[[ZERO]], %[[ACC]], %[[NEXT]] : f32
  // CHECK: linalg.generic {{.*}} ins(%[[SUM]] : tensor<4x3xf32>)
  // CHECK: arith.truncf %{{.*}} : f32 to bf16
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x3xbf16> -> tensor<4x3xbf16>
  return %o : tensor<4x3xbf16>
}

// -----

// f64 to 16 bits by way of f32 rounds to odd first, so that the result is
// rounded once.
// CHECK-LABEL: func @rounded_once
func.func @rounded_once(%w: tensor<4x6xf64>, %v: tensor<6x3xf64>) -> tensor<4x3xf16> {
  // CHECK: %[[NEAREST:[a-z0-9_]+]] = arith.truncf %{{.*}} : f64 to f32
  // CHECK: arith.ori
  // CHECK: %[[ODD:[a-z0-9_]+]] = arith.select %{{.*}}, %{{.*}}, %[[NEAREST]] : f32
  // CHECK: arith.truncf %[[ODD]] : f32 to f16
  %o = attention.context %w, %v : tensor<4x6xf64>, tensor<6x3xf64> -> tensor<4x3xf16>
  return %o : tensor<4x3xf16>
}

// -----

// CHECK-LABEL: func @no_rounding
func.func @no_rounding(%w: tensor<4x6xf32>, %v: tensor<6x3xbf16>) -> tensor<4x3xf32> {
  // CHECK-COUNT-1: linalg.generic
  // CHECK-NOT: linalg.generic
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x3xbf16> -> tensor<4x3xf32>
  return %o : tensor<4x3xf32>
}

// -----

// An absent pair has weight 0; the rest stays.
// CHECK-LABEL: func @as_weights
func.func @as_weights(%s: tensor<4x?xf32>) -> tensor<4x?xf32> {
  // CHECK: linalg.generic
  // CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32
  // CHECK: %[[ABSENT:[a-z0-9_]+]] = arith.cmpf oeq, %[[X]], %{{.*}} : f32
  // CHECK: arith.select %[[ABSENT]], %{{.*}}, %[[X]] : f32
  %w = attention.as_weights %s : tensor<4x?xf32>
  return %w : tensor<4x?xf32>
}
