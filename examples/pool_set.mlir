// Pooling: a set of any size becomes one vector. The query is learned (a row of
// numbers that training has found), the elements of the set are keys and values,
// and the order of the elements does not matter. An empty set gives zeros.
//
//   attention-runner examples/pool_set.mlir --function=pool \
//     --input=1x4xf32=2,0,0,0 --input=3x4xf32=1,5,5,5,-1,7,7,7,0,6,6,6 --output=-
//
// This query asks for elements whose first feature is large.

func.func @pool(%query: tensor<1x4xf32>, %set: tensor<?x4xf32>) -> tensor<1x4xf32> {
  %s = attention.dot_score %query, %set
     : tensor<1x4xf32>, tensor<?x4xf32> -> tensor<1x?xf32>
  %w = attention.softmax %s : tensor<1x?xf32>
  %o = attention.context %w, %set
     : tensor<1x?xf32>, tensor<?x4xf32> -> tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}
