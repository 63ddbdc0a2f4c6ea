// What folds and canonicalises in attention.mask_scores, and what must not.
// RUN: attention-opt %s -canonicalize -split-input-file | FileCheck %s

//===----------------------------------------------------------------------===//
// Sets against the extents
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @no_clause(
// CHECK-SAME: %[[S:.*]]: tensor<4x6xf32>
// CHECK-NEXT: return %[[S]]
func.func @no_clause(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @always_true(
// CHECK-SAME: %[[S:.*]]: tensor<4x6xf32>
// CHECK-NEXT: return %[[S]]
func.func @always_true(%s: tensor<4x6xf32>, %n: index) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j) : (i >= 0, 5 - j >= 0, i mod 4 - i == 0, j floordiv 6 == 0, i + j + 9223372036854775807 >= 0)>,
           affine_set<(i, j)[n] : (n - j >= 0)>[%n : index] or affine_set<(i, j) : (8 - i - j >= 0)>)
    : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// Implied by the extents, but for those known at run time only.
// CHECK: #[[$SET:.*]] = affine_set<(d0, d1) : (-d1 + 5 >= 0)>
// CHECK-LABEL: func @dynamic_extent(
// CHECK: attention.mask_scores %{{.*}} sets(#[[$SET]]) : tensor<4x?xf32>
func.func @dynamic_extent(%s: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j) : (3 - i >= 0, j >= 0, 5 - j >= 0)>) : tensor<4x?xf32>
  return %m : tensor<4x?xf32>
}

// -----

// A constraint that nothing implies stays, with its symbol; a symbol may have any value.
// CHECK: #[[$SET:.*]] = affine_set<(d0, d1)[s0] : (d0 - d1 >= 0, -d1 + s0 >= 0)>
// CHECK-LABEL: func @some_constraints(
// CHECK: attention.mask_scores %{{.*}} sets(#[[$SET]][%{{.*}} : index]) : tensor<4x6xf32>
func.func @some_constraints(%s: tensor<4x6xf32>, %n: index) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j)[n] : (i >= 0, i - j >= 0, n - j >= 0, 7 - i - j + 1 >= 0)>[%n : index])
    : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// Causal from the bottom right is no mask at all for one query.
// CHECK-LABEL: func @one_query(
// CHECK-SAME: %[[S:.*]]: tensor<8x1x77xf32>
// CHECK-NEXT: return %[[S]]
func.func @one_query(%s: tensor<8x1x77xf32>) -> tensor<8x1x77xf32> {
  %m = attention.mask_scores %s sets(affine_set<(h, i, j) : (i + 76 - j >= 0)>) : tensor<8x1x77xf32>
  return %m : tensor<8x1x77xf32>
}

// -----

// An equality goes only if both of its halves are implied. A coefficient of
// −2⁶³ was once lost in its own negation.
// CHECK-DAG: #[[$EQ:.*]] = affine_set<(d0, d1) : (d0 == 0)>
// CHECK-DAG: #[[$BIG:.*]] = affine_set<(d0, d1) : (d0 * -9223372036854775808 == 0)>
// CHECK-LABEL: func @equality(
// CHECK: sets(#[[$EQ]])
// CHECK: sets(#[[$BIG]])
func.func @equality(%s: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %a = attention.mask_scores %s sets(affine_set<(i, j) : (i == 0)>) : tensor<4x6xf32>
  %b = attention.mask_scores %s
      sets(affine_set<(i, j) : (i * -9223372036854775807 - i == 0)>) : tensor<4x6xf32>
  return %a, %b : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @always_false(
// CHECK: %[[INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x6xf32>
// CHECK: %[[F:.*]] = linalg.fill ins(%[[INF]] : f32) outs(%[[E]] : tensor<4x6xf32>)
// CHECK: return %[[F]]
func.func @always_false(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (j - i - 6 >= 0)>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// No element whatever the extents and the symbol are.
// CHECK-LABEL: func @always_false_dynamic(
// CHECK-SAME: %[[S:.*]]: tensor<?x6xf64>
// CHECK: %[[INF:.*]] = arith.constant 0xFFF0000000000000 : f64
// CHECK: %[[D:.*]] = tensor.dim %[[S]], %{{.*}}
// CHECK: %[[E:.*]] = tensor.empty(%[[D]]) : tensor<?x6xf64>
// CHECK: linalg.fill ins(%[[INF]] : f64) outs(%[[E]] : tensor<?x6xf64>)
func.func @always_false_dynamic(%s: tensor<?x6xf64>, %n: i32, %k: tensor<?x6xi1>) -> tensor<?x6xf64> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j)[n] : (n - i >= 0, i - n - 1 >= 0)>[%n : i32])
      keep(%k : tensor<?x6xi1>) : tensor<?x6xf64>
  return %m : tensor<?x6xf64>
}

