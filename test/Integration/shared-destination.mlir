// Two blocks begin with the same constant state, which neither may write: what is computed
// into a destination that others read gets a buffer of its own.
// RUN: attention-runner %s --expected_output=1x8xf32=6,6,6,6,6,6,6,6 --expected_output=8xf32=3,3,3,3,3,3,3,3 --expected_output=1x8xf32=9,9,9,9,9,9,9,9 --expected_output=8xf32=2,2,2,2,2,2,2,2
// RUN: attention-runner %s --pipeline="attention-to-llvm{exact=true}" --expected_output=1x8xf32=6,6,6,6,6,6,6,6 --expected_output=8xf32=3,3,3,3,3,3,3,3 --expected_output=1x8xf32=9,9,9,9,9,9,9,9 --expected_output=8xf32=2,2,2,2,2,2,2,2

#rows = affine_map<(r, c) -> (r, c)>

func.func @blocks() -> (tensor<1x8xf32>, tensor<8xf32>, tensor<1x8xf32>, tensor<8xf32>) {
  %acc = arith.constant dense<0.0> : tensor<1x8xf32>
  %max = arith.constant dense<0xFF800000> : tensor<8xf32>
  %sum = arith.constant dense<0.0> : tensor<8xf32>
  %tile = arith.constant dense<1.0> : tensor<2x8xf32>
  %k = arith.constant dense<0.5> : tensor<3x2xf32>
  %v = arith.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  %k2 = arith.constant dense<-1.0> : tensor<2x2xf32>
  %v2 = arith.constant dense<[[4.0], [5.0]]> : tensor<2x1xf32>
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %first:3 = attention.online query(%tile : tensor<2x8xf32>)
      key(%k : tensor<3x2xf32> by #rows) value(%v : tensor<3x1xf32> by #rows)
      normaliser(#attention.softmax) origin(%c0, %c0) live(%c8)
      outs(%acc, %max, %sum : tensor<1x8xf32>, tensor<8xf32>, tensor<8xf32>)
  %second:3 = attention.online query(%tile : tensor<2x8xf32>)
      key(%k2 : tensor<2x2xf32> by #rows) value(%v2 : tensor<2x1xf32> by #rows)
      normaliser(#attention.softmax) origin(%c0, %c0) live(%c8)
      outs(%acc, %max, %sum : tensor<1x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %first#0, %first#2, %second#0, %second#2
       : tensor<1x8xf32>, tensor<8xf32>, tensor<1x8xf32>, tensor<8xf32>
}
