// Readings of the weights become results of attention.fused, and no tensor of
// weights is left; what cannot be read key by key stays, and says why.
// RUN: attention-opt %s -attention-fuse -split-input-file -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -attention-fuse -split-input-file --remarks-filter='attention.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// In program order, wherever they stand; equal ones are one.
// CHECK-DAG: #[[$ROW:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMN:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2)>
// CHECK-LABEL: func @all(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x?x4xf32>, %[[K:[a-z0-9]+]]: tensor<2x?x4xf32>
// CHECK-DAG: %[[NQ:.*]] = tensor.dim %[[Q]]
// CHECK-DAG: %[[NK:.*]] = tensor.dim %{{.*}}
// CHECK-DAG: tensor.empty(%{{.*}}) : tensor<2x?x3xi32>
// CHECK-NOT: tensor<2x?x?xf32>
// CHECK: %[[R:[a-z0-9_]+]]:8 = attention.fused
// CHECK-SAME: : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?x3xf32>, tensor<2x?x3xi32>, tensor<2x?x5xf32>, tensor<2x?x5xi32>, tensor<2x?xf32>
// CHECK-SAME: by [#{{.*}}, #[[$ROW]], #[[$ROW]], #[[$ROW]], #[[$ROW]], #[[$ROW]], #[[$ROW]], #[[$COLUMN]]])
// CHECK-SAME: lse reads([#attention.entropy, #attention.top_k<3>, #attention.top_k<5>]) column_mass
// CHECK-NOT: attention.
// CHECK: return %[[R]]#0, %[[R]]#1, %[[R]]#2, %[[R]]#3, %[[R]]#4, %[[R]]#3, %[[R]]#6, %[[R]]#7
// REMARK: fused 'attention.dot_score' with 0 changes, reading 'attention.entropy', 'attention.top_k', 'attention.column_mass'
func.func @all(%q: tensor<2x?x4xf32>, %k: tensor<2x?x4xf32>, %v: tensor<2x?x8xf32>)
    -> (tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?x3xf32>, tensor<2x?x3xi32>,
        tensor<2x?x3xf32>, tensor<2x?x5xi32>, tensor<2x?xf32>) {
  %s = attention.dot_score %q, %k : tensor<2x?x4xf32>, tensor<2x?x4xf32> -> tensor<2x?x?xf32>
  %w, %lse = attention.softmax %s : tensor<2x?x?xf32>, tensor<2x?xf32>
  %m = attention.column_mass %w : tensor<2x?x?xf32> -> tensor<2x?xf32>
  %h = attention.entropy %w : tensor<2x?x?xf32> -> tensor<2x?xf32>
  %t0, %k0 = attention.top_k %w k(3) : tensor<2x?x?xf32> -> tensor<2x?x3xf32>, tensor<2x?x3xi32>
  %o = attention.context %w, %v : tensor<2x?x?xf32>, tensor<2x?x8xf32> -> tensor<2x?x8xf32>
  %t1, %k1 = attention.top_k %w k(3) : tensor<2x?x?xf32> -> tensor<2x?x3xf32>, tensor<2x?x3xi32>
  %t2, %k2 = attention.top_k %w k(5) : tensor<2x?x?xf32> -> tensor<2x?x5xf32>, tensor<2x?x5xi32>
  return %o, %lse, %h, %t0, %k0, %t1, %k2, %m
       : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>, tensor<2x?x3xf32>, tensor<2x?x3xi32>,
         tensor<2x?x3xf32>, tensor<2x?x5xi32>, tensor<2x?xf32>
}

// -----

// What a reading's type says of the extents, the operation says.
// CHECK-LABEL: func @extents(
// CHECK: %[[R:[a-z0-9_]+]]:3 = attention.fused {{.*}} outs({{.*}} : tensor<4x8xf32>, tensor<4xf32>, tensor<6xf32> by
// CHECK: %[[C:.*]] = tensor.cast %[[R]]#0 : tensor<4x8xf32> to tensor<?x8xf32>
// CHECK: return %[[C]], %[[R]]#1, %[[R]]#2
func.func @extents(%q: tensor<?x4xf32>, %k: tensor<?x4xf32>, %v: tensor<?x8xf32>)
    -> (tensor<?x8xf32>, tensor<4xf32>, tensor<6xf32>) {
  %s = attention.dot_score %q, %k : tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x?xf32>
  %w = attention.softmax %s : tensor<?x?xf32>
  %h = attention.entropy %w : tensor<?x?xf32> -> tensor<4xf32>
  %m = attention.column_mass %w : tensor<?x?xf32> -> tensor<6xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x8xf32> -> tensor<?x8xf32>
  return %o, %h, %m : tensor<?x8xf32>, tensor<4xf32>, tensor<6xf32>
}

