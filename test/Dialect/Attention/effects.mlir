// No op has an effect: equal ones merge, unused ones go, and functions of them inline.
// RUN: attention-opt %s -cse | FileCheck %s --check-prefix=CSE
// RUN: attention-opt %s -canonicalize | FileCheck %s --check-prefix=DCE
// RUN: attention-opt %s -inline | FileCheck %s --check-prefix=INLINE

// CSE-LABEL: func @equal(
// CSE-COUNT-1: attention.dot_score
// CSE-COUNT-1: attention.mask_scores
// CSE-COUNT-1: attention.modify_scores
// CSE-COUNT-1: attention.softmax
// CSE-COUNT-1: attention.context
// CSE: return %[[O:.*]], %[[O]] :
func.func @equal(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x8xf32>, %n: index)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %s0 = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m0 = attention.mask_scores %s0 sets(affine_set<(i, j)[m] : (m - j >= 0)>[%n : index]) : tensor<4x6xf32>
  %t0 = attention.modify_scores %m0 (%x: f32, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %w0 = attention.softmax %t0 : tensor<4x6xf32>
  %o0 = attention.context %w0, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  %s1 = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m1 = attention.mask_scores %s1 sets(affine_set<(i, j)[m] : (m - j >= 0)>[%n : index]) : tensor<4x6xf32>
  %t1 = attention.modify_scores %m1 (%x: f32, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %w1 = attention.softmax %t1 : tensor<4x6xf32>
  %o1 = attention.context %w1, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o0, %o1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// What differs in an attribute, a set or a region is not equal.
// CSE-LABEL: func @different(
// CSE-COUNT-2: attention.dot_score
// CSE-COUNT-2: attention.mask_scores
// CSE-COUNT-2: attention.modify_scores
func.func @different(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>)
    -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %s0 = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %s1 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m0 = attention.mask_scores %s0 sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<4x6xf32>
  %m1 = attention.mask_scores %s0 sets(affine_set<(i, j) : (i - j + 1 >= 0)>) : tensor<4x6xf32>
  %t0 = attention.modify_scores %m0 (%x: f32, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %t1 = attention.modify_scores %m0 (%x: f32, %i: index, %j: index) {
    %y = math.erf %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %s0, %s1, %m1, %t0, %t1 : tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>
}

// DCE-LABEL: func @unused(
// DCE-NEXT: return
func.func @unused(%q: tensor<?x8xf32>, %k: tensor<?x8xf32>, %wk: tensor<8x8xf32>, %v: tensor<8xf32>) {
  %0 = attention.dot_score %q, %k : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
  %1 = attention.bilinear_score %q, %k, %wk : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8x8xf32> -> tensor<?x?xf32>
  %2 = attention.additive_score %q, %k, %wk, %wk, %v
     : tensor<?x8xf32>, tensor<?x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8xf32> -> tensor<?x?xf32>
  %3 = attention.score %q, %k combine (%x: f32, %y: f32) {
    attention.yield %x : f32
  } : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
  %4 = attention.mask_scores %3 where (%i: index, %j: index) {
    %p = arith.cmpi ne, %i, %j : index
    attention.yield %p : i1
  } : tensor<?x?xf32>
  %5 = attention.modify_scores %4 (%x: f32, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<?x?xf32>
  %6 = attention.softmax %5 : tensor<?x?xf32>
  %7 = attention.context %6, %k : tensor<?x?xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

func.func private @callee(%s: tensor<4x6xf32>, %c: f32) -> tensor<4x6xf32> {
  %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %1 = attention.softmax %0 : tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}

// INLINE-LABEL: func @caller(
// INLINE-NOT: call
// INLINE: attention.modify_scores
// INLINE: attention.softmax
// INLINE: return
func.func @caller(%s: tensor<4x6xf32>, %c: f32) -> tensor<4x6xf32> {
  %0 = call @callee(%s, %c) : (tensor<4x6xf32>, f32) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}
