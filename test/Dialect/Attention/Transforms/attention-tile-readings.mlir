// Blocks of queries with readings: their state goes along with the normaliser's,
// and attention.finish makes their results.
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -attention-tile -split-input-file | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=4 -split-input-file | FileCheck %s --check-prefixes=CHECK,SPLIT

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#r = affine_map<(b, i, j, d, e) -> (b, i)>

// Queries are not multiplied by log2 e: equal scores would differ by rounding.
// CHECK-LABEL: func @top_k
// SPLIT: scf.forall {{.*}} shared_outs({{.*}}) -> (tensor<2x5x4x32x64xf32>, tensor<2x5x4x64xf32>, tensor<2x5x4x64xf32>, tensor<2x5x4x3x64xf32>, tensor<2x5x4x3x64xi32>)
// CHECK-NOT: 1.44269
// CHECK: linalg.fill ins(%{{.*}} : i32) outs(%{{.*}} : tensor<3x64xi32>)
// CHECK: attention.online
// CHECK-SAME: normaliser(#attention.softmax) reads([#attention.top_k<3>])
// CHECK-SAME: outs({{.*}} : tensor<32x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<3x64xf32>, tensor<3x64xi32>)
// ONE-NOT: attention.merge
// SPLIT: attention.merge {{.*}} reads([#attention.top_k<3>])
// CHECK: attention.finish {{.*}} reads([#attention.top_k<3>]) by {{.*}} outs({{.*}} : tensor<?x32xf32>, tensor<?x3xf32>, tensor<?x3xi32>)
func.func @top_k(%query: tensor<2x300x16xf32>, %key: tensor<2x1000x16xf32>, %value: tensor<2x1000x32xf32>,
                 %out: tensor<2x300x32xf32>, %w: tensor<2x300x3xf32>, %j: tensor<2x300x3xi32>)
    -> (tensor<2x300x32xf32>, tensor<2x300x3xf32>, tensor<2x300x3xi32>) {
  %0:3 = attention.fused query(%query : tensor<2x300x16xf32> by #q) key(%key : tensor<2x1000x16xf32> by #k)
      value(%value : tensor<2x1000x32xf32> by #v) normaliser(#attention.softmax)
      outs(%out, %w, %j : tensor<2x300x32xf32>, tensor<2x300x3xf32>, tensor<2x300x3xi32> by [#o, #r, #r])
      reads([#attention.top_k<3>])
  return %0#0, %0#1, %0#2 : tensor<2x300x32xf32>, tensor<2x300x3xf32>, tensor<2x300x3xi32>
}

// -----

#q = affine_map<(b, i, j, d, e) -> (b, i, d)>
#k = affine_map<(b, i, j, d, e) -> (b, j, d)>
#v = affine_map<(b, i, j, d, e) -> (b, j, e)>
#o = affine_map<(b, i, j, d, e) -> (b, i, e)>
#r = affine_map<(b, i, j, d, e) -> (b, i)>

// An entropy does not compare scores.
// CHECK-LABEL: func @entropy
// CHECK: arith.constant 1.44269
// CHECK: attention.online {{.*}} normaliser(#attention.softmax<base2>) reads([#attention.entropy])
// CHECK: attention.finish {{.*}} normaliser(#attention.softmax<base2>) reads([#attention.entropy])
// CHECK-SAME: outs({{.*}} : tensor<?x32xf32>, tensor<?xf32>, tensor<?xf32>)
func.func @entropy(%query: tensor<2x300x16xf32>, %key: tensor<2x1000x16xf32>, %value: tensor<2x1000x32xf32>,
                   %out: tensor<2x300x32xf32>, %l: tensor<2x300xf32>, %h: tensor<2x300xf32>)
    -> (tensor<2x300x32xf32>, tensor<2x300xf32>, tensor<2x300xf32>) {
  %0:3 = attention.fused query(%query : tensor<2x300x16xf32> by #q) key(%key : tensor<2x1000x16xf32> by #k)
      value(%value : tensor<2x1000x32xf32> by #v) normaliser(#attention.softmax)
      outs(%out, %l, %h : tensor<2x300x32xf32>, tensor<2x300xf32>, tensor<2x300xf32> by [#o, #r, #r]) lse
      reads([#attention.entropy])
  return %0#0, %0#1, %0#2 : tensor<2x300x32xf32>, tensor<2x300xf32>, tensor<2x300xf32>
}
