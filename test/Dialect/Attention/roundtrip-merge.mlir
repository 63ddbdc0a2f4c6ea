// attention.merge prints as it is read, on tensors and on buffers, with and
// without a state.
// RUN: attention-test-opt %s -verify-roundtrip | FileCheck %s

// CHECK-LABEL: func @merge(
// CHECK: attention.merge %{{.*}} state(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x8xf32>) normaliser(#attention.softmax) {note = 1 : i64} : tensor<?x3x8xf32> outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
func.func @merge(%accs: tensor<?x3x8xf32>, %maxima: tensor<?x8xf32>, %sums: tensor<?x8xf32>,
                 %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>) {
  %0:3 = attention.merge %accs state(%maxima, %sums : tensor<?x8xf32>, tensor<?x8xf32>)
      normaliser(#attention.softmax) {note = 1} : tensor<?x3x8xf32>
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// CHECK-LABEL: func @buffers(
// CHECK: attention.merge %{{.*}} state(%{{.*}}, %{{.*}} : memref<4x8xf64>, memref<4x8xf64>) normaliser(#attention.softmax) : memref<4x?x8xf64, strided<[?, 8, 1], offset: ?>> outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x8xf64>, memref<8xf64>, memref<8xf64>)
func.func @buffers(%accs: memref<4x?x8xf64, strided<[?, 8, 1], offset: ?>>, %maxima: memref<4x8xf64>,
                   %sums: memref<4x8xf64>, %acc: memref<?x8xf64>, %max: memref<8xf64>, %sum: memref<8xf64>) {
  attention.merge %accs state(%maxima, %sums : memref<4x8xf64>, memref<4x8xf64>)
      normaliser(#attention.softmax) : memref<4x?x8xf64, strided<[?, 8, 1], offset: ?>>
      outs(%acc, %max, %sum : memref<?x8xf64>, memref<8xf64>, memref<8xf64>)
  return
}

// CHECK-LABEL: func @stateless(
// CHECK: attention.merge %{{.*}} normaliser(#attention_test.sigmoid) : tensor<4x3x8xf32> outs(%{{.*}} : tensor<3x8xf32>)
func.func @stateless(%accs: tensor<4x3x8xf32>, %acc: tensor<3x8xf32>) {
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<4x3x8xf32>
      outs(%acc : tensor<3x8xf32>)
  return
}
