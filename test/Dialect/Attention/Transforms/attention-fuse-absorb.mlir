// attention-fuse makes data movement part of indexing maps, and leaves what is
// not a map.
// RUN: attention-opt %s -attention-fuse -split-input-file -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -attention-fuse -split-input-file --remarks-filter='attention.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: attention-opt %s -attention-fuse -split-input-file -o %t.once
// RUN: attention-opt %s -attention-fuse -attention-fuse -split-input-file | diff %t.once -

// [seq, heads, d] in, and out.
// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0, d3)>
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d0, d3)>
// CHECK-DAG: #[[$V:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d0 floordiv 4, d4)>
// CHECK-DAG: #[[$O:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0, d4)>
// CHECK-LABEL: func @transposes
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<77x8x32xf32>, %[[K:[a-z0-9_]+]]: tensor<?x8x32xf32>, %[[V:[a-z0-9_]+]]: tensor<?x2x16xf32>)
func.func @transposes(%q: tensor<77x8x32xf32>, %k: tensor<?x8x32xf32>, %v: tensor<?x2x16xf32>) -> tensor<77x8x16xf32> {
  // CHECK-NOT: linalg
  // CHECK: %[[E:[a-z0-9_]+]] = tensor.empty() : tensor<77x8x16xf32>
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused query(%[[Q]] : tensor<77x8x32xf32> by #[[$Q]]) key(%[[K]] : tensor<?x8x32xf32> by #[[$K]]) value(%[[V]] : tensor<?x2x16xf32> by #[[$V]])
  // CHECK-SAME: outs(%[[E]] : tensor<77x8x16xf32> by [#[[$O]]])
  // CHECK-NEXT: return %[[R]]
  // REMARK: remark: [Passed] Fused | Category:attention-fuse | Remark="fused 'attention.dot_score' with 0 changes, absorbing 'linalg.transpose', 'linalg.transpose', 'linalg.generic', 'linalg.transpose'"
  %c0 = arith.constant 0 : index
  %n = tensor.dim %k, %c0 : tensor<?x8x32xf32>
  %qe = tensor.empty() : tensor<8x77x32xf32>
  %qt = linalg.transpose ins(%q : tensor<77x8x32xf32>) outs(%qe : tensor<8x77x32xf32>) permutation = [1, 0, 2]
  %ke = tensor.empty(%n) : tensor<8x?x32xf32>
  %kt = linalg.transpose ins(%k : tensor<?x8x32xf32>) outs(%ke : tensor<8x?x32xf32>) permutation = [1, 0, 2]
  %ve = tensor.empty(%n) : tensor<2x?x16xf32>
  %vt = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (b, a, c)>],
                        iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%v : tensor<?x2x16xf32>) outs(%ve : tensor<2x?x16xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
  } -> tensor<2x?x16xf32>
  %s = attention.dot_score %qt, %kt : tensor<8x77x32xf32>, tensor<8x?x32xf32> -> tensor<8x77x?xf32>
  %w = attention.softmax %s : tensor<8x77x?xf32>
  %o = attention.context %w, %vt : tensor<8x77x?xf32>, tensor<2x?x16xf32> -> tensor<8x77x16xf32>
  %oe = tensor.empty() : tensor<77x8x16xf32>
  %ot = linalg.transpose ins(%o : tensor<8x77x16xf32>) outs(%oe : tensor<77x8x16xf32>) permutation = [1, 0, 2]
  return %ot : tensor<77x8x16xf32>
}

// -----

// Three dimensions in a circle, there and back again; a destination that is
// there is written to.
// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d0, d1)>
// CHECK-DAG: #[[$O:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4, d0)>
// CHECK-LABEL: func @circles
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<5x2x3xf32>, %[[K:[a-z0-9_]+]]: tensor<2x7x5xf32>, %[[INIT:[a-z0-9_]+]]: tensor<3x5x2xf32>)
func.func @circles(%q: tensor<5x2x3xf32>, %k: tensor<2x7x5xf32>, %init: tensor<3x5x2xf32>) -> tensor<3x5x2xf32> {
  // CHECK: attention.fused query(%[[Q]] : tensor<5x2x3xf32> by #[[$Q]])
  // CHECK-SAME: outs(%[[INIT]] : tensor<3x5x2xf32> by [#[[$O]]])
  // CHECK-NEXT: return
  %qe = tensor.empty() : tensor<2x3x5xf32>
  %qt = linalg.transpose ins(%q : tensor<5x2x3xf32>) outs(%qe : tensor<2x3x5xf32>) permutation = [1, 2, 0]
  %s = attention.dot_score %qt, %k : tensor<2x3x5xf32>, tensor<2x7x5xf32> -> tensor<2x3x7xf32>
  %w = attention.softmax %s : tensor<2x3x7xf32>
  %o = attention.context %w, %k : tensor<2x3x7xf32>, tensor<2x7x5xf32> -> tensor<2x3x5xf32>
  %ot = linalg.transpose ins(%o : tensor<2x3x5xf32>) outs(%init : tensor<3x5x2xf32>) permutation = [1, 2, 0]
  return %ot : tensor<3x5x2xf32>
}

