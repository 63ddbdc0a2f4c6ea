// Every op and every clause parses and prints to itself, in custom form, in
// generic form and in bytecode.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s --mlir-print-op-generic | attention-opt | FileCheck %s
// RUN: attention-opt %s --emit-bytecode | attention-opt | FileCheck %s

// CHECK-DAG: #[[$CAUSAL:.*]] = affine_set<(d0, d1, d2) : (d1 - d2 >= 0)>
// CHECK-DAG: #[[$LENGTH:.*]] = affine_set<(d0, d1, d2)[s0] : (-d2 + s0 - 1 >= 0)>
// CHECK-DAG: #[[$WINDOW:.*]] = affine_set<(d0, d1, d2)[s0, s1] : (d2 - d1 + s0 >= 0, d1 - d2 + s1 >= 0)>
#causal = affine_set<(b, i, j) : (i - j >= 0)>
#length = affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>
#window = affine_set<(b, i, j)[l, r] : (j - i + l >= 0, i - j + r >= 0)>

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @dot(
// CHECK: attention.dot_score %{{.*}}, %{{.*}} : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scaled : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scale(%{{.*}} : f32) : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scaled {note = 1 : i64} : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf64>
func.func @dot(%q: tensor<4x32xf32>, %k: tensor<6x32xf32>, %c: f32) {
  %0 = attention.dot_score %q, %k : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
  %1 = attention.dot_score %q, %k scaled : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
  %2 = attention.dot_score %q, %k scale(%c : f32) : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf32>
  %3 = attention.dot_score %q, %k scaled {note = 1} : tensor<4x32xf32>, tensor<6x32xf32> -> tensor<4x6xf64>
  return
}

// CHECK-LABEL: func @dot_types(
// CHECK: tensor<4x32xf16>, tensor<6x32xf16> -> tensor<4x6xf32>
// CHECK: tensor<4x32xbf16>, tensor<6x32xf16> -> tensor<4x6xf32>
// CHECK: scale(%{{.*}} : f64) : tensor<4x32xf64>, tensor<6x32xbf16> -> tensor<4x6xf64>
func.func @dot_types(%h: tensor<4x32xf16>, %b: tensor<4x32xbf16>, %d: tensor<4x32xf64>,
                     %kh: tensor<6x32xf16>, %kb: tensor<6x32xbf16>, %c: f64) {
  %0 = attention.dot_score %h, %kh : tensor<4x32xf16>, tensor<6x32xf16> -> tensor<4x6xf32>
  %1 = attention.dot_score %b, %kh : tensor<4x32xbf16>, tensor<6x32xf16> -> tensor<4x6xf32>
  %2 = attention.dot_score %d, %kb scale(%c : f64) : tensor<4x32xf64>, tensor<6x32xbf16> -> tensor<4x6xf64>
  return
}

// One batch dimension, broadcast keys, two batch dimensions and grouped heads,
// three with broadcasts and a group; sizes known at run time anywhere.
// CHECK-LABEL: func @dot_batches(
// CHECK: tensor<8x4x32xf32>, tensor<1x6x32xf32> -> tensor<8x4x6xf32>
// CHECK: tensor<2x8x4x32xf32>, tensor<2x4x6x32xf32> -> tensor<2x8x4x6xf32>
// CHECK: tensor<3x2x8x4x32xf32>, tensor<1x2x2x6x32xf32> -> tensor<3x2x8x4x6xf32>
// CHECK: tensor<?x?x?x?xf32>, tensor<?x2x?x?xf32> -> tensor<?x?x?x?xf32>
func.func @dot_batches(%q1: tensor<8x4x32xf32>, %k1: tensor<1x6x32xf32>,
                       %q2: tensor<2x8x4x32xf32>, %k2: tensor<2x4x6x32xf32>,
                       %q3: tensor<3x2x8x4x32xf32>, %k3: tensor<1x2x2x6x32xf32>,
                       %qd: tensor<?x?x?x?xf32>, %kd: tensor<?x2x?x?xf32>) {
  %1 = attention.dot_score %q1, %k1 : tensor<8x4x32xf32>, tensor<1x6x32xf32> -> tensor<8x4x6xf32>
  %2 = attention.dot_score %q2, %k2 : tensor<2x8x4x32xf32>, tensor<2x4x6x32xf32> -> tensor<2x8x4x6xf32>
  %3 = attention.dot_score %q3, %k3 : tensor<3x2x8x4x32xf32>, tensor<1x2x2x6x32xf32> -> tensor<3x2x8x4x6xf32>
  %4 = attention.dot_score %qd, %kd : tensor<?x?x?x?xf32>, tensor<?x2x?x?xf32> -> tensor<?x?x?x?xf32>
  return
}

// CHECK-LABEL: func @bilinear(
// CHECK: attention.bilinear_score %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4x32xf32>, tensor<?x6x24xbf16>, tensor<32x24xf16> -> tensor<?x4x6xf32>
func.func @bilinear(%q: tensor<?x4x32xf32>, %k: tensor<?x6x24xbf16>, %w: tensor<32x24xf16>) {
  %0 = attention.bilinear_score %q, %k, %w
     : tensor<?x4x32xf32>, tensor<?x6x24xbf16>, tensor<32x24xf16> -> tensor<?x4x6xf32>
  return
}

// CHECK-LABEL: func @additive(
// CHECK: attention.additive_score %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x32xf32>, tensor<?x24xf32>, tensor<16x32xf32>, tensor<16x24xf32>, tensor<16xf32> -> tensor<4x?xf32>
// CHECK: attention.additive_score %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<16xf16>) : {{.*}} -> tensor<4x?xf32>
func.func @additive(%q: tensor<4x32xf32>, %k: tensor<?x24xf32>, %wq: tensor<16x32xf32>,
                    %wk: tensor<16x24xf32>, %v: tensor<16xf32>, %b: tensor<16xf16>) {
  %0 = attention.additive_score %q, %k, %wq, %wk, %v
     : tensor<4x32xf32>, tensor<?x24xf32>, tensor<16x32xf32>, tensor<16x24xf32>, tensor<16xf32>
    -> tensor<4x?xf32>
  %1 = attention.additive_score %q, %k, %wq, %wk, %v bias(%b : tensor<16xf16>)
     : tensor<4x32xf32>, tensor<?x24xf32>, tensor<16x32xf32>, tensor<16x24xf32>, tensor<16xf32>
    -> tensor<4x?xf32>
  return
}

// A combine region without parameters, with two, and with a captured value.
// CHECK-LABEL: func @score(
// CHECK: attention.score %{{.*}}, %{{.*}} combine (%[[A:.*]]: f32, %[[B:.*]]: f32) {
// CHECK: arith.mulf %[[A]], %[[B]]
// CHECK: attention.yield %{{.*}} : f32
// CHECK: } : tensor<4x16xf32>, tensor<6x16xf32> -> tensor<4x6xf32>
// CHECK: attention.score %{{.*}}, %{{.*}} params(%{{.*}}, %{{.*}}) combine (%{{.*}}: f32, %{{.*}}: f32, %[[P0:.*]]: f32, %[[P1:.*]]: f32) {
// CHECK: } {note = 1 : i64} : tensor<4x16xf32>, tensor<6x16xf32>, tensor<16xf32>, tensor<16xbf16> -> tensor<4x6xf32>
func.func @score(%q: tensor<4x16xf32>, %k: tensor<6x16xf32>, %w: tensor<16xf32>,
                 %u: tensor<16xbf16>, %c: f32) {
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    %m = arith.mulf %a, %b : f32
    %n = arith.mulf %m, %c : f32
    attention.yield %n : f32
  } : tensor<4x16xf32>, tensor<6x16xf32> -> tensor<4x6xf32>
  %1 = attention.score %q, %k params(%w, %u) combine (%a: f32, %b: f32, %p: f32, %r: f32) {
    %m = arith.mulf %p, %r : f32
    attention.yield %m : f32
  } {note = 1} : tensor<4x16xf32>, tensor<6x16xf32>, tensor<16xf32>, tensor<16xbf16> -> tensor<4x6xf32>
  return
}

