// A masked softmax with the weights as a result: which words may look at which.
// The mask is a set of index pairs (i, j): causal, but everybody sees the first
// `prompt` keys, and nobody sees a key beyond the `length` of the sentence.
//
//   attention-runner examples/masked_softmax.mlir --function=alignment \
//     --input=5x5xf32=0 --input=i32=4 --input=index=2 --output=- --output=- --heatmap=0
//
// Scores are equal here, so a row with n allowed keys has the weights 1/n and the
// log-sum-exp log n.

#causal = affine_set<(i, j) : (i - j >= 0)>
#prefix = affine_set<(i, j)[prompt] : (prompt - 1 - j >= 0)>
#within = affine_set<(i, j)[length] : (length - 1 - j >= 0)>

func.func @alignment(%scores: tensor<5x5xf32>, %length: i32, %prompt: index)
    -> (tensor<5x5xf32>, tensor<5xf32>) {
  %s = attention.mask_scores %scores
      sets(#within[%length : i32], #causal or #prefix[%prompt : index])
    : tensor<5x5xf32>
  %w, %lse = attention.softmax %s : tensor<5x5xf32>, tensor<5xf32>
  return %w, %lse : tensor<5x5xf32>, tensor<5xf32>
}
