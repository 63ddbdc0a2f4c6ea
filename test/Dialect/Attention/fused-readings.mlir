// attention.fused with readings of the weights: how they print, what goes where
// nobody uses it, and what they are lowered to.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -canonicalize | FileCheck %s --check-prefix=CANONICAL
// RUN: attention-opt %s -convert-attention-to-linalg | FileCheck %s --check-prefix=LINALG

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#row = affine_map<(h, i, j, d, e) -> (h, i)>
#swapped = affine_map<(h, i, j, d, e) -> (i, h)>
#column = affine_map<(h, i, j, d, e) -> (h, j)>
#w = affine_map<(h, i, j, d, e) -> (h, i, j)>

// CHECK-LABEL: func @all(
// CHECK: attention.fused {{.*}} by [#{{.*}}]) lse reads([#attention.top_k<2>, #attention.entropy, #attention.top_k<9>]) column_mass
// CANONICAL-LABEL: func @all(
// CANONICAL: attention.fused {{.*}} lse reads([#attention.top_k<2>, #attention.entropy, #attention.top_k<9>]) column_mass

// A list's elements stay last, wherever its rows are written.
// LINALG-DAG: #[[$SWAPPED:.*]] = affine_map<(d0, d1, d2) -> (d1, d0, d2)>
// LINALG-LABEL: func @all(
// LINALG-SAME: %[[TWOOUT:[a-z0-9]+]]: tensor<5x2x2xi32>
// LINALG-NOT: attention.
// LINALG: %[[TOP:[0-9]+]]:4 = scf.for {{.*}} -> (tensor<2x5xf32>, tensor<2x5xi32>, tensor<2x5x2xf32>, tensor<2x5x2xi32>)
// LINALG-NOT: attention.
// LINALG: %[[H:[0-9]+]] = linalg.generic
// LINALG: math.log
// LINALG: %[[NINE:[0-9]+]]:4 = scf.for {{.*}} -> (tensor<2x5xf32>, tensor<2x5xi32>, tensor<2x5x9xf32>, tensor<2x5x9xi32>)
// LINALG-NOT: attention.
// LINALG: %[[M:[0-9]+]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction", "parallel"]
// LINALG: %[[TWO:[0-9]+]] = linalg.generic {indexing_maps = [#{{.*}}, #[[$SWAPPED]]], iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[TOP]]#3 : tensor<2x5x2xi32>) outs(%[[TWOOUT]] :
// LINALG: return {{.*}}, %[[TOP]]#2, %[[TWO]], %[[H]], %[[NINE]]#2, %[[M]]
func.func @all(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %keys: tensor<5x2x2xi32>)
    -> (tensor<2x5x3xf32>, tensor<2x5xf32>, tensor<2x5x2xf32>, tensor<5x2x2xi32>, tensor<2x5xf32>,
        tensor<2x5x9xf32>, tensor<2x7xf32>) {
  %o = tensor.empty() : tensor<2x5x3xf32>
  %r = tensor.empty() : tensor<2x5xf32>
  %two = tensor.empty() : tensor<2x5x2xf32>
  %nine = tensor.empty() : tensor<2x5x9xf32>
  %nineKeys = tensor.empty() : tensor<2x5x9xi32>
  %m = tensor.empty() : tensor<2x7xf32>
  %0:8 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k)
      value(%v : tensor<2x7x3xf32> by #v) normaliser(#attention.softmax)
      outs(%o, %r, %two, %keys, %r, %nine, %nineKeys, %m : tensor<2x5x3xf32>, tensor<2x5xf32>, tensor<2x5x2xf32>,
           tensor<5x2x2xi32>, tensor<2x5xf32>, tensor<2x5x9xf32>, tensor<2x5x9xi32>, tensor<2x7xf32>
           by [#o, #row, #row, #swapped, #row, #row, #row, #column])
      lse reads([#attention.top_k<2>, #attention.entropy, #attention.top_k<9>]) column_mass
  return %0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %0#7 : tensor<2x5x3xf32>, tensor<2x5xf32>, tensor<2x5x2xf32>,
         tensor<5x2x2xi32>, tensor<2x5xf32>, tensor<2x5x9xf32>, tensor<2x7xf32>
}

// A reading goes with the last of its results, everything but the context goes.
// CANONICAL-LABEL: func @unused(
// CANONICAL-SAME: %[[O:[a-z0-9]+]]: tensor<2x5x3xf32>, %[[W:[a-z0-9]+]]: tensor<2x5x7xf32>, %[[R:[a-z0-9]+]]: tensor<2x5xf32>, %[[T:[a-z0-9]+]]: tensor<2x5x2xf32>, %[[K:[a-z0-9]+]]: tensor<2x5x2xi32>
// CANONICAL: %[[X:.*]]:3 = attention.fused {{.*}} outs(%[[O]], %[[T]], %[[K]] : tensor<2x5x3xf32>, tensor<2x5x2xf32>, tensor<2x5x2xi32> by [#{{.*}}, #{{.*}}, #{{.*}}]) reads([#attention.top_k<2>]) {note}
// CANONICAL: %[[Y:.*]] = attention.fused {{.*}} outs(%[[O]] : tensor<2x5x3xf32> by [#{{[a-z0-9]*}}])
// CANONICAL-NEXT: return %[[X]]#2, %[[Y]]
func.func @unused(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>,
                  %w: tensor<2x5x7xf32>, %r: tensor<2x5xf32>, %t: tensor<2x5x2xf32>, %keys: tensor<2x5x2xi32>,
                  %m: tensor<2x7xf32>) -> (tensor<2x5x2xi32>, tensor<2x5x3xf32>) {
  %0:7 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k)
      value(%v : tensor<2x7x3xf32> by #v) normaliser(#attention.softmax)
      outs(%o, %r, %w, %r, %t, %keys, %m : tensor<2x5x3xf32>, tensor<2x5xf32>, tensor<2x5x7xf32>, tensor<2x5xf32>,
           tensor<2x5x2xf32>, tensor<2x5x2xi32>, tensor<2x7xf32> by [#o, #row, #w, #row, #row, #row, #column])
      lse weights reads([#attention.entropy, #attention.top_k<2>]) column_mass {note}
  %1:3 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k)
      value(%v : tensor<2x7x3xf32> by #v) normaliser(#attention.softmax)
      outs(%o, %r, %m : tensor<2x5x3xf32>, tensor<2x5xf32>, tensor<2x7xf32> by [#o, #row, #column])
      reads([#attention.entropy]) column_mass
  return %0#5, %1#0 : tensor<2x5x2xi32>, tensor<2x5x3xf32>
}

// With an origin, keys are counted as in the whole; −1 stays.
// LINALG-LABEL: func @origin(
// LINALG-SAME: %[[J:[a-z0-9]+]]: index)
// LINALG: %[[TOP:[0-9]+]]:4 = scf.for
// LINALG: %[[FIRST:.*]] = arith.index_cast %[[J]] : index to i32
// LINALG: %[[MOVED:.*]] = linalg.generic {{.*}} ins(%[[TOP]]#3 :
// LINALG: ^bb0(%[[KEY:.*]]: i32, %{{.*}}: i32):
// LINALG: %[[NONE:.*]] = arith.cmpi eq, %[[KEY]], %c-1_i32
// LINALG: %[[SUM:.*]] = arith.addi %[[KEY]], %[[FIRST]]
// LINALG: arith.select %[[NONE]], %c-1_i32{{.*}}, %[[SUM]]
// LINALG: return %[[MOVED]]
func.func @origin(%q: tensor<2x5x4xf32>, %k: tensor<2x?x4xf32>, %v: tensor<2x?x3xf32>, %o: tensor<2x5x3xf32>,
                  %t: tensor<2x5x2xf32>, %keys: tensor<2x5x2xi32>, %j: index) -> tensor<2x5x2xi32> {
  %0:3 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x?x4xf32> by #k)
      value(%v : tensor<2x?x3xf32> by #v) normaliser(#attention.softmax) origin(%j, %j, %j)
      outs(%o, %t, %keys : tensor<2x5x3xf32>, tensor<2x5x2xf32>, tensor<2x5x2xi32> by [#o, #row, #row])
      reads([#attention.top_k<2>])
  return %0#2 : tensor<2x5x2xi32>
}
