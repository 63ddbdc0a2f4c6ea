// Weights are a second pass over the keys, from the state after all of them.
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=2 | FileCheck %s --check-prefix=PARTS
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" -canonicalize -cse -canonicalize | FileCheck %s --check-prefix=BUFFERS

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#lse = affine_map<(i, j, d, e) -> (i)>
#weights = affine_map<(i, j, d, e) -> (i, j)>

// All keys have weights: nothing is filled. The weights go through the loop over
// blocks of keys as a whole, and a block writes those of its keys.
// CHECK-LABEL: func @full
// CHECK: scf.forall
// CHECK: %[[T:.*]] = attention.pack
// CHECK: scf.for
// CHECK: attention.online
// CHECK: %[[STATE:.*]]:3 = scf.for
// CHECK: attention.online
// CHECK: attention.finish %[[STATE]]#0 state(%[[STATE]]#1, %[[STATE]]#2
// CHECK-NOT: linalg.fill
// CHECK: scf.for %[[J:.*]] = %c0{{.*}} to %c960{{.*}} step %c96{{.*}} iter_args(%[[W:.*]] = %{{.*}}) -> (tensor<?x1000xf32>)
// CHECK: tensor.extract_slice %{{.*}}[%[[J]], 0] [96, 64]
// CHECK-NOT: tensor.extract_slice
// CHECK: %[[R:.*]] = attention.weights query(%[[T]] : {{.*}} state(%[[STATE]]#1, %[[STATE]]#2 : {{.*}} first(%[[J]]) outs(%[[W]] : tensor<?x1000xf32>
// CHECK-NEXT: scf.yield %[[R]]
// CHECK: scf.for
// CHECK: attention.weights
// CHECK: scf.forall.in_parallel
// In place: no buffer but the results', and nothing is copied.
// BUFFERS-LABEL: func @full
// BUFFERS-COUNT-2: memref.alloc
// BUFFERS: scf.forall
// BUFFERS-COUNT-2: memref.alloc() {{.*}} : memref<64x64xf32>
// BUFFERS-COUNT-2: memref.alloc() {{.*}} : memref<64xf32>
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: attention.weights
// BUFFERS-NOT: memref.copy
// BUFFERS: return
// In parts: the weights are a loop of their own over blocks of queries and parts of
// the keys, from the states that the loop that merges leaves; queries are packed once
// more.
// PARTS-LABEL: func @full
// PARTS: scf.forall {{.*}} in (16, 2)
// PARTS: attention.online
// PARTS: %[[LOOP:.*]]:3 = scf.forall (%[[I:.*]]) = (0) to (1000) step (64) shared_outs({{.*}}) -> (tensor<1000x64xf32>, tensor<16x64xf32>, tensor<16x64xf32>)
// PARTS-NOT: attention.pack
// PARTS: %[[STATE:.*]]:3 = attention.merge
// PARTS-NOT: attention.weights
// PARTS: attention.finish %[[STATE]]#0
// PARTS: scf.forall.in_parallel
// PARTS-DAG: tensor.parallel_insert_slice %[[STATE]]#1
// PARTS-DAG: tensor.parallel_insert_slice %[[STATE]]#2
// PARTS: scf.forall (%[[B:.*]], %[[P:.*]]) in (16, 2) shared_outs(%[[ALL:.*]] = %{{.*}}) -> (tensor<1000x1000xf32>)
// PARTS: %[[BEGIN:.*]] = affine.min
// PARTS: %[[END:.*]] = affine.min
// PARTS: %[[ROW:.*]] = affine.apply {{.*}}(%[[B]])
// PARTS: %[[ROWS:.*]] = affine.min
// PARTS: %[[SIZE:.*]] = affine.apply {{.*}}(%[[END]], %[[BEGIN]])
// PARTS: %[[PART:.*]] = tensor.extract_slice %[[ALL]][%[[ROW]], %[[BEGIN]]] [%[[ROWS]], %[[SIZE]]]
// PARTS: %[[PIVOT:.*]] = tensor.extract_slice %[[LOOP]]#1[%[[B]], 0] [1, 64]
// PARTS: %[[SUM:.*]] = tensor.extract_slice %[[LOOP]]#2[%[[B]], 0] [1, 64]
// PARTS: attention.pack
// PARTS: scf.for {{.*}} iter_args(%{{.*}} = %[[PART]])
// PARTS: attention.weights {{.*}} state(%[[PIVOT]], %[[SUM]] : {{.*}} outs(
// PARTS: attention.weights {{.*}} outs(
// PARTS-NOT: attention.
// PARTS: tensor.parallel_insert_slice %{{.*}} into %[[ALL]][%[[ROW]], %[[BEGIN]]] [%[[ROWS]], %[[SIZE]]]
func.func @full(%q: tensor<1000x64xf32>, %k: tensor<1000x64xf32>, %v: tensor<1000x64xf32>)
    -> (tensor<1000x64xf32>, tensor<1000x1000xf32>) {
  %empty = tensor.empty() : tensor<1000x64xf32>
  %square = tensor.empty() : tensor<1000x1000xf32>
  %o:2 = attention.fused query(%q : tensor<1000x64xf32> by #query)
      key(%k : tensor<1000x64xf32> by #key) value(%v : tensor<1000x64xf32> by #value)
      normaliser(#attention.softmax)
      outs(%empty, %square : tensor<1000x64xf32>, tensor<1000x1000xf32> by [#out, #weights]) weights
  return %o#0, %o#1 : tensor<1000x64xf32>, tensor<1000x1000xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#lse = affine_map<(i, j, d, e) -> (i)>
#weights = affine_map<(i, j, d, e) -> (j, i)>

// Keys that are not visited have weights of 0. Rows of the result may lie along
// queries.
// CHECK-LABEL: func @causal
// CHECK: attention.finish
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[W:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<?x?xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[W]]) -> (tensor<?x?xf32>)
// CHECK: attention.weights
// CHECK-NOT: changes
// CHECK-SAME: key(%{{.*}} : tensor<96x64xf32> by
// CHECK-SAME: outs(%{{.*}} : tensor<?x?xf32>
// CHECK: attention.weights
// CHECK-SAME: changes(sets
// CHECK-NOT: attention.weights
// In parts, with the row of log-sum-exps in its place among the results, zeros are
// filled in by part.
// PARTS-LABEL: func @causal
// PARTS: attention.merge
// PARTS: %[[LOOP:.*]] = scf.forall {{.*}} -> (tensor<?x?xf32>)
// PARTS: linalg.fill
// PARTS: attention.weights
// PARTS: return %{{.*}}#0, %{{.*}}#1, %[[LOOP]]
func.func @causal(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %out: tensor<?x64xf32>,
                  %row: tensor<?xf32>, %w: tensor<?x?xf32>) -> (tensor<?x64xf32>, tensor<?xf32>, tensor<?x?xf32>) {
  %o:3 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(sets(affine_set<(i, j) : (i - j >= 0)>)) normaliser(#attention.softmax)
      outs(%out, %row, %w : tensor<?x64xf32>, tensor<?xf32>, tensor<?x?xf32> by [#out, #lse, #weights]) lse weights
  return %o#0, %o#1, %o#2 : tensor<?x64xf32>, tensor<?xf32>, tensor<?x?xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#weights = affine_map<(i, j, d, e) -> (i, j)>

// Several ranges of keys: a loop over segments in the second pass as in the first,
// so that it visits no block without a pair either. Weights go through all loops as
// a whole, and bufferise in place.
// CHECK-LABEL: func @union
// CHECK: scf.for {{.*}} -> (index, index, i1, i1, tensor<64x64xf32>
// CHECK: attention.finish
// CHECK: %[[ZEROS:.*]] = linalg.fill
// CHECK: scf.for {{.*}} iter_args(%{{.*}}, %{{.*}} = %{{.*}}, %[[W:[a-z0-9]+]] = %[[ZEROS]]) -> (index, index, i1, i1, tensor<?x?xf32>)
// CHECK-NOT: attention.
// CHECK: %[[FULL:.*]] = scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %c96{{.*}} iter_args(%[[IN:.*]] = %[[W]]) -> (tensor<?x?xf32>)
// CHECK: attention.weights
// CHECK-NOT: changes
// CHECK-SAME: key(%{{.*}} : tensor<96x64xf32> by
// CHECK-SAME: first(%[[J]]) outs(%[[IN]] : tensor<?x?xf32>
// CHECK: %[[REST:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[FULL]]) -> (tensor<?x?xf32>)
// CHECK: attention.weights
// CHECK-NOT: changes
// CHECK-SAME: normaliser
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step %c96{{.*}} iter_args(%[[IN:.*]] = %[[REST]]) -> (tensor<?x?xf32>)
// CHECK: attention.weights
// CHECK-SAME: changes(sets(#{{[a-z0-9]+}} or #
// CHECK-SAME: first(%[[J]]) outs(%[[IN]] : tensor<?x?xf32>
// CHECK-NOT: attention.weights
// BUFFERS-LABEL: func @union
// BUFFERS: scf.forall
// BUFFERS: attention.finish
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS-COUNT-3: attention.weights
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @union(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %p: index,
                 %out: tensor<?x64xf32>, %w: tensor<?x?xf32>) -> (tensor<?x64xf32>, tensor<?x?xf32>) {
  %o:2 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(sets(affine_set<(i, j) : (i - j >= 0)> or affine_set<(i, j)[p] : (p - 1 - j >= 0)>[%p : index]))
      normaliser(#attention.softmax)
      outs(%out, %w : tensor<?x64xf32>, tensor<?x?xf32> by [#out, #weights]) weights
  return %o#0, %o#1 : tensor<?x64xf32>, tensor<?x?xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#weights = affine_map<(i, j, d, e) -> (i, j)>

// What only run time knows leaves out blocks in both passes, by the same table.
// CHECK-LABEL: func @documents
// CHECK: %[[CLASSES:.*]] = scf.forall {{.*}} -> (tensor<?x?x1xi8>)
// CHECK: scf.for {{.*}} -> (index, index, i1, i1, tensor<64x64xf32>
// CHECK: tensor.extract %[[CLASSES]]
// CHECK: attention.finish
// CHECK: linalg.fill
// CHECK: scf.for {{.*}} -> (index, index, i1, i1, tensor<?x?xf32>)
// CHECK: tensor.extract %[[CLASSES]]
// CHECK: attention.weights
// CHECK-NOT: where
// CHECK: attention.weights
// CHECK-NOT: where
// CHECK: attention.weights
// CHECK-SAME: where
// CHECK-NOT: attention.weights
// BUFFERS-LABEL: func @documents
// BUFFERS: attention.finish
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @documents(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %doc: tensor<?xi32>,
                     %out: tensor<?x64xf32>, %w: tensor<?x?xf32>) -> (tensor<?x64xf32>, tensor<?x?xf32>) {
  %o:2 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(where (%i: index, %j: index) {
        %a = tensor.extract %doc[%i] : tensor<?xi32>
        %b = tensor.extract %doc[%j] : tensor<?xi32>
        %e = arith.cmpi eq, %a, %b : i32
        attention.yield %e : i1
      })
      normaliser(#attention.softmax)
      outs(%out, %w : tensor<?x64xf32>, tensor<?x?xf32> by [#out, #weights]) weights
  return %o#0, %o#1 : tensor<?x64xf32>, tensor<?x?xf32>
}