//===----------------------------------------------------------------------===//
// What is done to scores
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @modify(
// CHECK: attention.modify_scores %{{.*}} (%[[X:.*]]: f64, %{{.*}}: index, %{{.*}}: index, %[[J:.*]]: index) {
// CHECK: tensor.extract %{{.*}}[%[[J]]]
// CHECK: } : tensor<?x4x6xf64>
func.func @modify(%s: tensor<?x4x6xf64>, %table: tensor<6xf64>) {
  %0 = attention.modify_scores %s (%x: f64, %b: index, %i: index, %j: index) {
    %t = tensor.extract %table[%j] : tensor<6xf64>
    %y = arith.addf %x, %t : f64
    attention.yield %y : f64
  } : tensor<?x4x6xf64>
  return
}

// Each clause alone, then all together.
// CHECK-LABEL: func @mask(
// CHECK: attention.mask_scores %[[S:[^ ]*]] : tensor<2x4x6xf32>
// CHECK: attention.mask_scores %[[S]] sets(#[[$CAUSAL]]) : tensor<2x4x6xf32>
// CHECK: attention.mask_scores %[[S]] keep(%{{.*}} : tensor<2x4x6xi1>) : tensor<2x4x6xf32>
// CHECK: attention.mask_scores %[[S]] bias(%{{.*}} : tensor<1x4x6xbf16>) : tensor<2x4x6xf32>
// CHECK: attention.mask_scores %[[S]] where (%{{.*}}: index, %[[I:.*]]: index, %[[J:.*]]: index) {
// CHECK: arith.cmpi ne, %[[I]], %[[J]]
// CHECK: attention.yield %{{.*}} : i1
// CHECK: } : tensor<2x4x6xf32>
// CHECK: attention.mask_scores %[[S]] sets(#[[$CAUSAL]]) keep(%{{.*}} : tensor<2x4x6xi1>) where (%{{.*}}: index, %{{.*}}: index, %{{.*}}: index) {
// CHECK: } bias(%{{.*}} : tensor<1x4x6xbf16>) {note = 1 : i64} : tensor<2x4x6xf32>
func.func @mask(%s: tensor<2x4x6xf32>, %keep: tensor<2x4x6xi1>, %bias: tensor<1x4x6xbf16>) {
  %0 = attention.mask_scores %s : tensor<2x4x6xf32>
  %1 = attention.mask_scores %s sets(#causal) : tensor<2x4x6xf32>
  %2 = attention.mask_scores %s keep(%keep : tensor<2x4x6xi1>) : tensor<2x4x6xf32>
  %3 = attention.mask_scores %s bias(%bias : tensor<1x4x6xbf16>) : tensor<2x4x6xf32>
  %4 = attention.mask_scores %s where (%b: index, %i: index, %j: index) {
    %p = arith.cmpi ne, %i, %j : index
    attention.yield %p : i1
  } : tensor<2x4x6xf32>
  %5 = attention.mask_scores %s sets(#causal) keep(%keep : tensor<2x4x6xi1>)
      where (%b: index, %i: index, %j: index) {
    %p = arith.cmpi ne, %i, %j : index
    attention.yield %p : i1
  } bias(%bias : tensor<1x4x6xbf16>) {note = 1} : tensor<2x4x6xf32>
  return
}

// Intersections, unions, and symbols of every type and rank, in order.
// CHECK-LABEL: func @mask_sets(
// CHECK-SAME: %[[S:[^ ]*]]: tensor<2x4x6xf32>, %[[N:.*]]: index, %[[M:.*]]: i32, %[[L:.*]]: i64, %[[T:.*]]: tensor<2xi32>, %[[U:.*]]: tensor<i64>, %[[X:.*]]: tensor<?xindex>
// CHECK: sets(#[[$LENGTH]][%[[N]] : index])
// CHECK: sets(#[[$CAUSAL]], #[[$LENGTH]][%[[T]] : tensor<2xi32>], #[[$LENGTH]][%[[U]] : tensor<i64>])
// CHECK: sets(#[[$LENGTH]][%[[X]] : tensor<?xindex>] or #[[$CAUSAL]] or #[[$WINDOW]][%[[M]] : i32, %[[L]] : i64], #[[$WINDOW]][%[[T]] : tensor<2xi32>, %[[N]] : index])
func.func @mask_sets(%s: tensor<2x4x6xf32>, %n: index, %m: i32, %l: i64, %t: tensor<2xi32>,
                     %u: tensor<i64>, %x: tensor<?xindex>) {
  %0 = attention.mask_scores %s sets(#length[%n : index]) : tensor<2x4x6xf32>
  %1 = attention.mask_scores %s
      sets(#causal, #length[%t : tensor<2xi32>], #length[%u : tensor<i64>]) : tensor<2x4x6xf32>
  %2 = attention.mask_scores %s
      sets(#length[%x : tensor<?xindex>] or #causal or #window[%m : i32, %l : i64],
           #window[%t : tensor<2xi32>, %n : index]) : tensor<2x4x6xf32>
  return
}

// Explicit maps, and broadcasts without one.
// CHECK-LABEL: func @mask_maps(
// CHECK: keep(%{{.*}} : tensor<1x?x6xi1>)
// CHECK: keep(%{{.*}} : tensor<6x4xi1> by #{{.*}}) bias(%{{.*}} : tensor<2x1xf32> by #{{.*}}) : tensor<8x4x6xf32>
func.func @mask_maps(%s: tensor<8x4x6xf32>, %b: tensor<1x?x6xi1>, %keep: tensor<6x4xi1>,
                     %bias: tensor<2x1xf32>) {
  %0 = attention.mask_scores %s keep(%b : tensor<1x?x6xi1>) : tensor<8x4x6xf32>
  %1 = attention.mask_scores %s
      keep(%keep : tensor<6x4xi1> by affine_map<(h, i, j) -> (j, i)>)
      bias(%bias : tensor<2x1xf32> by affine_map<(h, i, j) -> (h floordiv 4, 0)>)
    : tensor<8x4x6xf32>
  return
}

//===----------------------------------------------------------------------===//
// From scores to context
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @softmax(
// CHECK: = attention.softmax %[[S:[^ ]*]] : tensor<2x8x?x6xf32>
// CHECK: %{{.*}}, %{{.*}} = attention.softmax %[[S]] : tensor<2x8x?x6xf32>, tensor<2x8x?xf32>
// CHECK: = attention.softmax %[[S]] sinks(%{{.*}} : tensor<8xf32>) : tensor<2x8x?x6xf32>
// CHECK: = attention.softmax %[[S]] sinks(%{{.*}} : tensor<1x8xf32>) {note = 1 : i64} : tensor<2x8x?x6xf32>, tensor<2x8x?xf32>
// CHECK: = attention.softmax %{{.*}} sinks(%{{.*}} : tensor<f64>) : tensor<4x6xf64>
func.func @softmax(%s: tensor<2x8x?x6xf32>, %h: tensor<8xf32>, %bh: tensor<1x8xf32>,
                   %d: tensor<4x6xf64>, %one: tensor<f64>) {
  %0 = attention.softmax %s : tensor<2x8x?x6xf32>
  %1:2 = attention.softmax %s : tensor<2x8x?x6xf32>, tensor<2x8x?xf32>
  %2 = attention.softmax %s sinks(%h : tensor<8xf32>) : tensor<2x8x?x6xf32>
  %3:2 = attention.softmax %s sinks(%bh : tensor<1x8xf32>) {note = 1} : tensor<2x8x?x6xf32>, tensor<2x8x?xf32>
  %4 = attention.softmax %d sinks(%one : tensor<f64>) : tensor<4x6xf64>
  return
}

// CHECK-LABEL: func @as_weights(
// CHECK: = attention.as_weights %{{.*}} : tensor<2x?x6xf64>
func.func @as_weights(%s: tensor<2x?x6xf64>) {
  %0 = attention.as_weights %s : tensor<2x?x6xf64>
  return
}

// The result's element type is the user's choice.
// CHECK-LABEL: func @context(
// CHECK: attention.context %{{.*}}, %{{.*}} : tensor<8x4x6xf32>, tensor<2x6x16xbf16> -> tensor<8x4x16xbf16>
// CHECK: attention.context %{{.*}}, %{{.*}} : tensor<8x4x6xf32>, tensor<2x6x16xbf16> -> tensor<8x4x16xf64>
// CHECK: attention.context %{{.*}}, %{{.*}} : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf16>
func.func @context(%w: tensor<8x4x6xf32>, %v: tensor<2x6x16xbf16>, %wd: tensor<?x?xf64>, %vd: tensor<?x?xf64>) {
  %0 = attention.context %w, %v : tensor<8x4x6xf32>, tensor<2x6x16xbf16> -> tensor<8x4x16xbf16>
  %1 = attention.context %w, %v : tensor<8x4x6xf32>, tensor<2x6x16xbf16> -> tensor<8x4x16xf64>
  %2 = attention.context %wd, %vd : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf16>
  return
}

// Sizes of 0 are legal everywhere.
// CHECK-LABEL: func @empty(
// CHECK: attention.dot_score %{{.*}}, %{{.*}} scaled : tensor<0x4x0xf32>, tensor<0x0x0xf32> -> tensor<0x4x0xf32>
// CHECK: attention.context %{{.*}}, %{{.*}} : tensor<0x4x0xf32>, tensor<0x0x0xf32> -> tensor<0x4x0xf32>
func.func @empty(%q: tensor<0x4x0xf32>, %k: tensor<0x0x0xf32>) {
  %0 = attention.dot_score %q, %k scaled : tensor<0x4x0xf32>, tensor<0x0x0xf32> -> tensor<0x4x0xf32>
  %1 = attention.mask_scores %0 sets(#causal) : tensor<0x4x0xf32>
  %2 = attention.softmax %1 : tensor<0x4x0xf32>
  %3 = attention.context %2, %k : tensor<0x4x0xf32>, tensor<0x0x0xf32> -> tensor<0x4x0xf32>
  return
}
