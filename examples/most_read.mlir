// Which keys does each query read? For every query the two keys of largest weight and
// how spread its weights are, for every key how much it is read in all; and the
// context, as always. No tensor of weights is made for it.
//
//   attention-runner examples/most_read.mlir --function=read \
//     --input=3x2xf32=4,0,0,4,0,0 --input=4x2xf32=0,2,1,0,2,0,0,0 --input=4x2xf32=random:1
//
// The first query looks for a large first feature, and reads keys 2 and 1; the second
// for a large second one, and reads key 0; the third for nothing, and reads all four
// alike: of equal weights the lower keys are listed, and the entropy is log 4.

func.func @read(%q: tensor<3x2xf32>, %k: tensor<4x2xf32>, %v: tensor<4x2xf32>)
    -> (tensor<3x2xi32>, tensor<3x2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<3x2xf32>) {
  %s = attention.dot_score %q, %k scaled
     : tensor<3x2xf32>, tensor<4x2xf32> -> tensor<3x4xf32>
  %w = attention.softmax %s : tensor<3x4xf32>
  %top, %keys = attention.top_k %w k(2)
     : tensor<3x4xf32> -> tensor<3x2xf32>, tensor<3x2xi32>
  %h = attention.entropy %w : tensor<3x4xf32> -> tensor<3xf32>
  %m = attention.column_mass %w : tensor<3x4xf32> -> tensor<4xf32>
  %o = attention.context %w, %v
     : tensor<3x4xf32>, tensor<4x2xf32> -> tensor<3x2xf32>
  return %keys, %top, %h, %m, %o
       : tensor<3x2xi32>, tensor<3x2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<3x2xf32>
}
