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
