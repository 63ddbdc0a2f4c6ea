// Keys of a block in parts that are read at the same time, with readings: each
// part has their state too, and the destinations', here that of keys read before,
// counts once. Keys 3 and 10 are equal, and so are their scores: the lower is
// first, from whichever part.
// DEFINE: %{split} = attention-opt %s -transform-preload-library='transform-library-paths=%S/Inputs/partial-reduction-readings.mlir' -transform-interpreter=entry-point=split -canonicalize -cse
// DEFINE: %{run} = attention-runner - --input=2x8xf32=1,2,3,4,-1,-2,-3,-4,1,1,1,1,1,1,1,1 --input=7x2xf32=1,1,2,0,0,0,3,1,1,1,-2,0,0,1 --input=5x7xf32=random:3
// RUN: %{split} | FileCheck %s
// RUN: attention-opt %s -convert-attention-to-linalg | %{run} | FileCheck %s --check-prefix=NUMBERS
// RUN: attention-opt %s -convert-attention-to-linalg | %{run} --output=@%t0.npy --output=@%t1.npy --output=@%t2.npy
// RUN: %{split} -convert-attention-to-linalg | %{run} --expected_output=@%t0.npy --expected_output=@%t1.npy --expected_output=@%t2.npy

// CHECK-LABEL: func @online(
// CHECK: linalg.fill {{.*}} -> tensor<3x3x8xf32>
// CHECK: linalg.fill {{.*}} -> tensor<3x3x8xi32>
// CHECK: linalg.fill {{.*}} -> tensor<3x1x8xf32>
// CHECK: %[[STATES:.*]]:7 = scf.forall (%[[P:.*]]) in (3) shared_outs
// CHECK: tensor.extract_slice %{{.*}}[%[[P]], 0, 0] [1, 3, 8] [1, 1, 1] : tensor<3x3x8xi32> to tensor<3x8xi32>
// CHECK: attention.online {{.*}} reads([#attention.top_k<3>, #attention.entropy])
// CHECK: tensor.parallel_insert_slice %{{.*}} into %{{.*}}[%[[P]], 0, 0] [1, 3, 8] [1, 1, 1] : tensor<3x8xi32> into tensor<3x3x8xi32>
// CHECK: attention.merge %[[STATES]]#0 state(%[[STATES]]#1, %[[STATES]]#2, %[[STATES]]#3, %[[STATES]]#4, %[[STATES]]#5, %[[STATES]]#6 :
// CHECK-SAME: normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) : tensor<3x5x8xf32>

// Scores of keys 7 to 13 in lane 0 are 2 2 0 4 2 -2 1; key 3's, read before, is 4.
// NUMBERS: result[0]: 3x8xf32=[4 7 10 13 4 4 6 8][4 4 6 8 2 4 4 4][2 4 4 5 1 1 1 1]
// NUMBERS: result[1]: 3x8xi32=[3 10 10 10 3 3 12 12][10 3 8 8 12 12 3 3][7 8 3 7 13 13 13 13]
func.func @online(%t: tensor<2x8xf32>, %k: tensor<7x2xf32>, %v: tensor<5x7xf32>)
    -> (tensor<3x8xf32>, tensor<3x8xi32>, tensor<8xf32>) {
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %four = arith.constant 4.0 : f32
  %one = arith.constant 1.0 : f32
  %inf = arith.constant 0xFF800000 : f32
  %none = arith.constant -1 : i32
  %three = arith.constant 3 : i32
  %c0 = arith.constant 0 : index
  %acc = tensor.splat %one : tensor<5x8xf32>
  %max = tensor.splat %four : tensor<8xf32>
  %sum = tensor.splat %one : tensor<8xf32>
  %noscores = tensor.splat %inf : tensor<3x8xf32>
  %nokeys = tensor.splat %none : tensor<3x8xi32>
  %first = tensor.splat %four : tensor<1x8xf32>
  %firstkey = tensor.splat %three : tensor<1x8xi32>
  %scores = tensor.insert_slice %first into %noscores[0, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<3x8xf32>
  %keys = tensor.insert_slice %firstkey into %nokeys[0, 0] [1, 8] [1, 1] : tensor<1x8xi32> into tensor<3x8xi32>
  %mass = tensor.splat %one : tensor<1x8xf32>
  %moment = tensor.splat %zero : tensor<1x8xf32>
  %0:7 = attention.online query(%t : tensor<2x8xf32>)
      key(%k : tensor<7x2xf32> by affine_map<(j, d) -> (j, d)>)
      value(%v : tensor<5x7xf32> by affine_map<(j, e) -> (e, j)>)
      normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy])
      origin(%c0, %c7) live(%c8)
      outs(%acc, %max, %sum, %scores, %keys, %mass, %moment : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>,
           tensor<3x8xf32>, tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
  %c = tensor.empty() : tensor<8x5xf32>
  %h = tensor.empty() : tensor<8xf32>
  %w = tensor.empty() : tensor<8x3xf32>
  %j = tensor.empty() : tensor<8x3xi32>
  %1:4 = attention.finish %0#0 state(%0#1, %0#2, %0#3, %0#4, %0#5, %0#6 : tensor<8xf32>, tensor<8xf32>,
          tensor<3x8xf32>, tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
      normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy])
      by affine_map<(i, e) -> (i, e)> : tensor<5x8xf32>
      outs(%c, %w, %j, %h : tensor<8x5xf32>, tensor<8x3xf32>, tensor<8x3xi32>, tensor<8xf32>)
  return %0#3, %0#4, %1#3 : tensor<3x8xf32>, tensor<3x8xi32>, tensor<8xf32>
}
