// A score function of one's own: near keys count, whatever their length. The
// combine region says what one feature contributes; its sum over the features is
// the score. A per-feature parameter (here a precision) is a tensor [d].
//
//   attention-runner examples/own_score.mlir --function=nearest \
//     --input=2x2xf32=0,0,5,5 --input=3x2xf32=0,1,5,4,-9,-9 --input=2xf32=2,2 \
//     --input=3x1xf32=10,20,30 --output=-
//
// The first query is next to the first key and takes its value, 10; the second is
// next to the second key: 20. The third key is far from both.

func.func @nearest(%q: tensor<?x2xf32>, %k: tensor<?x2xf32>, %precision: tensor<2xf32>,
                   %v: tensor<?x1xf32>) -> tensor<?x1xf32> {
  // s[i, j] = Σ_d −precision[d] · (q[i, d] − k[j, d])²
  %s = attention.score %q, %k params(%precision)
      combine (%a: f32, %b: f32, %p: f32) {
    %difference = arith.subf %a, %b : f32
    %square = arith.mulf %difference, %difference : f32
    %weighted = arith.mulf %square, %p : f32
    %near = arith.negf %weighted : f32
    attention.yield %near : f32
  } : tensor<?x2xf32>, tensor<?x2xf32>, tensor<2xf32> -> tensor<?x?xf32>
  %w = attention.softmax %s : tensor<?x?xf32>
  %o = attention.context %w, %v
     : tensor<?x?xf32>, tensor<?x1xf32> -> tensor<?x1xf32>
  return %o : tensor<?x1xf32>
}