// -----

// Heads repeated by a broadcast and a reshape, after a transpose: one map.
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d1 floordiv 4, d4)>
// CHECK-DAG: #[[$V:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1 floordiv 4, d3, d5)>
// CHECK-LABEL: func @repeated_heads
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x8x4x3xf32>, %[[K:[a-z0-9_]+]]: tensor<?x6x2x3xf32>, %[[V:[a-z0-9_]+]]: tensor<2x6x5xf32>, %[[B:[a-z0-9_]+]]: index)
func.func @repeated_heads(%q: tensor<?x8x4x3xf32>, %k: tensor<?x6x2x3xf32>, %v: tensor<2x6x5xf32>, %b: index) -> tensor<?x8x4x5xf32> {
  // CHECK-NOT: linalg
  // CHECK: attention.fused
  // CHECK-SAME: key(%[[K]] : tensor<?x6x2x3xf32> by #[[$K]]) value(%[[V]] : tensor<2x6x5xf32> by #[[$V]])
  // CHECK-NOT: linalg
  // CHECK: return
  // REMARK: absorbing 'tensor.collapse_shape', 'linalg.broadcast', 'linalg.transpose', 'tensor.collapse_shape', 'linalg.broadcast', 'linalg.broadcast'
  %e0 = tensor.empty(%b) : tensor<?x2x6x3xf32>
  %k0 = linalg.transpose ins(%k : tensor<?x6x2x3xf32>) outs(%e0 : tensor<?x2x6x3xf32>) permutation = [0, 2, 1, 3]
  %e1 = tensor.empty(%b) : tensor<?x2x4x6x3xf32>
  %k1 = linalg.broadcast ins(%k0 : tensor<?x2x6x3xf32>) outs(%e1 : tensor<?x2x4x6x3xf32>) dimensions = [2]
  %k2 = tensor.collapse_shape %k1 [[0], [1, 2], [3], [4]] : tensor<?x2x4x6x3xf32> into tensor<?x8x6x3xf32>
  %e2 = tensor.empty(%b) : tensor<?x2x6x5xf32>
  %v0 = linalg.broadcast ins(%v : tensor<2x6x5xf32>) outs(%e2 : tensor<?x2x6x5xf32>) dimensions = [0]
  %e3 = tensor.empty(%b) : tensor<?x2x4x6x5xf32>
  %v1 = linalg.broadcast ins(%v0 : tensor<?x2x6x5xf32>) outs(%e3 : tensor<?x2x4x6x5xf32>) dimensions = [2]
  %v2 = tensor.collapse_shape %v1 [[0], [1, 2], [3], [4]] : tensor<?x2x4x6x5xf32> into tensor<?x8x6x5xf32>
  %s = attention.dot_score %q, %k2 : tensor<?x8x4x3xf32>, tensor<?x8x6x3xf32> -> tensor<?x8x4x6xf32>
  %w = attention.softmax %s : tensor<?x8x4x6xf32>
  %o = attention.context %w, %v2 : tensor<?x8x4x6xf32>, tensor<?x8x6x5xf32> -> tensor<?x8x4x5xf32>
  return %o : tensor<?x8x4x5xf32>
}

// -----

