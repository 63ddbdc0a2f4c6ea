// Which sums of quotients are computed with one division: those that say that
// their denominators may be multiplied, up to four, in one block.
// RUN: attention-opt --attention-share-divisions --split-input-file %s | FileCheck %s

// Five quotients in a chain are four and one; the sums may have them on either side.
// CHECK-LABEL: func @chain
// CHECK-SAME: %[[S:.*]]: vector<8xf32>, %[[A:[^:]*]]: vector<8xf32>, %[[B:[^:]*]]: vector<8xf32>
// CHECK-NOT: divf
// CHECK: %[[LEFT:.*]] = arith.mulf %[[A]], %[[A]] fastmath<contract>
// CHECK-NOT: divf
// CHECK: %[[FOUR:.*]] = arith.divf
// CHECK: %[[SUM:.*]] = arith.addf %[[S]], %[[FOUR]]
// CHECK: %[[ONE:.*]] = arith.divf %[[A]], %[[B]]
// CHECK-NOT: bounded_denominator
// CHECK: %[[ALL:.*]] = arith.addf %[[SUM]], %[[ONE]]
// CHECK-NOT: divf
// CHECK: return %[[ALL]]
func.func @chain(%s: vector<8xf32>, %a: vector<8xf32>, %b: vector<8xf32>) -> vector<8xf32> {
  %q0 = arith.divf %a, %b {attention.bounded_denominator} : vector<8xf32>
  %s0 = arith.addf %s, %q0 : vector<8xf32>
  %q1 = arith.divf %a, %a {attention.bounded_denominator} : vector<8xf32>
  %s1 = arith.addf %q1, %s0 : vector<8xf32>
  %q2 = arith.divf %b, %b {attention.bounded_denominator} : vector<8xf32>
  %s2 = arith.addf %s1, %q2 : vector<8xf32>
  %q3 = arith.divf %b, %a {attention.bounded_denominator} : vector<8xf32>
  %s3 = arith.addf %s2, %q3 : vector<8xf32>
  %q4 = arith.divf %a, %b {attention.bounded_denominator} : vector<8xf32>
  %s4 = arith.addf %s3, %q4 : vector<8xf32>
  return %s4 : vector<8xf32>
}

// -----

// A quotient that says nothing, or has another user, stays.
// CHECK-LABEL: func @other
// CHECK-COUNT-3: arith.divf
// CHECK-NOT: arith.mulf
// CHECK: return
func.func @other(%s: f32, %a: f32, %b: f32) -> (f32, f32) {
  %q0 = arith.divf %a, %b {attention.bounded_denominator} : f32
  %s0 = arith.addf %s, %q0 : f32
  %q1 = arith.divf %b, %a : f32
  %s1 = arith.addf %s0, %q1 : f32
  %q2 = arith.divf %b, %b {attention.bounded_denominator} : f32
  %s2 = arith.addf %s1, %q2 : f32
  return %s2, %q2 : f32, f32
}

// -----

// A sum that is seen in between, or carried by a loop, ends a chain.
// CHECK-LABEL: func @loop
// CHECK: scf.for
// CHECK-COUNT-1: arith.divf
// CHECK-NOT: arith.divf
// CHECK: scf.yield
// CHECK: arith.divf
// CHECK: arith.divf
// CHECK: return
func.func @loop(%s: f32, %a: f32, %b: f32, %n: index, %one: index) -> (f32, f32) {
  %r = scf.for %i = %one to %n step %one iter_args(%t = %s) -> f32 {
    %q0 = arith.divf %a, %b {attention.bounded_denominator} : f32
    %s0 = arith.addf %t, %q0 : f32
    %q1 = arith.divf %b, %a {attention.bounded_denominator} : f32
    %s1 = arith.addf %s0, %q1 : f32
    scf.yield %s1 : f32
  }
  %q2 = arith.divf %a, %b {attention.bounded_denominator} : f32
  %s2 = arith.addf %r, %q2 : f32
  %q3 = arith.divf %b, %a {attention.bounded_denominator} : f32
  %s3 = arith.addf %s2, %q3 : f32
  return %s2, %s3 : f32, f32
}
