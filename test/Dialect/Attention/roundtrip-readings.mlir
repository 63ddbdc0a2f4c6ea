// Readings of weights print as they are written, in all ranks, extents static or
// dynamic.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @top_k
func.func @top_k(%w: tensor<4x6xf32>, %x: tensor<2x?x?x?xf64>) {
  // CHECK: attention.top_k %{{.*}} k(3) : tensor<4x6xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
  %0:2 = attention.top_k %w k(3) : tensor<4x6xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
  // CHECK: attention.top_k %{{.*}} k(300) {note} : tensor<2x?x?x?xf64> -> tensor<2x?x?x300xf64>, tensor<2x?x?x300xi32>
  %1:2 = attention.top_k %x k(300) {note} : tensor<2x?x?x?xf64> -> tensor<2x?x?x300xf64>, tensor<2x?x?x300xi32>
  // Extents more or less static than they follow.
  // CHECK: attention.top_k %{{.*}} k(3) : tensor<4x6xf32> -> tensor<?x?xf32>, tensor<4x?xi32>
  %2:2 = attention.top_k %w k(3) : tensor<4x6xf32> -> tensor<?x?xf32>, tensor<4x?xi32>
  return
}

// CHECK-LABEL: func @entropy
func.func @entropy(%w: tensor<4x6xf32>, %x: tensor<2x?x?x?xf64>) {
  // CHECK: attention.entropy %{{.*}} : tensor<4x6xf32> -> tensor<4xf32>
  %0 = attention.entropy %w : tensor<4x6xf32> -> tensor<4xf32>
  // CHECK: attention.entropy %{{.*}} : tensor<2x?x?x?xf64> -> tensor<2x5x?xf64>
  %1 = attention.entropy %x : tensor<2x?x?x?xf64> -> tensor<2x5x?xf64>
  return
}

// CHECK-LABEL: func @column_mass
func.func @column_mass(%w: tensor<4x6xf32>, %x: tensor<2x?x?x?xf64>, %none: tensor<0x6xf32>) {
  // CHECK: attention.column_mass %{{.*}} : tensor<4x6xf32> -> tensor<6xf32>
  %0 = attention.column_mass %w : tensor<4x6xf32> -> tensor<6xf32>
  // CHECK: attention.column_mass %{{.*}} : tensor<2x?x?x?xf64> -> tensor<2x?x?xf64>
  %1 = attention.column_mass %x : tensor<2x?x?x?xf64> -> tensor<2x?x?xf64>
  // CHECK: attention.column_mass %{{.*}} : tensor<0x6xf32> -> tensor<6xf32>
  %2 = attention.column_mass %none : tensor<0x6xf32> -> tensor<6xf32>
  return
}
