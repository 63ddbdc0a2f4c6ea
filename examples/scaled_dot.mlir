// Scaled dot-product attention (Vaswani et al., 2017): 4 queries look at 6 keys.
//
//   attention-runner examples/scaled_dot.mlir --function=attend \
//     --input=4x8xf32=random:1 --input=6x8xf32=random:2 --input=6x3xf32=random:3 --output=-
//
// Every row of the result is a weighted mean of the 6 values: with the values
// --input=6x3xf32=1 it is 1 everywhere.

func.func @attend(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>)
    -> tensor<4x3xf32> {
  // s[i, j] = (Σ_d q[i, d] · k[j, d]) / √8
  %s = attention.dot_score %q, %k scaled
     : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  // Each row of s becomes weights: not negative, of sum 1.
  %w = attention.softmax %s : tensor<4x6xf32>
  // o[i, e] = Σ_j w[i, j] · v[j, e]
  %o = attention.context %w, %v
     : tensor<4x6xf32>, tensor<6x3xf32> -> tensor<4x3xf32>
  return %o : tensor<4x3xf32>
}
