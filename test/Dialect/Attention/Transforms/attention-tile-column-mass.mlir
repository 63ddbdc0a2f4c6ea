// How much each key is read is a loop of its own over parts of the keys, with one
// over blocks of queries inside, from the states that the first loop leaves.
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=2 | FileCheck %s --check-prefix=PARTS
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile -canonicalize -cse -one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" -canonicalize -cse -canonicalize | FileCheck %s --check-prefix=BUFFERS
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=2 --remarks-filter='attention.*' 2>&1 -o /dev/null | FileCheck %s --check-prefix=REMARK

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h floordiv 2, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h floordiv 2, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>
#mass = affine_map<(h, i, j, d, e) -> (j, h)>

// 2048 keys in 4 parts of 6 blocks of 96 at most.
// CHECK-LABEL: func @full
// CHECK: %[[LOOP:.*]]:3 = scf.forall (%[[H:.*]], %[[I:.*]]) = (0, 0) to (4, 1000) step (1, 64) shared_outs(%{{.*}} = %{{.*}}, %[[PIVOTS:.*]] = %{{.*}}, %[[SUMS:.*]] = %{{.*}}) -> (tensor<4x1000x64xf32>, tensor<4x16x64xf32>, tensor<4x16x64xf32>)
// CHECK-NOT: attention.mass
// CHECK: attention.finish %{{.*}} state(%[[PIVOT:.*]], %[[SUM:.*]] : tensor<64xf32>, tensor<64xf32>)
// CHECK: %[[B:.*]] = affine.apply {{.*}}(%[[I]])
// CHECK: scf.forall.in_parallel
// CHECK-DAG: tensor.parallel_insert_slice %[[PIVOT]] into %[[PIVOTS]][%[[H]], %[[B]], 0] [1, 1, 64]
// CHECK-DAG: tensor.parallel_insert_slice %[[SUM]] into %[[SUMS]][%[[H]], %[[B]], 0] [1, 1, 64]
// CHECK: scf.forall (%[[H:.*]], %[[P:.*]]) in (4, 4) shared_outs(%[[ALL:.*]] = %{{.*}}) -> (tensor<2048x4xf32>)
// CHECK: %[[OFFSET:.*]] = affine.min
// CHECK: %[[END:.*]] = affine.min
// CHECK: %[[SIZE:.*]] = affine.apply {{.*}}(%[[END]], %[[OFFSET]])
// CHECK: %[[PART:.*]] = tensor.extract_slice %[[ALL]][%[[OFFSET]], %[[H]]] [%[[SIZE]], 1]
// CHECK: %[[INIT:.*]] = linalg.fill
// CHECK: scf.for %[[B:.*]] = %c0{{.*}} to %c16{{.*}} step %c1{{.*}} iter_args(%{{.*}} = %[[INIT]]) -> (tensor<?xf32>)
// CHECK-DAG: %[[PIVOT:.*]] = tensor.extract_slice %[[LOOP]]#1[%[[H]], %[[B]], 0] [1, 1, 64]
// CHECK-DAG: %[[SUM:.*]] = tensor.extract_slice %[[LOOP]]#2[%[[H]], %[[B]], 0] [1, 1, 64]
// CHECK: attention.pack
// CHECK: %[[NEXT:.*]] = scf.for %[[J:.*]] = {{.*}} step %c96{{.*}} iter_args(%[[M:.*]] = %{{.*}}) -> (tensor<?xf32>)
// CHECK: attention.mass query({{.*}} key(%{{.*}} : tensor<96x64xf32> {{.*}} state(%[[PIVOT]], %[[SUM]] : {{.*}} first(%[[J]]) outs(%[[M]] : tensor<?xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[NEXT]]) -> (tensor<?xf32>)
// CHECK: attention.mass {{.*}} outs(
// CHECK-NOT: attention.
// CHECK: scf.forall.in_parallel
// CHECK: tensor.parallel_insert_slice %{{.*}} into %[[ALL]][%[[OFFSET]], %[[H]]] [%[[SIZE]], 1]
// In place, and one tile of queries for all blocks.
// BUFFERS-LABEL: func @full
// BUFFERS: scf.forall
// BUFFERS: attention.finish
// BUFFERS: scf.forall
// BUFFERS: memref.alloc() {{.*}} : memref<64x64xf32>
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: attention.mass
// BUFFERS-NOT: memref.copy
// BUFFERS: return
// States of parts of the keys are merged before.
// PARTS-LABEL: func @full
// PARTS: attention.online
// PARTS: %[[STATE:.*]]:3 = attention.merge
// PARTS: tensor.parallel_insert_slice %[[STATE]]#1
// PARTS: tensor.parallel_insert_slice %[[STATE]]#2
// PARTS: attention.mass
func.func @full(%q: tensor<4x1000x64xf32>, %k: tensor<2x2048x64xf32>, %v: tensor<2x2048x64xf32>)
    -> (tensor<4x1000x64xf32>, tensor<2048x4xf32>) {
  %empty = tensor.empty() : tensor<4x1000x64xf32>
  %column = tensor.empty() : tensor<2048x4xf32>
  %o:2 = attention.fused query(%q : tensor<4x1000x64xf32> by #query)
      key(%k : tensor<2x2048x64xf32> by #key) value(%v : tensor<2x2048x64xf32> by #value)
      normaliser(#attention.softmax)
      outs(%empty, %column : tensor<4x1000x64xf32>, tensor<2048x4xf32> by [#out, #mass]) column_mass
  return %o#0, %o#1 : tensor<4x1000x64xf32>, tensor<2048x4xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#mass = affine_map<(i, j, d, e) -> (j)>

// Masks leave out blocks of keys here too, at global indices: those of the part
// and of the block of queries. A normaliser without a state keeps none.
// CHECK-LABEL: func @causal
// CHECK: scf.forall {{.*}} shared_outs(%{{.*}} = %{{.*}}) -> (tensor<?x64xf32>)
// CHECK: attention.finish
// CHECK: scf.forall
// CHECK: attention.mass
// CHECK-NOT: changes
// CHECK-SAME: normaliser(#attention.as_weights) origin(
// CHECK: attention.mass
// CHECK-SAME: changes(sets
// CHECK-NOT: attention.mass
func.func @causal(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %out: tensor<?x64xf32>,
                  %m: tensor<?xf32>) -> (tensor<?x64xf32>, tensor<?xf32>) {
  %o:2 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(sets(affine_set<(i, j) : (i - j >= 0)>)) normaliser(#attention.as_weights)
      outs(%out, %m : tensor<?x64xf32>, tensor<?xf32> by [#out, #mass]) column_mass
  return %o#0, %o#1 : tensor<?x64xf32>, tensor<?xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#mass = affine_map<(i, j, d, e) -> (j)>

// Under a union a loop over segments leaves out blocks, of the part's keys for each
// block of queries, and so do tables of masks that are data.
// CHECK-LABEL: func @union_and_data
// CHECK: %[[CLASSES:.*]] = scf.forall {{.*}} -> (tensor<?x?x1xi8>)
// CHECK: attention.finish
// CHECK: scf.forall
// CHECK: scf.for {{.*}} -> (tensor<?xf32>)
// CHECK: attention.pack
// CHECK: scf.for {{.*}} -> (index, index, i1, i1, tensor<?xf32>)
// CHECK: tensor.extract %[[CLASSES]]
// CHECK: attention.mass
// CHECK-NOT: changes
// CHECK-SAME: normaliser
// CHECK: attention.mass
// CHECK-NOT: changes
// CHECK-SAME: normaliser
// CHECK: attention.mass
// CHECK-SAME: changes(sets(#{{[a-z0-9]+}} or #{{.*}} where
// CHECK-NOT: attention.mass
// BUFFERS-LABEL: func @union_and_data
// BUFFERS: attention.finish
// BUFFERS: scf.forall
// BUFFERS: memref.alloc() {{.*}} : memref<64x64xf32>
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS-COUNT-3: attention.mass
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @union_and_data(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %p: index,
                          %doc: tensor<?xi32>, %out: tensor<?x64xf32>, %m: tensor<?xf32>)
    -> (tensor<?x64xf32>, tensor<?xf32>) {
  %o:2 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(sets(affine_set<(i, j) : (i - j >= 0)> or affine_set<(i, j)[p] : (p - 1 - j >= 0)>[%p : index]),
              where (%i: index, %j: index) {
        %a = tensor.extract %doc[%i] : tensor<?xi32>
        %b = tensor.extract %doc[%j] : tensor<?xi32>
        %e = arith.cmpi eq, %a, %b : i32
        attention.yield %e : i1
      })
      normaliser(#attention.softmax)
      outs(%out, %m : tensor<?x64xf32>, tensor<?xf32> by [#out, #mass]) column_mass
  return %o#0, %o#1 : tensor<?x64xf32>, tensor<?xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#weights = affine_map<(i, j, d, e) -> (i, j)>
#mass = affine_map<(i, j, d, e) -> (j)>

// Masks are analysed once, for all passes over the keys.
// CHECK-LABEL: func @symbolic_divisor
// REMARK: a mask's keys are not all told apart: {{.*}}it divides by a symbol
// REMARK-NOT: told apart
func.func @symbolic_divisor(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %n: index,
                            %out: tensor<?x64xf32>, %w: tensor<?x?xf32>, %m: tensor<?xf32>)
    -> (tensor<?x64xf32>, tensor<?x?xf32>, tensor<?xf32>) {
  %o:3 = attention.fused query(%q : tensor<?x64xf32> by #query)
      key(%k : tensor<?x64xf32> by #key) value(%v : tensor<?x64xf32> by #value)
      changes(sets(affine_set<(i, j)[n] : ((i - j) mod n == 0)>[%n : index]))
      normaliser(#attention.softmax)
      outs(%out, %w, %m : tensor<?x64xf32>, tensor<?x?xf32>, tensor<?xf32> by [#out, #weights, #mass])
      weights column_mass
  return %o#0, %o#1, %o#2 : tensor<?x64xf32>, tensor<?x?xf32>, tensor<?xf32>
}
