// A tile of queries has its rows of what is read, lists whole; a sum over queries
// has no tiles of them, but of batch elements. Tiles compute what the whole does.
// DEFINE: %{tile} = attention-opt %s -transform-preload-library='transform-library-paths=%S/Inputs/tile-readings.mlir' -transform-interpreter=entry-point=tile -canonicalize -cse
// DEFINE: %{inputs} = --input=2x8x6xf32=random:1 --input=2x9x6xf32=random:2 --input=2x9x5xf32=random:3
// RUN: %{tile} | FileCheck %s
// RUN: attention-opt %s -convert-attention-to-linalg | attention-runner - --function=rows %{inputs} --output=@%t0.npy --output=@%t1.npy --output=@%t2.npy --output=@%t3.npy
// RUN: %{tile} -convert-attention-to-linalg | attention-runner - --function=rows %{inputs} --expected_output=@%t0.npy --expected_output=@%t1.npy --expected_output=@%t2.npy --expected_output=@%t3.npy --expected_atol=0 --expected_rtol=0
// RUN: attention-opt %s -convert-attention-to-linalg | attention-runner - --function=columns %{inputs} --output=@%t4.npy --output=@%t5.npy
// RUN: %{tile} -convert-attention-to-linalg | attention-runner - --function=columns %{inputs} --expected_output=@%t4.npy --expected_output=@%t5.npy --expected_atol=0 --expected_rtol=0
// RUN: not attention-opt %s -transform-preload-library='transform-library-paths=%S/Inputs/tile-readings.mlir' -transform-interpreter=entry-point=tile_queries 2>&1 | FileCheck %s --check-prefix=QUERIES

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#row = affine_map<(h, i, j, d, e) -> (i, h)>
#column = affine_map<(h, i, j, d, e) -> (j, h)>

// CHECK-LABEL: func @rows(
// CHECK: scf.forall (%[[H:.*]], %[[B:.*]]) in (2, 3) shared_outs(%[[O:.*]] = %{{.*}}, %[[T:.*]] = %{{.*}}, %[[K:.*]] = %{{.*}}, %[[E:.*]] = %{{.*}})
// CHECK-DAG: %[[N:.*]] = affine.min
// CHECK-DAG: %[[I:.*]] = affine.apply
// CHECK-DAG: %[[TT:.*]] = tensor.extract_slice %[[T]][%[[I]], %[[H]], 0] [%[[N]], 1, 4]
// CHECK-DAG: %[[KT:.*]] = tensor.extract_slice %[[K]][%[[I]], %[[H]], 0] [%[[N]], 1, 4]
// CHECK-DAG: %[[ET:.*]] = tensor.extract_slice %[[E]][%[[I]], %[[H]]] [%[[N]], 1]
// CHECK: %[[R:.*]]:4 = attention.fused {{.*}} outs(%{{.*}}, %[[TT]], %[[KT]], %[[ET]] : tensor<1x?x5xf32>, tensor<?x1x4xf32>, tensor<?x1x4xi32>, tensor<?x1xf32> by {{.*}} reads([#attention.top_k<4>, #attention.entropy])
// CHECK: tensor.parallel_insert_slice %[[R]]#2 into %[[K]][%[[I]], %[[H]], 0] [%[[N]], 1, 4]
func.func @rows(%q: tensor<2x8x6xf32>, %k: tensor<2x9x6xf32>, %v: tensor<2x9x5xf32>)
    -> (tensor<2x8x5xf32>, tensor<8x2x4xf32>, tensor<8x2x4xi32>, tensor<8x2xf32>) {
  %o = tensor.empty() : tensor<2x8x5xf32>
  %t = tensor.empty() : tensor<8x2x4xf32>
  %keys = tensor.empty() : tensor<8x2x4xi32>
  %h = tensor.empty() : tensor<8x2xf32>
  %0:4 = attention.fused query(%q : tensor<2x8x6xf32> by #q) key(%k : tensor<2x9x6xf32> by #k)
      value(%v : tensor<2x9x5xf32> by #v) normaliser(#attention.softmax)
      outs(%o, %t, %keys, %h : tensor<2x8x5xf32>, tensor<8x2x4xf32>, tensor<8x2x4xi32>, tensor<8x2xf32>
           by [#o, #row, #row, #row]) reads([#attention.top_k<4>, #attention.entropy]) {rows}
  return %0#0, %0#1, %0#2, %0#3 : tensor<2x8x5xf32>, tensor<8x2x4xf32>, tensor<8x2x4xi32>, tensor<8x2xf32>
}

// CHECK-LABEL: func @columns(
// CHECK: scf.forall (%[[H:.*]]) in (2) shared_outs(%{{.*}} = %{{.*}}, %[[M:.*]] = %{{.*}})
// CHECK: %[[MT:.*]] = tensor.extract_slice %[[M]][0, %[[H]]] [9, 1]
// CHECK: attention.fused {{.*}} outs(%{{.*}}, %[[MT]] : tensor<1x8x5xf32>, tensor<9x1xf32> by {{.*}} column_mass
// QUERIES: error: 'attention.fused' op {{fail[a-z]*}} to tile operation
func.func @columns(%q: tensor<2x8x6xf32>, %k: tensor<2x9x6xf32>, %v: tensor<2x9x5xf32>)
    -> (tensor<2x8x5xf32>, tensor<9x2xf32>) {
  %o = tensor.empty() : tensor<2x8x5xf32>
  %m = tensor.empty() : tensor<9x2xf32>
  %0:2 = attention.fused query(%q : tensor<2x8x6xf32> by #q) key(%k : tensor<2x9x6xf32> by #k)
      value(%v : tensor<2x9x5xf32> by #v) normaliser(#attention.softmax)
      outs(%o, %m : tensor<2x8x5xf32>, tensor<9x2xf32> by [#o, #column]) column_mass {columns}
  return %0#0, %0#1 : tensor<2x8x5xf32>, tensor<9x2xf32>
}
