// The reference pipeline ends in loops on memrefs, with every buffer freed.
// RUN: attention-opt %s -attention-to-loops | FileCheck %s
// RUN: attention-opt %s -pass-pipeline='builtin.module(attention-to-loops{runtime-checks=true})' | FileCheck %s --check-prefix=CHECKED

// CHECK-LABEL: func @causal
// CHECK-SAME: (%{{.*}}: memref<?x16xf32>, %{{.*}}: memref<?x16xf32>, %{{.*}}: memref<?x8xf32>) -> memref<?x8xf32>
func.func @causal(%q: tensor<?x16xf32>, %k: tensor<?x16xf32>, %v: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NOT: attention.
  // CHECK-NOT: linalg.
  // CHECK-NOT: tensor<
  // CHECK: scf.for
  // CHECK: memref.dealloc
  // CHECK: return %{{.*}} : memref<?x8xf32>
  // CHECKED: cf.assert
  %s = attention.dot_score %q, %k scaled : tensor<?x16xf32>, tensor<?x16xf32> -> tensor<?x?xf32>
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<?x?xf32>
  %w = attention.softmax %m : tensor<?x?xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}

// What a mask's type says of the queries becomes known late; lists of top_k are
// put together all the same.
// CHECK-LABEL: func @refined
// CHECK: scf.for
// CHECK-NOT: tensor<
// CHECK: return
func.func @refined(%q: tensor<1x1x?x4xf32>, %k: tensor<1x1x6x4xf32>, %keep: tensor<6x2x1xi1>)
    -> (tensor<1x1x?x3xf32>, tensor<1x1x?x3xi32>) {
  %s = attention.dot_score %q, %k : tensor<1x1x?x4xf32>, tensor<1x1x6x4xf32> -> tensor<1x1x?x6xf32>
  %m = attention.mask_scores %s keep(%keep : tensor<6x2x1xi1> by affine_map<(b, h, i, j) -> (j, i, h)>)
     : tensor<1x1x?x6xf32>
  %w = attention.softmax %m : tensor<1x1x?x6xf32>
  %t, %keys = attention.top_k %w k(3) : tensor<1x1x?x6xf32> -> tensor<1x1x?x3xf32>, tensor<1x1x?x3xi32>
  return %t, %keys : tensor<1x1x?x3xf32>, tensor<1x1x?x3xi32>
}
