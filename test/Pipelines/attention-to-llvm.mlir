// The pipeline ends in the LLVM dialect, for every element type, with no
// library call for bf16 and 64-bit indices.
// RUN: attention-opt %s -attention-to-llvm | FileCheck %s
// RUN: attention-opt %s -attention-to-llvm | mlir-translate -mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// CHECK-NOT: unrealized_conversion_cast
// CHECK-NOT: arith.
// CHECK-LABEL: llvm.func @bf16
// CHECK-NOT: llvm.fptrunc {{.*}} to bf16
// LLVM-LABEL: define {{.*}} @bf16
// LLVM: getelementptr {{.*}}bfloat, ptr %{{.*}}, i64 %
func.func @bf16(%q: tensor<?x?x16xbf16>, %k: tensor<?x?x16xbf16>, %v: tensor<?x?x8xbf16>) -> tensor<?x?x8xbf16> {
  %s = attention.dot_score %q, %k scaled : tensor<?x?x16xbf16>, tensor<?x?x16xbf16> -> tensor<?x?x?xf32>
  %m = attention.modify_scores %s (%x: f32, %b: index, %i: index, %j: index) {
    %t = math.tanh %x : f32
    attention.yield %t : f32
  } : tensor<?x?x?xf32>
  %w = attention.softmax %m : tensor<?x?x?xf32>
  %o = attention.context %w, %v : tensor<?x?x?xf32>, tensor<?x?x8xbf16> -> tensor<?x?x8xbf16>
  return %o : tensor<?x?x8xbf16>
}

// CHECK-LABEL: llvm.func @f64_to_bf16
// CHECK-NOT: llvm.fptrunc {{.*}} to bf16
func.func @f64_to_bf16(%q: tensor<4x8xf64>, %k: tensor<6x8xf16>, %v: tensor<6x3xf16>) -> tensor<4x3xbf16> {
  %s = attention.dot_score %q, %k : tensor<4x8xf64>, tensor<6x8xf16> -> tensor<4x6xf64>
  %w = attention.softmax %s : tensor<4x6xf64>
  %o = attention.context %w, %v : tensor<4x6xf64>, tensor<6x3xf16> -> tensor<4x3xbf16>
  return %o : tensor<4x3xbf16>
}

// An expand_shape that makes two dynamic extents of one: expand-strided-metadata
// would crash on it.
// CHECK-LABEL: llvm.func @two_unknown_extents
func.func @two_unknown_extents(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %w: tensor<8x4xf32>) -> tensor<?x?x?xf32> {
  %s = attention.bilinear_score %q, %k, %w : tensor<?x?x8xf32>, tensor<?x?x4xf32>, tensor<8x4xf32> -> tensor<?x?x?xf32>
  return %s : tensor<?x?x?xf32>
}