// Heads in turn (head h reads h mod 2) are no map: they stay repeated.
// CHECK-LABEL: func @tiled_heads
func.func @tiled_heads(%q: tensor<8x4x3xf32>, %k: tensor<2x6x3xf32>) -> tensor<8x4x3xf32> {
  // CHECK: linalg.broadcast
  // CHECK: %[[R:[a-z0-9_]+]] = tensor.collapse_shape
  // CHECK: attention.fused {{.*}} key(%[[R]] :
  // REMARK: Remark="fused 'attention.dot_score' with 0 changes"
  %e = tensor.empty() : tensor<4x2x6x3xf32>
  %b = linalg.broadcast ins(%k : tensor<2x6x3xf32>) outs(%e : tensor<4x2x6x3xf32>) dimensions = [0]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<4x2x6x3xf32> into tensor<8x6x3xf32>
  %s = attention.dot_score %q, %c : tensor<8x4x3xf32>, tensor<8x6x3xf32> -> tensor<8x4x6xf32>
  %w = attention.softmax %s : tensor<8x4x6xf32>
  %o = attention.context %w, %c : tensor<8x4x6xf32>, tensor<8x6x3xf32> -> tensor<8x4x3xf32>
  return %o : tensor<8x4x3xf32>
}

// -----

// Dimensions of 1, split off or merged. One that the op itself varies in (here
// the only query) is no map.
// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d3, d4)>
// CHECK-DAG: #[[$V:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, 0, d3, 0, d5)>
// CHECK-LABEL: func @units
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<8x3xf32>, %[[K:[a-z0-9_]+]]: tensor<8x6x3xf32>, %[[V:[a-z0-9_]+]]: tensor<8x1x6x1x5xf32>)
func.func @units(%q: tensor<8x3xf32>, %k: tensor<8x6x3xf32>, %v: tensor<8x1x6x1x5xf32>) -> tensor<1x8x1x5xf32> {
  // CHECK: %[[X:[a-z0-9_]+]] = tensor.expand_shape %[[Q]]
  // CHECK-NOT: tensor.expand_shape
  // CHECK-NOT: tensor.collapse_shape
  // CHECK: attention.fused query(%[[X]] : tensor<1x8x1x3xf32> by #[[$Q]]) key(%[[K]] : tensor<8x6x3xf32> by #[[$K]]) value(%[[V]] : tensor<8x1x6x1x5xf32> by #[[$V]])
  // REMARK: absorbing 'tensor.expand_shape', 'tensor.expand_shape', 'tensor.collapse_shape'
  %x = tensor.expand_shape %q [[0, 1, 2], [3]] output_shape [1, 8, 1, 3] : tensor<8x3xf32> into tensor<1x8x1x3xf32>
  %k0 = tensor.expand_shape %k [[0, 1], [2], [3]] output_shape [1, 8, 6, 3] : tensor<8x6x3xf32> into tensor<1x8x6x3xf32>
  %v0 = tensor.collapse_shape %v [[0], [1, 2], [3, 4]] : tensor<8x1x6x1x5xf32> into tensor<8x6x5xf32>
  %v1 = tensor.expand_shape %v0 [[0, 1], [2], [3]] output_shape [1, 8, 6, 5] : tensor<8x6x5xf32> into tensor<1x8x6x5xf32>
  %s = attention.dot_score %x, %k0 : tensor<1x8x1x3xf32>, tensor<1x8x6x3xf32> -> tensor<1x8x1x6xf32>
  %w = attention.softmax %s : tensor<1x8x1x6xf32>
  %o = attention.context %w, %v1 : tensor<1x8x1x6xf32>, tensor<1x8x6x5xf32> -> tensor<1x8x1x5xf32>
  return %o : tensor<1x8x1x5xf32>
}

// -----

