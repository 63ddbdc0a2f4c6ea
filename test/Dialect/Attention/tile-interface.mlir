// Tiles of fused attention are fused attention on slices whose origin has moved;
// tiles of a block are blocks of fewer keys. Both compute what the whole does.
// DEFINE: %{tile} = attention-opt %s -transform-preload-library='transform-library-paths=%S/Inputs/tile.mlir' -transform-interpreter=entry-point=tile -canonicalize -cse
// DEFINE: %{fused} = attention-runner --function=fused --input=8x4x6xf32=random:1 --input=7x2x6xf32=random:2 --input=2x7x5xf32=random:3 --input=4xi32=7,3,5,0 --input=4x10x9xf32=random:4 --input=4xf32=random:5 --input=index=2 --input=index=1
// DEFINE: %{online} = attention-runner --function=online --input=6x8xf32=random:1 --input=7x6xf32=random:2 --input=5x7xf32=random:3 --input=10x9xf32=random:4
// RUN: %{tile} | FileCheck %s
// RUN: attention-opt %s -convert-attention-to-linalg | %{fused} - --output=@%t0.npy --output=@%t1.npy
// RUN: %{tile} -convert-attention-to-linalg | %{fused} - --expected_output=@%t0.npy --expected_output=@%t1.npy --expected_atol=0 --expected_rtol=0
// RUN: attention-opt %s -convert-attention-to-linalg | %{online} - --output=@%t2.npy --output=@%t3.npy --output=@%t4.npy
// RUN: %{tile} -convert-attention-to-linalg | %{online} - --expected_output=@%t2.npy --expected_output=@%t3.npy --expected_output=@%t4.npy

#query = affine_map<(h, i, j, d, e) -> (i, h, d)>
#key = affine_map<(h, i, j, d, e) -> (j, h floordiv 2, d)>
#value = affine_map<(h, i, j, d, e) -> (h floordiv 2, j, e)>
#context = affine_map<(h, i, j, d, e) -> (h, i, e)>
#lse = affine_map<(h, i, j, d, e) -> (i, h)>
#length = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>

// CHECK-DAG: #[[$END:.*]] = affine_map<(d0) -> (d0 * -3 + 8, 3)>
// CHECK-DAG: #[[$START:.*]] = affine_map<(d0) -> (d0 * 3)>
// CHECK-DAG: #[[$HEAD:.*]] = affine_map<(d0) -> (d0 floordiv 2)>
// CHECK-DAG: #[[$MOVED:.*]] = affine_map<(d0)[s0] -> (d0 * 3 + s0)>

