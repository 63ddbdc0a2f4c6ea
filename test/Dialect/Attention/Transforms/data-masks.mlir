// Classes of blocks for masks that only run time knows, computed before the loop
// over blocks of queries: none, some or all of a block's pairs.
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v4 -attention-tile -canonicalize -cse -verify-roundtrip | FileCheck %s

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// The least and greatest document of each block of queries, of each block of
// keys, and the classes, for all heads at once.
// CHECK-LABEL: func @documents
// CHECK: %[[QUERIES:.*]] = scf.forall {{.*}} -> (tensor<1x16x1x2xi64>)
// CHECK: %[[KEYS:.*]] = scf.for {{.*}} -> (tensor<11x2xi64>)
// CHECK: %[[CLASSES:.*]] = scf.forall {{.*}} -> (tensor<1x16x11x1xi8>)
// CHECK: tensor.extract %[[QUERIES]]
// CHECK: scf.forall {{.*}} = (0, 0) to (8, 1024) step (1, 64)
// CHECK: tensor.extract %[[CLASSES]]
// CHECK: attention.online
// CHECK-NOT: where
// CHECK: attention.online
// CHECK-NOT: where
// CHECK: attention.online
// CHECK-SAME: where
// CHECK: attention.finish
func.func @documents(%q: tensor<8x1024x64xf32>, %doc: tensor<1024xi32>) -> tensor<8x1024x64xf32> {
  %empty = tensor.empty() : tensor<8x1024x64xf32>
  %o = attention.fused query(%q : tensor<8x1024x64xf32> by #query)
      key(%q : tensor<8x1024x64xf32> by #key) value(%q : tensor<8x1024x64xf32> by #value)
      changes(where (%h: index, %i: index, %j: index) {
        %a = tensor.extract %doc[%i] : tensor<1024xi32>
        %b = tensor.extract %doc[%j] : tensor<1024xi32>
        %e = arith.cmpi eq, %a, %b : i32
        attention.yield %e : i1
      })
      normaliser(#attention.softmax) outs(%empty : tensor<8x1024x64xf32> by [#out])
  return %o : tensor<8x1024x64xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// A boolean tensor for all heads is read once; one over the keys only has a class
// a block of keys.
// CHECK-LABEL: func @keep
// CHECK: scf.forall {{.*}} -> (tensor<1x16x11x1xi8>)
// CHECK: scf.for {{.*}} -> (tensor<11x1xi8>)
// CHECK: scf.forall {{.*}} = (0, 0) to (8, 1024) step (1, 64)
func.func @keep(%q: tensor<8x1024x64xf32>, %keep: tensor<1024x1024xi1>, %keys: tensor<1024xi1>) -> tensor<8x1024x64xf32> {
  %empty = tensor.empty() : tensor<8x1024x64xf32>
  %o = attention.fused query(%q : tensor<8x1024x64xf32> by #query)
      key(%q : tensor<8x1024x64xf32> by #key) value(%q : tensor<8x1024x64xf32> by #value)
      changes(keep(%keep : tensor<1024x1024xi1> by affine_map<(h, i, j) -> (i, j)>), keep(%keys : tensor<1024xi1> by affine_map<(h, i, j) -> (j)>))
      normaliser(#attention.softmax) outs(%empty : tensor<8x1024x64xf32> by [#out])
  return %o : tensor<8x1024x64xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// Of a product nothing is known: no classes.
// CHECK-LABEL: func @unknown
// CHECK-NOT: xi8>
// CHECK: attention.online
func.func @unknown(%q: tensor<8x1024x64xf32>) -> tensor<8x1024x64xf32> {
  %empty = tensor.empty() : tensor<8x1024x64xf32>
  %o = attention.fused query(%q : tensor<8x1024x64xf32> by #query)
      key(%q : tensor<8x1024x64xf32> by #key) value(%q : tensor<8x1024x64xf32> by #value)
      changes(where (%h: index, %i: index, %j: index) {
        %a = arith.muli %i, %j : index
        %b = arith.cmpi sgt, %a, %h : index
        attention.yield %b : i1
      })
      normaliser(#attention.softmax) outs(%empty : tensor<8x1024x64xf32> by [#out])
  return %o : tensor<8x1024x64xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// Each head reads its own elements, so nothing reads them before.
// CHECK-LABEL: func @keep_by_head
// CHECK-NOT: xi8>
// CHECK: attention.online
func.func @keep_by_head(%q: tensor<8x1024x64xf32>, %keep: tensor<8x1024x1024xi1>) -> tensor<8x1024x64xf32> {
  %empty = tensor.empty() : tensor<8x1024x64xf32>
  %o = attention.fused query(%q : tensor<8x1024x64xf32> by #query)
      key(%q : tensor<8x1024x64xf32> by #key) value(%q : tensor<8x1024x64xf32> by #value)
      changes(keep(%keep : tensor<8x1024x1024xi1> by affine_map<(h, i, j) -> (h, i, j)>))
      normaliser(#attention.softmax) outs(%empty : tensor<8x1024x64xf32> by [#out])
  return %o : tensor<8x1024x64xf32>
}