// A reshape that splits heads off the features is a view, not a map; a slice
// of packed queries, keys and values too.
// CHECK-LABEL: func @packed
// CHECK-SAME: (%[[P:[a-z0-9_]+]]: tensor<77x768xf32>)
func.func @packed(%p: tensor<77x768xf32>) -> tensor<77x256xf32> {
  // CHECK: %[[X:[a-z0-9_]+]] = tensor.expand_shape %[[P]]
  // CHECK: %[[Q:[a-z0-9_]+]] = tensor.extract_slice %[[X]]
  // CHECK-NOT: linalg
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused query(%[[Q]] : tensor<77x8x32xf32> by
  // CHECK: tensor.collapse_shape %[[R]]
  %x = tensor.expand_shape %p [[0], [1, 2, 3]] output_shape [77, 3, 8, 32] : tensor<77x768xf32> into tensor<77x3x8x32xf32>
  %q = tensor.extract_slice %x[0, 0, 0, 0] [77, 1, 8, 32] [1, 1, 1, 1] : tensor<77x3x8x32xf32> to tensor<77x8x32xf32>
  %k = tensor.extract_slice %x[0, 1, 0, 0] [77, 1, 8, 32] [1, 1, 1, 1] : tensor<77x3x8x32xf32> to tensor<77x8x32xf32>
  %v = tensor.extract_slice %x[0, 2, 0, 0] [77, 1, 8, 32] [1, 1, 1, 1] : tensor<77x3x8x32xf32> to tensor<77x8x32xf32>
  %e = tensor.empty() : tensor<8x77x32xf32>
  %qt = linalg.transpose ins(%q : tensor<77x8x32xf32>) outs(%e : tensor<8x77x32xf32>) permutation = [1, 0, 2]
  %kt = linalg.transpose ins(%k : tensor<77x8x32xf32>) outs(%e : tensor<8x77x32xf32>) permutation = [1, 0, 2]
  %vt = linalg.transpose ins(%v : tensor<77x8x32xf32>) outs(%e : tensor<8x77x32xf32>) permutation = [1, 0, 2]
  %s = attention.dot_score %qt, %kt scaled : tensor<8x77x32xf32>, tensor<8x77x32xf32> -> tensor<8x77x77xf32>
  %w = attention.softmax %s : tensor<8x77x77xf32>
  %o = attention.context %w, %vt : tensor<8x77x77xf32>, tensor<8x77x32xf32> -> tensor<8x77x32xf32>
  %oe = tensor.empty() : tensor<77x8x32xf32>
  %ot = linalg.transpose ins(%o : tensor<8x77x32xf32>) outs(%oe : tensor<77x8x32xf32>) permutation = [1, 0, 2]
  %r = tensor.collapse_shape %ot [[0], [1, 2]] : tensor<77x8x32xf32> into tensor<77x256xf32>
  return %r : tensor<77x256xf32>
}

// -----

// Masks and biases, and what was written as one op.
// CHECK-DAG: #[[$KEEP:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$BIAS:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0, d3)>
#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#b = affine_map<(h, i, j) -> (i, j)>
// CHECK-LABEL: func @changes
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<4x2x3xf32>, %[[K:[a-z0-9_]+]]: tensor<2x6x3xf32>, %[[KEEP:[a-z0-9_]+]]: tensor<6xi1>, %[[BIAS:[a-z0-9_]+]]: tensor<6x4xf16>)
func.func @changes(%q: tensor<4x2x3xf32>, %k: tensor<2x6x3xf32>, %keep: tensor<6xi1>, %bias: tensor<6x4xf16>) -> tensor<2x4x3xf32> {
  // CHECK-NOT: linalg
  // CHECK: attention.fused query(%[[Q]] : tensor<4x2x3xf32> by #[[$Q]])
  // CHECK-SAME: changes(keep(%[[KEEP]] : tensor<6xi1> by #[[$KEEP]]), modify (
  // CHECK: bias(%[[BIAS]] : tensor<6x4xf16> by #[[$BIAS]])
  // REMARK: remark: [Passed] Absorbed | Category:attention-fuse | Remark="fused already, absorbing 'linalg.transpose', 'linalg.broadcast', 'linalg.transpose'"
  %qe = tensor.empty() : tensor<2x4x3xf32>
  %qt = linalg.transpose ins(%q : tensor<4x2x3xf32>) outs(%qe : tensor<2x4x3xf32>) permutation = [1, 0, 2]
  %ke = tensor.empty() : tensor<4x6xi1>
  %kb = linalg.broadcast ins(%keep : tensor<6xi1>) outs(%ke : tensor<4x6xi1>) dimensions = [0]
  %be = tensor.empty() : tensor<4x6xf16>
  %bt = linalg.transpose ins(%bias : tensor<6x4xf16>) outs(%be : tensor<4x6xf16>) permutation = [1, 0]
  %e = tensor.empty() : tensor<2x4x3xf32>
  %o = attention.fused query(%qt : tensor<2x4x3xf32> by #q) key(%k : tensor<2x6x3xf32> by #k)
      value(%k : tensor<2x6x3xf32> by #v)
      changes(keep(%kb : tensor<4x6xi1> by #b), modify (%s: f32, %h: index, %i: index, %j: index) {
        %t = math.tanh %s : f32
        attention.yield %t : f32
      }, bias(%bt : tensor<4x6xf16> by #b))
      normaliser(#attention.softmax) outs(%e : tensor<2x4x3xf32> by [#o])
  return %o : tensor<2x4x3xf32>
}

// -----

// A type that says less gives way to a cast that says as much; one that says
// more is taken.
// CHECK-LABEL: func @casts
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x?x?xf32>, %[[K:[a-z0-9_]+]]: tensor<8x6x3xf32>,
func.func @casts(%q: tensor<?x?x?xf32>, %k: tensor<8x6x3xf32>, %e: tensor<?x?x?xf32>, %init: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  // CHECK-NOT: linalg
  // CHECK: %[[C:[a-z0-9_]+]] = tensor.cast %[[Q]] : tensor<?x?x?xf32> to tensor<4x8x3xf32>
  // CHECK-NOT: linalg
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused query(%[[C]] : tensor<4x8x3xf32> by #{{.*}}) key(%[[K]] : tensor<8x6x3xf32>
  // CHECK-SAME: outs(%{{.*}} : tensor<4x8x3xf32> by
  // CHECK-NOT: linalg
  // CHECK: %[[O:[a-z0-9_]+]] = tensor.cast %[[R]] : tensor<4x8x3xf32> to tensor<?x?x?xf32>
  // CHECK: return %[[O]]
  %qt = linalg.transpose ins(%q : tensor<?x?x?xf32>) outs(%e : tensor<?x?x?xf32>) permutation = [1, 0, 2]
  %qc = tensor.cast %qt : tensor<?x?x?xf32> to tensor<8x4x3xf32>
  %kc = tensor.cast %k : tensor<8x6x3xf32> to tensor<8x?x3xf32>
  %s = attention.dot_score %qc, %kc : tensor<8x4x3xf32>, tensor<8x?x3xf32> -> tensor<8x4x?xf32>
  %w = attention.softmax %s : tensor<8x4x?xf32>
  %o = attention.context %w, %kc : tensor<8x4x?xf32>, tensor<8x?x3xf32> -> tensor<8x?x3xf32>
  %oc = tensor.cast %o : tensor<8x?x3xf32> to tensor<?x?x?xf32>
  %ot = linalg.transpose ins(%oc : tensor<?x?x?xf32>) outs(%init : tensor<?x?x?xf32>) permutation = [1, 0, 2]
  return %ot : tensor<?x?x?xf32>
}

// -----

// A context with another user is transposed after all; data movement with
// another user stays for it.
// CHECK-LABEL: func @other_users
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<4x2x3xf32>,
func.func @other_users(%q: tensor<4x2x3xf32>, %k: tensor<2x6x3xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>) {
  // CHECK: %[[QT:[a-z0-9_]+]] = linalg.transpose
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused query(%[[Q]]
  // CHECK: %[[OT:[a-z0-9_]+]] = linalg.transpose ins(%[[R]]
  // CHECK: return %[[QT]], %[[R]], %[[OT]]
  %e = tensor.empty() : tensor<2x4x3xf32>
  %qt = linalg.transpose ins(%q : tensor<4x2x3xf32>) outs(%e : tensor<2x4x3xf32>) permutation = [1, 0, 2]
  %s = attention.dot_score %qt, %k : tensor<2x4x3xf32>, tensor<2x6x3xf32> -> tensor<2x4x6xf32>
  %w = attention.softmax %s : tensor<2x4x6xf32>
  %o = attention.context %w, %k : tensor<2x4x6xf32>, tensor<2x6x3xf32> -> tensor<2x4x3xf32>
  %oe = tensor.empty() : tensor<4x2x3xf32>
  %ot = linalg.transpose ins(%o : tensor<2x4x3xf32>) outs(%oe : tensor<4x2x3xf32>) permutation = [1, 0, 2]
  return %qt, %o, %ot : tensor<2x4x3xf32>, tensor<2x4x3xf32>, tensor<4x2x3xf32>
}

// -----

// Not data movement: arithmetic, and elements from elsewhere.
// CHECK-LABEL: func @not_copies
func.func @not_copies(%q: tensor<4x3xf32>, %k: tensor<6x3xf32>, %c: f32) -> tensor<4x3xf32> {
  // CHECK: linalg.generic
  // CHECK: linalg.generic
  // CHECK: attention.fused
  // REMARK: Remark="fused 'attention.dot_score' with 0 changes"
  %e = tensor.empty() : tensor<4x3xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) {
    ^bb0(%x: f32, %y: f32):
      %z = arith.negf %x : f32
      linalg.yield %z : f32
  } -> tensor<4x3xf32>
  %f = tensor.empty() : tensor<6x3xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%k : tensor<6x3xf32>) outs(%f : tensor<6x3xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %c : f32
  } -> tensor<6x3xf32>
  %s = attention.dot_score %a, %b : tensor<4x3xf32>, tensor<6x3xf32> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %w, %b : tensor<4x6xf32>, tensor<6x3xf32> -> tensor<4x3xf32>
  return %o : tensor<4x3xf32>
}

// -----

// Transposes of all results; a list stays the last dimension, or is transposed
// after all.
// CHECK-DAG: #[[$ROW:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0)>
// CHECK-DAG: #[[$PAIR:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d1, d0)>
// CHECK-DAG: #[[$MASS:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d0)>
// CHECK-DAG: #[[$PLAIN:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
// CHECK-LABEL: func @results(
// CHECK-SAME: %[[INIT:[a-z0-9]+]]: tensor<4x2xf32>
// CHECK: %[[R:[a-z0-9_]+]]:6 = attention.fused
// CHECK-SAME: %[[INIT]]
// CHECK-SAME: : tensor<2x4x3xf32>, tensor<4x2xf32>, tensor<6x4x2xf32>, tensor<4x2x5xf32>, tensor<2x4x5xi32>, tensor<6x2xf32>
// CHECK-SAME: by [#{{.*}}, #[[$ROW]], #[[$PAIR]], #[[$ROW]], #[[$PLAIN]], #[[$MASS]]])
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[R]]#4 : tensor<2x4x5xi32>)
// CHECK-NOT: linalg.transpose
// CHECK: return %[[R]]#0, %[[R]]#1, %[[R]]#2, %[[R]]#3, %[[T]], %[[R]]#5
func.func @results(%q: tensor<2x4x3xf32>, %k: tensor<2x6x3xf32>, %init: tensor<4x2xf32>)
    -> (tensor<2x4x3xf32>, tensor<4x2xf32>, tensor<6x4x2xf32>, tensor<4x2x5xf32>, tensor<5x4x2xi32>, tensor<6x2xf32>) {
  %s = attention.dot_score %q, %k : tensor<2x4x3xf32>, tensor<2x6x3xf32> -> tensor<2x4x6xf32>
  %w, %l = attention.softmax %s : tensor<2x4x6xf32>, tensor<2x4xf32>
  %o = attention.context %w, %k : tensor<2x4x6xf32>, tensor<2x6x3xf32> -> tensor<2x4x3xf32>
  %t, %i = attention.top_k %w k(5) : tensor<2x4x6xf32> -> tensor<2x4x5xf32>, tensor<2x4x5xi32>
  %m = attention.column_mass %w : tensor<2x4x6xf32> -> tensor<2x6xf32>
  %lt = linalg.transpose ins(%l : tensor<2x4xf32>) outs(%init : tensor<4x2xf32>) permutation = [1, 0]
  %we = tensor.empty() : tensor<6x4x2xf32>
  %wt = linalg.transpose ins(%w : tensor<2x4x6xf32>) outs(%we : tensor<6x4x2xf32>) permutation = [2, 1, 0]
  %te = tensor.empty() : tensor<4x2x5xf32>
  %tt = linalg.transpose ins(%t : tensor<2x4x5xf32>) outs(%te : tensor<4x2x5xf32>) permutation = [1, 0, 2]
  %ie = tensor.empty() : tensor<5x4x2xi32>
  %it = linalg.transpose ins(%i : tensor<2x4x5xi32>) outs(%ie : tensor<5x4x2xi32>) permutation = [2, 1, 0]
  %me = tensor.empty() : tensor<6x2xf32>
  %mt = linalg.transpose ins(%m : tensor<2x6xf32>) outs(%me : tensor<6x2xf32>) permutation = [1, 0]
  return %o, %lt, %wt, %tt, %it, %mt
       : tensor<2x4x3xf32>, tensor<4x2xf32>, tensor<6x4x2xf32>, tensor<4x2x5xf32>, tensor<5x4x2xi32>, tensor<6x2xf32>
}
