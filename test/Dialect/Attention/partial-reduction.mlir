// Keys of a block in parts that are read at the same time, each into a state of
// its own, and merged: PartialReductionOpInterface of attention.online. The
// destinations' state, here not that of no key, counts once.
// DEFINE: %{split} = attention-opt %s -transform-preload-library='transform-library-paths=%S/Inputs/partial-reduction.mlir' -transform-interpreter=entry-point=split -canonicalize -cse
// DEFINE: %{run} = attention-runner - --input=6x8xf32=random:1 --input=7x6xf32=random:2 --input=5x7xf32=random:3 --input=10x9xf32=random:4 --input=5x8xf32=random:5 --input=8xf32=random:6 --input=8xf32=1.5
// RUN: %{split} | FileCheck %s
// RUN: attention-opt %s -convert-attention-to-linalg | %{run} --output=@%t0.npy --output=@%t1.npy --output=@%t2.npy
// RUN: %{split} -convert-attention-to-linalg | %{run} --expected_output=@%t0.npy --expected_output=@%t1.npy --expected_output=@%t2.npy

// CHECK-LABEL: func @online(
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<6x8xf32>, %[[K:[a-z0-9]+]]: tensor<7x6xf32>, %[[V:[a-z0-9]+]]: tensor<5x7xf32>, %{{.*}}: tensor<10x9xf32>, %[[ARG0:[a-z0-9]+]]: tensor<5x8xf32>, %[[ARG1:[a-z0-9]+]]: tensor<8xf32>, %[[ARG2:[a-z0-9]+]]: tensor<8xf32>
// CHECK: %[[INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[ACC:.*]] = bufferization.alloc_tensor() copy(%[[ARG0]])
// CHECK: %[[MAX:.*]] = bufferization.alloc_tensor() copy(%[[ARG1]])
// CHECK: %[[SUM:.*]] = bufferization.alloc_tensor() copy(%[[ARG2]])
// CHECK: linalg.fill ins(%[[INF]] : f32) {{.*}} -> tensor<3x8xf32>
// CHECK: %[[STATES:.*]]:3 = scf.forall (%[[P:.*]]) in (3) shared_outs
// CHECK-DAG: %[[KT:.*]] = tensor.extract_slice %[[K]][
// CHECK-DAG: %[[VT:.*]] = tensor.extract_slice %[[V]][
// CHECK-DAG: %[[ACCP:.*]] = tensor.extract_slice %{{.*}}[%[[P]], 0, 0] [1, 5, 8] [1, 1, 1] : tensor<3x5x8xf32> to tensor<5x8xf32>
// CHECK: %[[PART:.*]]:3 = attention.online query(%[[T]] : tensor<6x8xf32>) key(%[[KT]]
// CHECK-SAME: outs(%[[ACCP]]
// CHECK: tensor.parallel_insert_slice %[[PART]]#0 into %{{.*}}[%[[P]], 0, 0] [1, 5, 8] [1, 1, 1]
// CHECK: attention.merge %[[STATES]]#0 state(%[[STATES]]#1, %[[STATES]]#2 : tensor<3x8xf32>, tensor<3x8xf32>) normaliser(#attention.softmax) : tensor<3x5x8xf32> outs(%[[ACC]], %[[MAX]], %[[SUM]] :
func.func @online(%t: tensor<6x8xf32>, %k: tensor<7x6xf32>, %v: tensor<5x7xf32>, %bias: tensor<10x9xf32>,
                  %acc: tensor<5x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>)
    -> (tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  // The caller's are not written to.
  %own_acc = bufferization.alloc_tensor() copy(%acc) : tensor<5x8xf32>
  %own_max = bufferization.alloc_tensor() copy(%max) : tensor<8xf32>
  %own_sum = bufferization.alloc_tensor() copy(%sum) : tensor<8xf32>
  %0:3 = attention.online query(%t : tensor<6x8xf32>)
      key(%k : tensor<7x6xf32> by affine_map<(j, d) -> (j, d)>)
      value(%v : tensor<5x7xf32> by affine_map<(j, e) -> (e, j)>)
      changes(bias(%bias : tensor<10x9xf32> by affine_map<(i, j) -> (i, j)>))
      normaliser(#attention.softmax) origin(%c1, %c2) live(%c7)
      outs(%own_acc, %own_max, %own_sum : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %0#0, %0#1, %0#2 : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>
}