// Batch elements and queries that start at (%h0, %i0, 0): heads divide before
// slices are taken, symbols and biases stay whole, sinks do not.
// CHECK-LABEL: func @fused(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<8x4x6xf32>, %[[K:[a-z0-9]+]]: tensor<7x2x6xf32>, %[[V:[a-z0-9]+]]: tensor<2x7x5xf32>, %[[N:[a-z0-9]+]]: tensor<4xi32>, %[[BIAS:[a-z0-9]+]]: tensor<4x10x9xf32>, %[[SINKS:[a-z0-9]+]]: tensor<4xf32>, %[[I0:[a-z0-9]+]]: index, %[[J0:[a-z0-9]+]]: index
// CHECK: scf.forall (%[[H:.*]], %[[B:.*]]) in (4, 3) shared_outs(%[[O:.*]] = %{{.*}}, %[[L:.*]] = %{{.*}})
// CHECK-DAG: %[[SIZE:.*]] = affine.min #[[$END]](%[[B]])
// CHECK-DAG: %[[I:.*]] = affine.apply #[[$START]](%[[B]])
// CHECK-DAG: %[[KV:.*]] = affine.apply #[[$HEAD]](%[[H]])
// CHECK-DAG: %[[QT:.*]] = tensor.extract_slice %[[Q]][%[[I]], %[[H]], 0] [%[[SIZE]], 1, 6]
// CHECK-DAG: %[[KT:.*]] = tensor.extract_slice %[[K]][0, %[[KV]], 0] [7, 1, 6]
// CHECK-DAG: %[[VT:.*]] = tensor.extract_slice %[[V]][%[[KV]], 0, 0] [1, 7, 5]
// CHECK-DAG: %[[ST:.*]] = tensor.extract_slice %[[SINKS]][%[[H]]] [1]
// CHECK-DAG: %[[OT:.*]] = tensor.extract_slice %[[O]][%[[H]], %[[I]], 0] [1, %[[SIZE]], 5]
// CHECK-DAG: %[[LT:.*]] = tensor.extract_slice %[[L]][%[[I]], %[[H]]] [%[[SIZE]], 1]
// CHECK-DAG: %[[IT:.*]] = affine.apply #[[$MOVED]](%[[B]])[%[[I0]]]
// CHECK: attention.fused query(%[[QT]] : tensor<?x1x6xf32> by #{{[a-z0-9]+}}) key(%[[KT]] : tensor<7x1x6xf32> by #{{[a-z0-9]+}}) value(%[[VT]] : tensor<1x7x5xf32> by #{{[a-z0-9]+}})
// CHECK-SAME: changes(sets(#{{[a-z0-9]+}}[%[[N]] : tensor<4xi32>]), bias(%[[BIAS]] : tensor<4x10x9xf32> by #{{[a-z0-9]+}}))
// CHECK-SAME: init(%[[ST]] : tensor<1xf32> by [#{{.*}}]) origin(%[[H]], %[[IT]], %[[J0]]) outs(%[[OT]], %[[LT]] : tensor<1x?x5xf32>, tensor<?x1xf32>
func.func @fused(%q: tensor<8x4x6xf32>, %k: tensor<7x2x6xf32>, %v: tensor<2x7x5xf32>,
                 %n: tensor<4xi32>, %bias: tensor<4x10x9xf32>, %sinks: tensor<4xf32>,
                 %i0: index, %j0: index) -> (tensor<4x8x5xf32>, tensor<8x4xf32>) {
  %h0 = arith.constant 0 : index
  %o = tensor.empty() : tensor<4x8x5xf32>
  %l = tensor.empty() : tensor<8x4xf32>
  %0:2 = attention.fused query(%q : tensor<8x4x6xf32> by #query)
      key(%k : tensor<7x2x6xf32> by #key) value(%v : tensor<2x7x5xf32> by #value)
      changes(sets(#length[%n : tensor<4xi32>]),
              bias(%bias : tensor<4x10x9xf32> by affine_map<(h, i, j) -> (h, i, j)>))
      normaliser(#attention.softmax)
      init(%sinks : tensor<4xf32> by [affine_map<(h) -> (h)>]) origin(%h0, %i0, %j0)
      outs(%o, %l : tensor<4x8x5xf32>, tensor<8x4xf32> by [#context, #lse]) lse
  return %0#0, %0#1 : tensor<4x8x5xf32>, tensor<8x4xf32>
}

// CHECK-LABEL: func @online(
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<6x8xf32>, %[[K:[a-z0-9]+]]: tensor<7x6xf32>, %[[V:[a-z0-9]+]]: tensor<5x7xf32>, %[[BIAS:[a-z0-9]+]]: tensor<10x9xf32>
// CHECK: scf.for %[[J:.*]] = %c0{{.*}} to %c7{{.*}} step %c2{{.*}} iter_args(%[[ACC:.*]] = %{{.*}}, %[[MAX:.*]] = %{{.*}}, %[[SUM:.*]] = %{{.*}})
// CHECK-DAG: %[[SIZE:.*]] = affine.min #{{.*}}(%[[J]])
// CHECK-DAG: %[[KT:.*]] = tensor.extract_slice %[[K]][%[[J]], 0] [%[[SIZE]], 6]
// CHECK-DAG: %[[VT:.*]] = tensor.extract_slice %[[V]][0, %[[J]]] [5, %[[SIZE]]]
// CHECK-DAG: %[[JT:.*]] = affine.apply #{{.*}}(%[[J]])
// CHECK: attention.online query(%[[T]] : tensor<6x8xf32>) key(%[[KT]] : tensor<?x6xf32> by #{{[a-z0-9]+}}) value(%[[VT]] : tensor<5x?xf32> by #{{[a-z0-9]+}}) changes(bias(%[[BIAS]] : tensor<10x9xf32> by #{{[a-z0-9]+}})) normaliser(#attention.softmax) origin(%c1{{.*}}, %[[JT]]) live(%c7{{.*}}) outs(%[[ACC]], %[[MAX]], %[[SUM]]
func.func @online(%t: tensor<6x8xf32>, %k: tensor<7x6xf32>, %v: tensor<5x7xf32>, %bias: tensor<10x9xf32>)
    -> (tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %zero = arith.constant 0.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  %0 = tensor.empty() : tensor<5x8xf32>
  %1 = tensor.empty() : tensor<8xf32>
  %acc = linalg.fill ins(%zero : f32) outs(%0 : tensor<5x8xf32>) -> tensor<5x8xf32>
  %max = linalg.fill ins(%inf : f32) outs(%1 : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.fill ins(%zero : f32) outs(%1 : tensor<8xf32>) -> tensor<8xf32>
  %2:3 = attention.online query(%t : tensor<6x8xf32>)
      key(%k : tensor<7x6xf32> by affine_map<(j, d) -> (j, d)>)
      value(%v : tensor<5x7xf32> by affine_map<(j, e) -> (e, j)>)
      changes(bias(%bias : tensor<10x9xf32> by affine_map<(i, j) -> (i, j)>))
      normaliser(#attention.softmax) origin(%c1, %c2) live(%c7)
      outs(%acc, %max, %sum : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %2#0, %2#1, %2#2 : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>
}