// -----

// Empty members leave a union; their symbols go with them.
// CHECK-DAG: #[[$A:.*]] = affine_set<(d0, d1)[s0] : (-d1 + s0 >= 0)>
// CHECK-DAG: #[[$B:.*]] = affine_set<(d0, d1) : (d0 - d1 >= 0)>
// CHECK-LABEL: func @union_members(
// CHECK-SAME: %{{.*}}: tensor<4x6xf32>, %[[N:.*]]: index, %[[M:.*]]: index
// CHECK: attention.mask_scores %{{.*}} sets(#[[$A]][%[[M]] : index] or #[[$B]]) : tensor<4x6xf32>
func.func @union_members(%s: tensor<4x6xf32>, %n: index, %m: index) -> tensor<4x6xf32> {
  %r = attention.mask_scores %s
      sets(affine_set<(i, j)[n] : (i - 4 >= 0, n >= 0)>[%n : index]
           or affine_set<(i, j)[n] : (n - j >= 0)>[%m : index] or affine_set<(i, j) : (i - j >= 0)>)
    : tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}

// -----

// A union of sets that are empty each has no element.
// CHECK-LABEL: func @union_empty(
// CHECK: linalg.fill
// CHECK-NOT: attention.mask_scores
func.func @union_empty(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = attention.mask_scores %s
      sets(affine_set<(i, j) : (i - 4 >= 0)> or affine_set<(i, j) : (1 == 0)>) : tensor<4x6xf32>
  return %r : tensor<4x6xf32>
}

// -----

// A symbol as divisor, modulus or factor is opaque: such a set stays whole, also
// where a constraint of it holds everywhere.
// CHECK-DAG: #[[$MOD:.*]] = affine_set<(d0, d1)[s0] : (d0 mod s0 >= 0, d0 >= 0)>
// CHECK-DAG: #[[$DIV:.*]] = affine_set<(d0, d1)[s0] : (d0 floordiv s0 - d1 floordiv s0 == 0)>
// CHECK-DAG: #[[$MUL:.*]] = affine_set<(d0, d1)[s0] : (d0 * s0 - d1 >= 0)>
// CHECK-LABEL: func @semi_affine(
// CHECK: sets(#[[$MOD]][%{{.*}} : index], #[[$DIV]][%{{.*}} : index], #[[$MUL]][%{{.*}} : index])
func.func @semi_affine(%s: tensor<4x6xf32>, %n: index) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j)[n] : (i mod n >= 0, i >= 0)>[%n : index],
           affine_set<(i, j)[n] : (i floordiv n - j floordiv n == 0)>[%n : index],
           affine_set<(i, j)[n] : (i * n - j >= 0)>[%n : index]) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// More quotients than it is worth deciding: left alone, i >= 0 included.
