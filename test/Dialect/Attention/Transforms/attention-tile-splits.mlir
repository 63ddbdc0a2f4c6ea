// Keys in parts where there are too few blocks of queries: when, in how many, and
// that sinks count once.
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile --remarks-filter='attention.*' 2>&1 -o /dev/null | FileCheck %s --check-prefix=REMARK
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=1 | FileCheck %s --check-prefix=NONE
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile=key-splits=3 | FileCheck %s --check-prefix=THREE

// NONE-NOT: attention.merge

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>
#lse = affine_map<(h, i, j, d, e) -> (h, i)>
#sink = affine_map<(h) -> (h)>

// 4 blocks of queries for a parallelism of 16: 4 parts of 1024 keys. Their states
// begin without the sinks, which are in the state that they are merged into.
// CHECK-LABEL: func @static
// CHECK-SAME: %[[SINKS:[a-z0-9]+]]: tensor<4xf32>
// CHECK-DAG: %[[ACCS:.*]] = bufferization.alloc_tensor() : tensor<4x1x4x64x8xf32>
// CHECK-DAG: %[[MAXIMA:.*]] = bufferization.alloc_tensor() : tensor<4x1x4x8xf32>
// CHECK: %[[STATES:.*]]:3 = scf.forall (%[[H:.*]], %[[I:.*]], %[[P:.*]]) in (4, 1, 4) shared_outs
// CHECK-NOT: %[[SINKS]]
// CHECK: attention.pack
// CHECK: attention.online
// CHECK: scf.forall.in_parallel
// CHECK: tensor.parallel_insert_slice {{.*}}[%[[H]], %[[I]], %[[P]], 0, 0] [1, 1, 1, 64, 8]
// CHECK: tensor.parallel_insert_slice {{.*}}[%[[H]], %[[I]], %[[P]], 0] [1, 1, 1, 8]
// CHECK: tensor.parallel_insert_slice
// CHECK: scf.forall
// CHECK-DAG: tensor.extract_slice %[[STATES]]#0
// CHECK-DAG: tensor.extract_slice %[[SINKS]]
// CHECK-NOT: attention.online
// CHECK: attention.merge {{.*}} : tensor<4x64x8xf32>
// CHECK: attention.finish
// REMARK: keys in 4 parts
// THREE: attention.merge {{.*}} : tensor<3x64x8xf32>
func.func @static(%q: tensor<4x1x64xf32>, %k: tensor<4x4096x64xf32>, %v: tensor<4x4096x64xf32>,
                  %sinks: tensor<4xf32>) -> (tensor<4x1x64xf32>, tensor<4x1xf32>) {
  %empty = tensor.empty() : tensor<4x1x64xf32>
  %row = tensor.empty() : tensor<4x1xf32>
  %o:2 = attention.fused query(%q : tensor<4x1x64xf32> by #query)
      key(%k : tensor<4x4096x64xf32> by #key) value(%v : tensor<4x4096x64xf32> by #value)
      normaliser(#attention.softmax) init(%sinks : tensor<4xf32> by [#sink])
      outs(%empty, %row : tensor<4x1x64xf32>, tensor<4x1xf32> by [#out, #lse]) lse
  return %o#0, %o#1 : tensor<4x1x64xf32>, tensor<4x1xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// A number of keys that only run time knows: as many parts as they are worth, in
// scratch for the most there may be.
// CHECK-DAG: #[[$FEW:.*]] = affine_map<()[s0] -> (s0 floordiv 512, 2)>
// CHECK-LABEL: func @cache
// CHECK: %[[FEW:.*]] = affine.min #[[$FEW]]()[%{{.*}}]
// CHECK: %[[PARTS:.*]] = affine.max #{{.*}}()[%[[FEW]]]
// CHECK: tensor<8x1x2x64x8xf32>
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (8, 1, %[[PARTS]])
// CHECK: attention.merge {{.*}} : tensor<?x64x8xf32>
// REMARK: keys in up to 2 parts
// THREE: attention.merge {{.*}} : tensor<3x64x8xf32>
func.func @cache(%q: tensor<8x1x64xf32>, %k: tensor<8x?x64xf32>, %v: tensor<8x?x64xf32>)
    -> tensor<8x1x64xf32> {
  %empty = tensor.empty() : tensor<8x1x64xf32>
  %o = attention.fused query(%q : tensor<8x1x64xf32> by #query)
      key(%k : tensor<8x?x64xf32> by #key) value(%v : tensor<8x?x64xf32> by #value)
      normaliser(#attention.softmax) outs(%empty : tensor<8x1x64xf32> by [#out])
  return %o : tensor<8x1x64xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>

// Enough blocks of queries; too few keys; an unknown number of blocks: no parts,
// unless they are asked for.
// CHECK-LABEL: func @whole
// CHECK-NOT: attention.merge
// THREE-LABEL: func @whole
// THREE-COUNT-3: attention.merge
// REMARK-NOT: keys in
func.func @whole(%q: tensor<8x1000x64xf32>, %k: tensor<8x4096x64xf32>, %v: tensor<8x4096x64xf32>,
                 %q1: tensor<8x1x64xf32>, %k1: tensor<8x1000x64xf32>, %v1: tensor<8x1000x64xf32>,
                 %qn: tensor<1x?x64xf32>, %kn: tensor<1x4096x64xf32>, %vn: tensor<1x4096x64xf32>,
                 %o: tensor<8x1000x64xf32>, %o1: tensor<8x1x64xf32>, %on: tensor<1x?x64xf32>)
    -> (tensor<8x1000x64xf32>, tensor<8x1x64xf32>, tensor<1x?x64xf32>) {
  %0 = attention.fused query(%q : tensor<8x1000x64xf32> by #query)
      key(%k : tensor<8x4096x64xf32> by #key) value(%v : tensor<8x4096x64xf32> by #value)
      normaliser(#attention.softmax) outs(%o : tensor<8x1000x64xf32> by [#out])
  %1 = attention.fused query(%q1 : tensor<8x1x64xf32> by #query)
      key(%k1 : tensor<8x1000x64xf32> by #key) value(%v1 : tensor<8x1000x64xf32> by #value)
      normaliser(#attention.softmax) outs(%o1 : tensor<8x1x64xf32> by [#out])
  %2 = attention.fused query(%qn : tensor<1x?x64xf32> by #query)
      key(%kn : tensor<1x4096x64xf32> by #key) value(%vn : tensor<1x4096x64xf32> by #value)
      normaliser(#attention.softmax) outs(%on : tensor<1x?x64xf32> by [#out])
  return %0, %1, %2 : tensor<8x1000x64xf32>, tensor<8x1x64xf32>, tensor<1x?x64xf32>
}

// -----

#query = affine_map<(h, i, j, d, e) -> (h, i, d)>
#key = affine_map<(h, i, j, d, e) -> (h, j, d)>
#value = affine_map<(h, i, j, d, e) -> (h, j, e)>
#out = affine_map<(h, i, j, d, e) -> (h, i, e)>
#length = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>

// A part visits what it has of the keys that masks leave: full blocks and the
// last, partial ones.
// CHECK-LABEL: func @length
// CHECK: scf.forall
// CHECK: attention.online
// CHECK-NOT: changes
// CHECK: attention.online
// CHECK-SAME: changes(sets
// CHECK: attention.merge {{.*}} : tensor<16x64x8xf32>
// REMARK: keys in 16 parts
func.func @length(%q: tensor<1x4x64xf32>, %k: tensor<1x8192x64xf32>, %v: tensor<1x8192x64xf32>,
                  %n: tensor<1xi32>) -> tensor<1x4x64xf32> {
  %empty = tensor.empty() : tensor<1x4x64xf32>
  %o = attention.fused query(%q : tensor<1x4x64xf32> by #query)
      key(%k : tensor<1x8192x64xf32> by #key) value(%v : tensor<1x8192x64xf32> by #value)
      changes(sets(#length[%n : tensor<1xi32>]))
      normaliser(#attention.softmax) outs(%empty : tensor<1x4x64xf32> by [#out])
  return %o : tensor<1x4x64xf32>
}