// -----

// Weights that a modifier made need not grow with the score, nor be a
// distribution: they are a result, and read there; their columns still add up.
// CHECK-LABEL: func @as_weights(
// CHECK: %[[R:[a-z0-9_]+]]:3 = attention.fused {{.*}} normaliser(#attention.as_weights) {{.*}} weights column_mass
// CHECK: attention.top_k %[[R]]#1 k(3)
// CHECK: attention.entropy %[[R]]#1
// CHECK: return {{.*}}, %[[R]]#2
// REMARK: 'attention.top_k' reads a tensor of weights: it cannot read those of #attention.as_weights key by key
// REMARK: 'attention.entropy' reads a tensor of weights: it cannot read those of #attention.as_weights key by key
// REMARK: fused 'attention.dot_score' with 0 changes, reading 'attention.column_mass'
func.func @as_weights(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x3xf32>, tensor<4xf32>, tensor<6xf32>) {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention.as_weights %s : tensor<4x6xf32>
  %t, %i = attention.top_k %w k(3) : tensor<4x6xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
  %h = attention.entropy %w : tensor<4x6xf32> -> tensor<4xf32>
  %m = attention.column_mass %w : tensor<4x6xf32> -> tensor<6xf32>
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o, %t, %h, %m : tensor<4x8xf32>, tensor<4x3xf32>, tensor<4xf32>, tensor<6xf32>
}

// -----

// A reading in another block is a user of the weights like any other.
// CHECK-LABEL: func @nested(
// CHECK: attention.fused {{.*}} weights reads([#attention.top_k<1>])
// CHECK: scf.if
// CHECK: attention.entropy
// REMARK: fused 'attention.dot_score' with 0 changes, reading 'attention.top_k'
func.func @nested(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x8xf32>, %c: i1, %e: tensor<4xf32>)
    -> (tensor<4x8xf32>, tensor<4xf32>, tensor<4x1xi32>) {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  %t, %i = attention.top_k %w k(1) : tensor<4x6xf32> -> tensor<4x1xf32>, tensor<4x1xi32>
  %h = scf.if %c -> tensor<4xf32> {
    %x = attention.entropy %w : tensor<4x6xf32> -> tensor<4xf32>
    scf.yield %x : tensor<4xf32>
  } else {
    scf.yield %e : tensor<4xf32>
  }
  return %o, %h, %i : tensor<4x8xf32>, tensor<4xf32>, tensor<4x1xi32>
}

// -----

// The operation stands before the first user of a reading. Where the values come
// later, as they do if they are one, the weights are a tensor.
// CHECK-LABEL: func @values_of_reading(
// CHECK: %[[R:[a-z0-9_]+]]:4 = attention.fused {{.*}} weights reads([#attention.top_k<4>])
// CHECK: attention.fused {{.*}} value(%[[R]]#2 : {{.*}} changes(bias(%[[R]]#1 :
// REMARK: weights are read from memory: the values are made after a user of the weights, 'attention.top_k' at
// REMARK: fused weights in memory with 0 changes
// REMARK: fused 'attention.dot_score' with 0 changes, without a context, reading 'attention.top_k'
func.func @values_of_reading(%q: tensor<4x8xf32>, %k: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x4xf32>
  %w = attention.softmax %s : tensor<4x4xf32>
  %t, %i = attention.top_k %w k(4) : tensor<4x4xf32> -> tensor<4x4xf32>, tensor<4x4xi32>
  %o = attention.context %w, %t : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %o : tensor<4x4xf32>
}

// -----

// CHECK-LABEL: func @values_from_reading(
// CHECK: %[[R:[a-z0-9_]+]]:4 = attention.fused {{.*}} weights reads([#attention.top_k<4>])
// CHECK: %[[V:.*]] = math.sqrt %[[R]]#2
// CHECK: attention.fused {{.*}} value(%[[V]] : {{.*}} changes(bias(%[[R]]#1 :
// REMARK: weights are read from memory: the values are made after a user of 'attention.top_k', 'math.sqrt' at
func.func @values_from_reading(%q: tensor<4x8xf32>, %k: tensor<4x8xf32>) -> tensor<4x4xf32> {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<4x8xf32> -> tensor<4x4xf32>
  %w = attention.softmax %s : tensor<4x4xf32>
  %t, %i = attention.top_k %w k(4) : tensor<4x4xf32> -> tensor<4x4xf32>, tensor<4x4xi32>
  %v = math.sqrt %t : tensor<4x4xf32>
  %o = attention.context %w, %v : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %o : tensor<4x4xf32>
}

// -----