// CHECK-LABEL: func @too_large(
// CHECK: attention.mask_scores
func.func @too_large(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %m = attention.mask_scores %s
      sets(affine_set<(i, j) : (i >= 0, i mod 2 + i mod 3 + i mod 5 + i mod 7 + i mod 11
                                + j mod 2 + j mod 3 + j mod 5 + j mod 7 >= 0)>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @no_scores(
// CHECK: linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<0x6xf32>)
func.func @no_scores(%s: tensor<0x6xf32>) -> tensor<0x6xf32> {
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<0x6xf32>
  return %m : tensor<0x6xf32>
}

//===----------------------------------------------------------------------===//
// Constant tensors and regions
//===----------------------------------------------------------------------===//

// -----

// CHECK-LABEL: func @constants_say_nothing(
// CHECK-SAME: %[[S:.*]]: tensor<4x6xf32>
// CHECK-NEXT: return %[[S]]
func.func @constants_say_nothing(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %keep = arith.constant dense<true> : tensor<6xi1>
  %bias = arith.constant dense<0.0> : tensor<1x6xbf16>
  %m = attention.mask_scores %s keep(%keep : tensor<6xi1> by affine_map<(i, j) -> (j)>)
      where (%i: index, %j: index) {
    %true = arith.constant true
    attention.yield %true : i1
  } bias(%bias : tensor<1x6xbf16>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// One clause goes, the others stay, with their maps.
// CHECK-LABEL: func @constant_keep(
// CHECK: attention.mask_scores %{{.*}} bias(%{{.*}} : tensor<6xf32> by #{{.*}}) : tensor<4x6xf32>
func.func @constant_keep(%s: tensor<4x6xf32>, %bias: tensor<6xf32>) -> tensor<4x6xf32> {
  %keep = arith.constant dense<true> : tensor<4x1xi1>
  %m = attention.mask_scores %s keep(%keep : tensor<4x1xi1>)
      bias(%bias : tensor<6xf32> by affine_map<(i, j) -> (j)>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @keep_nothing(
// CHECK: linalg.fill
// CHECK-NOT: attention.mask_scores
func.func @keep_nothing(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %keep = arith.constant dense<false> : tensor<4x1xi1>
  %m = attention.mask_scores %s keep(%keep : tensor<4x1xi1>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @where_nothing(
// CHECK: linalg.fill
// CHECK-NOT: attention.mask_scores
func.func @where_nothing(%s: tensor<4x6xf32>, %bias: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %false = arith.constant false
  %m = attention.mask_scores %s where (%i: index, %j: index) {
    attention.yield %false : i1
  } bias(%bias : tensor<4x6xf32>) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @constants_that_say_something(
// CHECK: attention.mask_scores %{{.*}} keep(%{{.*}} : tensor<1x2xi1>) bias(%{{.*}} : tensor<1x2xf32>)
// CHECK: attention.mask_scores %{{.*}} bias(%{{.*}} : tensor<1x1xf32>)
func.func @constants_that_say_something(%s: tensor<4x2xf32>, %t: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %keep = arith.constant dense<[[true, false]]> : tensor<1x2xi1>
  %bias = arith.constant dense<[[0.0, 1.0]]> : tensor<1x2xf32>
  %inf = arith.constant dense<0xFF800000> : tensor<1x1xf32>
  %a = attention.mask_scores %s keep(%keep : tensor<1x2xi1>) bias(%bias : tensor<1x2xf32>) : tensor<4x2xf32>
  %b = attention.mask_scores %t bias(%inf : tensor<1x1xf32>) : tensor<4x2xf32>
  return %a, %b : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// A constant without an element has no value to look at.
// CHECK-LABEL: func @constants_without_elements(
// CHECK: return
func.func @constants_without_elements(%s: tensor<0x6xf32>) -> tensor<0x6xf32> {
  %keep = arith.constant dense<> : tensor<0x6xi1>
  %bias = arith.constant dense<> : tensor<0x6xf32>
  %m = attention.mask_scores %s keep(%keep : tensor<0x6xi1>) bias(%bias : tensor<0x6xf32>) : tensor<0x6xf32>
  return %m : tensor<0x6xf32>
}

//===----------------------------------------------------------------------===//
// Masks of masks
//===----------------------------------------------------------------------===//

// -----

// Sets, symbols in order, keep, where and the bias of two masks.
// CHECK-DAG: #[[$CAUSAL:.*]] = affine_set<(d0, d1) : (d0 - d1 >= 0)>
// CHECK-DAG: #[[$LENGTH:.*]] = affine_set<(d0, d1)[s0] : (-d1 + s0 >= 0)>
// CHECK-DAG: #[[$ROWS:.*]] = affine_set<(d0, d1)[s0] : (d0 - s0 >= 0)>
// CHECK-LABEL: func @merge(
// CHECK-SAME: %[[S:.*]]: tensor<4x6xf32>, %[[N:.*]]: index, %[[M:.*]]: i32, %[[K:.*]]: tensor<6xi1>, %[[B:.*]]: tensor<4x6xf32>
// CHECK-NEXT: %[[R:.*]] = attention.mask_scores %[[S]] sets(#[[$LENGTH]][%[[N]] : index], #[[$CAUSAL]], #[[$ROWS]][%[[M]] : i32]) keep(%[[K]] : tensor<6xi1> by #{{.*}}) where (%[[I:.*]]: index, %[[J:.*]]: index) {
// CHECK: arith.cmpi ne, %[[I]], %[[J]]
// CHECK: } bias(%[[B]] : tensor<4x6xf32>) : tensor<4x6xf32>
// CHECK: return %[[R]]
func.func @merge(%s: tensor<4x6xf32>, %n: index, %m: i32, %keep: tensor<6xi1>,
                 %bias: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s sets(affine_set<(i, j)[n] : (n - j >= 0)>[%n : index])
      keep(%keep : tensor<6xi1> by affine_map<(i, j) -> (j)>)
      where (%i: index, %j: index) {
    %p = arith.cmpi ne, %i, %j : index
    attention.yield %p : i1
  } : tensor<4x6xf32>
  %b = attention.mask_scores %a
      sets(affine_set<(i, j) : (i - j >= 0)>, affine_set<(i, j)[n] : (i - n >= 0)>[%m : i32])
      bias(%bias : tensor<4x6xf32>) : tensor<4x6xf32>
  return %b : tensor<4x6xf32>
}

// -----

// Three masks are one.
// CHECK-LABEL: func @merge_three(
// CHECK-COUNT-1: attention.mask_scores
// CHECK-NOT: attention.mask_scores
func.func @merge_three(%s: tensor<4x6xf32>, %n: index, %keep: tensor<4x6xi1>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s keep(%keep : tensor<4x6xi1>) : tensor<4x6xf32>
  %b = attention.mask_scores %a sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<4x6xf32>
  %c = attention.mask_scores %b sets(affine_set<(i, j)[n] : (n - j >= 0)>[%n : index]) : tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @two_keeps(
// CHECK-COUNT-2: attention.mask_scores
func.func @two_keeps(%s: tensor<4x6xf32>, %k: tensor<4x6xi1>, %l: tensor<4x6xi1>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s keep(%k : tensor<4x6xi1>) : tensor<4x6xf32>
  %b = attention.mask_scores %a keep(%l : tensor<4x6xi1>) : tensor<4x6xf32>
  return %b : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @two_biases(
// CHECK-COUNT-2: attention.mask_scores
func.func @two_biases(%s: tensor<4x6xf32>, %k: tensor<4x6xf32>, %l: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s bias(%k : tensor<4x6xf32>) : tensor<4x6xf32>
  %b = attention.mask_scores %a bias(%l : tensor<4x6xf32>) : tensor<4x6xf32>
  return %b : tensor<4x6xf32>
}

// -----

// CHECK-LABEL: func @two_regions(
// CHECK-COUNT-2: attention.mask_scores
func.func @two_regions(%s: tensor<4x6xf32>, %p: tensor<4xi1>, %q: tensor<6xi1>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s where (%i: index, %j: index) {
    %x = tensor.extract %p[%i] : tensor<4xi1>
    attention.yield %x : i1
  } : tensor<4x6xf32>
  %b = attention.mask_scores %a where (%i: index, %j: index) {
    %x = tensor.extract %q[%j] : tensor<6xi1>
    attention.yield %x : i1
  } : tensor<4x6xf32>
  return %b : tensor<4x6xf32>
}

// -----

// A bias of −inf makes pairs absent before the region: merged, the region would
// be evaluated there.
// CHECK-LABEL: func @bias_before_where(
// CHECK: attention.mask_scores %{{.*}} bias
// CHECK: attention.mask_scores %{{.*}} where
func.func @bias_before_where(%s: tensor<4x6xf32>, %bias: tensor<4x6xf32>, %q: tensor<?xi1>) -> tensor<4x6xf32> {
  %a = attention.mask_scores %s bias(%bias : tensor<4x6xf32>) : tensor<4x6xf32>
  %b = attention.mask_scores %a where (%i: index, %j: index) {
    %x = tensor.extract %q[%j] : tensor<?xi1>
    attention.yield %x : i1
  } : tensor<4x6xf32>
  return %b : tensor<4x6xf32>
}

// -----

// Masked scores that somebody else reads stay.
// CHECK-LABEL: func @shared(
// CHECK: %[[A:.*]] = attention.mask_scores
// CHECK: %[[B:.*]] = attention.mask_scores %[[A]]
// CHECK: return %[[A]], %[[B]]
func.func @shared(%s: tensor<4x6xf32>, %k: tensor<4x6xi1>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  %a = attention.mask_scores %s keep(%k : tensor<4x6xi1>) : tensor<4x6xf32>
  %b = attention.mask_scores %a sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<4x6xf32>
  return %a, %b : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

// The scores as their own bias, or read by the region, are two uses.
// CHECK-LABEL: func @used_twice(
// CHECK-COUNT-3: attention.mask_scores
func.func @used_twice(%s: tensor<4x6xf32>, %k: tensor<4x6xi1>) -> tensor<4x6xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %a = attention.mask_scores %s keep(%k : tensor<4x6xi1>) : tensor<4x6xf32>
  %b = attention.mask_scores %a bias(%a : tensor<4x6xf32>) : tensor<4x6xf32>
  %c = attention.mask_scores %b where (%i: index, %j: index) {
    %x = tensor.extract %b[%i, %c0] : tensor<4x6xf32>
    %p = arith.cmpf ogt, %x, %zero : f32
    attention.yield %p : i1
  } : tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}
