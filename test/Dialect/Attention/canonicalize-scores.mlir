// What folds and canonicalises in scores, modifiers and softmax, and what must not.
// RUN: attention-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: func @scale_one(
// CHECK-NEXT: attention.dot_score %{{[^ ]*}}, %{{[^ ]*}} : tensor<4x8xf32>
func.func @scale_one(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x6xf32> {
  %c = arith.constant 1.0 : f32
  %s = attention.dot_score %q, %k scale(%c : f32) : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}

// -----

// 1/√64, and 1/√3 rounded to f32.
// CHECK-LABEL: func @scale_of_scaled(
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scaled : tensor<4x64xf32>
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scaled : tensor<4x3xf32>
func.func @scale_of_scaled(%q: tensor<4x64xf32>, %k: tensor<6x64xf32>, %r: tensor<4x3xf32>, %l: tensor<6x3xf32>)
    -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %a = arith.constant 0.125 : f32
  %b = arith.constant 0.57735026 : f32
  %s = attention.dot_score %q, %k scale(%a : f32) : tensor<4x64xf32>, tensor<6x64xf32> -> tensor<4x6xf32>
  %t = attention.dot_score %r, %l scale(%b : f32) : tensor<4x3xf32>, tensor<6x3xf32> -> tensor<4x6xf32>
  return %s, %t : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// Another scale, 1/√3 of f32 where f64 is computed, d at run time, no d at all.
// CHECK-LABEL: func @own_scales(
// CHECK-COUNT-4: attention.dot_score %{{.*}}, %{{.*}} scale(
func.func @own_scales(%q: tensor<4x64xf32>, %k: tensor<6x64xf32>, %r: tensor<4x3xf64>, %l: tensor<6x3xf64>,
                      %u: tensor<4x?xf32>, %v: tensor<6x?xf32>, %x: tensor<4x0xf32>, %y: tensor<6x0xf32>)
    -> (tensor<4x6xf32>, tensor<4x6xf64>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %a = arith.constant 0.126 : f32
  %b = arith.constant 0.57735025882720947 : f64
  %c = arith.constant 0.125 : f32
  %inf = arith.constant 0x7F800000 : f32
  %0 = attention.dot_score %q, %k scale(%a : f32) : tensor<4x64xf32>, tensor<6x64xf32> -> tensor<4x6xf32>
  %1 = attention.dot_score %r, %l scale(%b : f64) : tensor<4x3xf64>, tensor<6x3xf64> -> tensor<4x6xf64>
  %2 = attention.dot_score %u, %v scale(%c : f32) : tensor<4x?xf32>, tensor<6x?xf32> -> tensor<4x6xf32>
  %3 = attention.dot_score %x, %y scale(%inf : f32) : tensor<4x0xf32>, tensor<6x0xf32> -> tensor<4x6xf32>
  return %0, %1, %2, %3 : tensor<4x6xf32>, tensor<4x6xf64>, tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @identity_modifier(
// CHECK-SAME: %[[S:.*]]: tensor<4x6xf32>
// CHECK-NEXT: return %[[S]]
func.func @identity_modifier(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %one = arith.constant 1.0 : f32
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %one : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @constant_modifier(
// CHECK: attention.modify_scores
func.func @constant_modifier(%s: tensor<4x6xf32>, %c: f32) -> tensor<4x6xf32> {
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    attention.yield %c : f32
  } : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// A factor on either side becomes the scale; a constant one of 1/√d then `scaled`.
// CHECK-LABEL: func @modifier_into_scale(
// CHECK-SAME: %[[C:[^ ]*]]: f32
// CHECK-NEXT: attention.dot_score %{{.*}}, %{{.*}} scale(%[[C]] : f32)
// CHECK-NEXT: attention.dot_score %{{.*}}, %{{.*}} scaled
// CHECK-NEXT: return
func.func @modifier_into_scale(%q: tensor<4x64xf32>, %k: tensor<6x64xf32>, %r: tensor<4x64xf32>, %c: f32)
    -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %s = attention.dot_score %q, %k : tensor<4x64xf32>, tensor<6x64xf32> -> tensor<4x6xf32>
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %t = attention.dot_score %r, %k : tensor<4x64xf32>, tensor<6x64xf32> -> tensor<4x6xf32>
  %n = attention.modify_scores %t (%x: f32, %i: index, %j: index) {
    %f = arith.constant 0.125 : f32
    %y = arith.mulf %f, %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %m, %n : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// Not linear, not uniform, not a product of the score, not all of the region.
// CHECK-LABEL: func @other_modifiers(
// CHECK-COUNT-4: attention.modify_scores
func.func @other_modifiers(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %l: tensor<6x8xf32>, %m: tensor<6x8xf32>,
                           %n: tensor<6x8xf32>, %c: f32, %table: tensor<4xf32>)
    -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %s0 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %0 = attention.modify_scores %s0 (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %x : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %s1 = attention.dot_score %q, %l : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %1 = attention.modify_scores %s1 (%x: f32, %i: index, %j: index) {
    %t = tensor.extract %table[%i] : tensor<4xf32>
    %y = arith.mulf %x, %t : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %s2 = attention.dot_score %q, %m : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %2 = attention.modify_scores %s2 (%x: f32, %i: index, %j: index) {
    %t = arith.addf %x, %c : f32
    %y = arith.mulf %t, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %s3 = attention.dot_score %q, %n : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %3 = attention.modify_scores %s3 (%x: f32, %i: index, %j: index) {
    %t = arith.mulf %x, %c : f32
    %y = math.tanh %t : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %0, %1, %2, %3 : tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// Scores that somebody else reads keep their meaning.
// CHECK-LABEL: func @shared_score(
// CHECK: attention.dot_score %{{[^ ]*}}, %{{[^ ]*}} : tensor<4x8xf32>
// CHECK: attention.modify_scores
func.func @shared_score(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %c: f32) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %s, %m : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// A product of two scales rounds differently.
// CHECK-LABEL: func @scaled_already(
// CHECK: attention.dot_score %{{.*}} scaled
// CHECK: attention.modify_scores
// CHECK: attention.dot_score %{{.*}} scale(
// CHECK: attention.modify_scores
func.func @scaled_already(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %c: f32) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %s = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %t = attention.dot_score %q, %k scale(%c : f32) : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %n = attention.modify_scores %t (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %m, %n : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// Without features the score is 0 whatever the scale, and a modifier may make
// something else of it.
// CHECK-LABEL: func @no_features(
// CHECK-COUNT-2: attention.modify_scores
func.func @no_features(%q: tensor<4x0xf32>, %k: tensor<6x0xf32>, %r: tensor<4x?xf32>, %l: tensor<6x?xf32>, %c: f32)
    -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %s = attention.dot_score %q, %k : tensor<4x0xf32>, tensor<6x0xf32> -> tensor<4x6xf32>
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %t = attention.dot_score %r, %l : tensor<4x?xf32>, tensor<6x?xf32> -> tensor<4x6xf32>
  %n = attention.modify_scores %t (%x: f32, %i: index, %j: index) {
    %y = arith.mulf %x, %c : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return %m, %n : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @unused_lse(
// CHECK: %[[W:.*]] = attention.softmax %{{.*}} sinks(%{{.*}} : tensor<8xf32>) {note = 1 : i64} : tensor<8x4x6xf32>{{$}}
// CHECK: %[[V:.*]], %[[L:.*]] = attention.softmax %{{.*}} : tensor<8x4x6xf32>, tensor<8x4xf32>
// CHECK: return %[[W]], %[[L]]
func.func @unused_lse(%s: tensor<8x4x6xf32>, %k: tensor<8xf32>) -> (tensor<8x4x6xf32>, tensor<8x4xf32>) {
  %w, %l = attention.softmax %s sinks(%k : tensor<8xf32>) {note = 1} : tensor<8x4x6xf32>, tensor<8x4xf32>
  %v, %m = attention.softmax %s : tensor<8x4x6xf32>, tensor<8x4xf32>
  return %w, %m : tensor<8x4x6xf32>, tensor<8x4xf32>
}
