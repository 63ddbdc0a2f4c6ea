// Distances as scores: the nearer a key, the more it counts. Both are combine
// regions; neither is an operation of the dialect, nor known to any pass by name.
//
//   attention-runner examples/distances.mlir --function=manhattan \
//     --input=5x2xf32=0,0,5,5,0,1,5,4,9,9 --input=3x2xf32=0,1,5,4,-9,-9 \
//     --input=3x1xf32=10,20,30 --output=-
//   attention-runner examples/distances.mlir --function=squared \
//     --input=5x2xf32=0,0,5,5,0,1,5,4,9,9 --input=3x2xf32=0,1,5,4,-9,-9 \
//     --input=3x1xf32=10,20,30 --output=-
//
// The squared distance is multiplied out where that is accurate, so that it takes as
// long as a dot product: see docs/AddingAScore.md.

// s[i, j] = −Σ_d |q[i, d] − k[j, d]|
func.func @manhattan(%q: tensor<?x2xf32>, %k: tensor<?x2xf32>, %v: tensor<?x1xf32>)
    -> tensor<?x1xf32> {
  %s = attention.score %q, %k combine (%a: f32, %b: f32) {
    %difference = arith.subf %a, %b : f32
    %distance = math.absf %difference : f32
    %near = arith.negf %distance : f32
    attention.yield %near : f32
  } : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  %w = attention.softmax %s : tensor<?x?xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x1xf32> -> tensor<?x1xf32>
  return %o : tensor<?x1xf32>
}

// s[i, j] = −Σ_d (q[i, d] − k[j, d])²
func.func @squared(%q: tensor<?x2xf32>, %k: tensor<?x2xf32>, %v: tensor<?x1xf32>)
    -> tensor<?x1xf32> {
  %s = attention.score %q, %k combine (%a: f32, %b: f32) {
    %difference = arith.subf %a, %b : f32
    %square = arith.mulf %difference, %difference : f32
    %near = arith.negf %square : f32
    attention.yield %near : f32
  } : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?x?xf32>
  %w = attention.softmax %s : tensor<?x?xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x1xf32> -> tensor<?x1xf32>
  return %o : tensor<?x1xf32>
}