// Without a context there are values of one feature, 0: no work to speak of.
// CHECK-DAG: #[[$ZEROS:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d4)>
// CHECK-LABEL: func @no_context(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x?x4xf32>, %[[K:[a-z0-9]+]]: tensor<2x?x4xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[K]]
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]]) : tensor<?x1xf32>
// CHECK: %[[V:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]] : tensor<?x1xf32>)
// CHECK: tensor.empty(%{{.*}}) : tensor<2x?x1xf32>
// CHECK: %[[R:[a-z0-9_]+]]:5 = attention.fused
// CHECK-SAME: value(%[[V]] : tensor<?x1xf32> by #[[$ZEROS]])
// CHECK-SAME: lse reads([#attention.top_k<3>]) column_mass
// CHECK: return %[[R]]#3, %[[R]]#1, %[[R]]#4
// REMARK: fused 'attention.dot_score' with 0 changes, without a context, reading 'attention.top_k', 'attention.column_mass'
func.func @no_context(%q: tensor<2x?x4xf32>, %k: tensor<2x?x4xf32>, %v: tensor<2x?x8xf32>)
    -> (tensor<2x?x3xi32>, tensor<2x?xf32>, tensor<2x?xf32>) {
  %s = attention.dot_score %q, %k : tensor<2x?x4xf32>, tensor<2x?x4xf32> -> tensor<2x?x?xf32>
  %w, %lse = attention.softmax %s : tensor<2x?x?xf32>, tensor<2x?xf32>
  %t, %i = attention.top_k %w k(3) : tensor<2x?x?xf32> -> tensor<2x?x3xf32>, tensor<2x?x3xi32>
  %m = attention.column_mass %w : tensor<2x?x?xf32> -> tensor<2x?xf32>
  // Nobody uses it.
  %o = attention.context %w, %v : tensor<2x?x?xf32>, tensor<2x?x8xf32> -> tensor<2x?x8xf32>
  return %i, %lse, %m : tensor<2x?x3xi32>, tensor<2x?xf32>, tensor<2x?xf32>
}

// -----

// Weights alone, of f64 though queries and keys are f32: so are the zeros.
// CHECK-LABEL: func @weights(
// CHECK: linalg.fill {{.*}} -> tensor<6x1xf64>
// CHECK: %[[R:[a-z0-9_]+]]:2 = attention.fused {{.*}} weights
// CHECK: return %[[R]]#1
// REMARK: fused 'attention.dot_score' with 0 changes, without a context
func.func @weights(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x6xf64> {
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf64>
  %w = attention.softmax %s : tensor<4x6xf64>
  return %w : tensor<4x6xf64>
}

// -----

// Scores that come from elsewhere are read from memory.
// CHECK-LABEL: func @scores_of_others(
// CHECK-SAME: %[[S:[a-z0-9]+]]: tensor<4x6xf32>
// CHECK: %[[R:[a-z0-9_]+]]:2 = attention.fused {{.*}} changes(bias(%[[S]] : {{.*}} reads([#attention.entropy])
// CHECK: return %[[R]]#1
// REMARK: scores are read from memory: the scores are not a score function's
// REMARK: fused scores in memory with 0 changes, without a context, reading 'attention.entropy'
func.func @scores_of_others(%s: tensor<4x6xf32>) -> tensor<4xf32> {
  %w = attention.softmax %s : tensor<4x6xf32>
  %h = attention.entropy %w : tensor<4x6xf32> -> tensor<4xf32>
  return %h : tensor<4xf32>
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (e, i)>
#r = affine_map<(i, j, d, e) -> (i)>

// Fused already, with a context that nobody uses: it is given up.
// CHECK-LABEL: func @unused_context(
// CHECK: %[[V:.*]] = linalg.fill {{.*}} -> tensor<6x1xf16>
// CHECK: %[[O:.*]] = tensor.empty() : tensor<1x4xbf16>
// CHECK: attention.fused {{.*}} value(%[[V]] : tensor<6x1xf16> by
// CHECK-SAME: outs(%[[O]], %{{.*}} : tensor<1x4xbf16>, tensor<4xf32> by
// REMARK: nobody uses the context: not computed
func.func @unused_context(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x8xf16>, %o: tensor<8x4xbf16>,
                          %h: tensor<4xf32>) -> tensor<4xf32> {
  %r:2 = attention.fused query(%q : tensor<4x8xf32> by #q) key(%k : tensor<6x8xf32> by #k)
      value(%v : tensor<6x8xf16> by #v) normaliser(#attention.softmax)
      outs(%o, %h : tensor<8x4xbf16>, tensor<4xf32> by [#o, #r]) reads([#attention.entropy])
  return %r#1 : tensor<4xf32>
}
