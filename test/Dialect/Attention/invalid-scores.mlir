// What the verifiers of the score functions say.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

func.func @rank(%q: tensor<8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{expected queries of shape [batch..., Nq, d_q], so of rank 2 or more, found rank 1}}
  %0 = attention.dot_score %q, %k : tensor<8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @key_rank(%q: tensor<4x8xf32>, %k: tensor<f32>) {
  // expected-error@below {{expected keys of shape [batch..., Nkv, d_k], so of rank 2 or more, found rank 0}}
  %0 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<f32> -> tensor<4x6xf32>
  return
}

// -----

func.func @encoding(%q: tensor<4x8xf32, "sparse">, %k: tensor<6x8xf32>) {
  // expected-error@below {{expected queries without a tensor encoding, found 'tensor<4x8xf32, "sparse">'}}
  %0 = attention.dot_score %q, %k : tensor<4x8xf32, "sparse">, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @batch_rank(%q: tensor<2x4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{expected keys of rank 3, as the queries have, found rank 2}}
  %0 = attention.dot_score %q, %k : tensor<2x4x8xf32>, tensor<6x8xf32> -> tensor<2x4x6xf32>
  return
}

// -----

func.func @last_batch(%q: tensor<8x4x8xf32>, %k: tensor<3x6x8xf32>) {
  // expected-error@below {{expected batch dimension 0 of keys to be 8, as of the queries, or 1, or a divisor of it (grouped heads), found 3}}
  %0 = attention.dot_score %q, %k : tensor<8x4x8xf32>, tensor<3x6x8xf32> -> tensor<8x4x6xf32>
  return
}

// -----

// Only the last batch dimension groups.
func.func @first_batch(%q: tensor<8x2x4x8xf32>, %k: tensor<4x2x6x8xf32>) {
  // expected-error@below {{expected batch dimension 0 of keys to be 8, as of the queries, or 1, found 4}}
  %0 = attention.dot_score %q, %k : tensor<8x2x4x8xf32>, tensor<4x2x6x8xf32> -> tensor<8x2x4x6xf32>
  return
}

// -----

func.func @no_group_of_none(%q: tensor<8x4x8xf32>, %k: tensor<0x6x8xf32>) {
  // expected-error@below {{or a divisor of it (grouped heads), found 0}}
  %0 = attention.dot_score %q, %k : tensor<8x4x8xf32>, tensor<0x6x8xf32> -> tensor<8x4x6xf32>
  return
}

// -----

func.func @features(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>) {
  // expected-error@below {{expected dimension 1 of keys to be the queries' number of features (a bilinear score takes different ones), 8, found 7}}
  %0 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x7xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @two_scales(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %c: f32) {
  // expected-error@below {{expected either 'scaled' or a scale, found both}}
  %0 = attention.dot_score %q, %k scaled scale(%c : f32) : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @scale_type(%q: tensor<4x8xf32>, %k: tensor<6x8xf64>, %c: f32) {
  // expected-error@below {{expected the scale to have the compute type 'f64', found 'f32'}}
  %0 = attention.dot_score %q, %k scale(%c : f32) : tensor<4x8xf32>, tensor<6x8xf64> -> tensor<4x6xf64>
  return
}

// -----

func.func @result_shape(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{inferred type(s) 'tensor<4x6xf32>' are incompatible with return type(s) of operation 'tensor<6x4xf32>'}}
  // expected-error@below {{failed to infer returned types}}
  %0 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<6x4xf32>
  return
}

// -----

// The compute type of f64 keys is f64.
func.func @result_type(%q: tensor<4x8xf32>, %k: tensor<6x8xf64>) {
  // expected-error@below {{inferred type(s) 'tensor<4x6xf64>' are incompatible with return type(s) of operation 'tensor<4x6xf32>'}}
  // expected-error@below {{failed to infer returned types}}
  %0 = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf64> -> tensor<4x6xf32>
  return
}

// -----

func.func @element_type(%q: tensor<4x8xi8>, %k: tensor<6x8xf32>) {
  // expected-error@below {{operand #0 must be ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'tensor<4x8xi8>'}}
  %0 = attention.dot_score %q, %k : tensor<4x8xi8>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_rank(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %w: tensor<1x8x7xf32>) {
  // expected-error@below {{expected W of shape [d_q, d_k], so of rank 2, found rank 3}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x7xf32>, tensor<1x8x7xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_encoding(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %w: tensor<8x7xf32, "e">) {
  // expected-error@below {{expected W without a tensor encoding, found 'tensor<8x7xf32, "e">'}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x7xf32>, tensor<8x7xf32, "e"> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_query(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %w: tensor<7x7xf32>) {
  // expected-error@below {{expected dimension 0 of W to be the queries' number of features, 8, found 7}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x7xf32>, tensor<7x7xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_key(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %w: tensor<?x8xf32>) {
  // expected-error@below {{expected dimension 1 of W to be the keys' number of features, 7, found 8}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x7xf32>, tensor<?x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_wide(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %w: tensor<8x7xf64>) {
  // expected-error@below {{expected elements of W to be no wider than the compute type 'f32', found 'f64'}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x7xf32>, tensor<8x7xf64> -> tensor<4x6xf32>
  return
}

// -----

func.func @bilinear_batch(%q: tensor<2x4x8xf32>, %k: tensor<3x6x7xf32>, %w: tensor<8x7xf32>) {
  // expected-error@below {{expected batch dimension 0 of keys to be 2, as of the queries}}
  %0 = attention.bilinear_score %q, %k, %w : tensor<2x4x8xf32>, tensor<3x6x7xf32>, tensor<8x7xf32> -> tensor<2x4x6xf32>
  return
}

// -----

func.func @additive_v(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %wq: tensor<5x8xf32>, %wk: tensor<5x7xf32>, %v: tensor<1x5xf32>) {
  // expected-error@below {{expected v of shape [a], so of rank 1, found rank 2}}
  %0 = attention.additive_score %q, %k, %wq, %wk, %v : tensor<4x8xf32>, tensor<6x7xf32>, tensor<5x8xf32>, tensor<5x7xf32>, tensor<1x5xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @additive_v_wide(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %wq: tensor<5x8xf32>, %wk: tensor<5x7xf32>, %v: tensor<5xf64>) {
  // expected-error@below {{expected elements of v to be no wider than the compute type 'f32', found 'f64'}}
  %0 = attention.additive_score %q, %k, %wq, %wk, %v : tensor<4x8xf32>, tensor<6x7xf32>, tensor<5x8xf32>, tensor<5x7xf32>, tensor<5xf64> -> tensor<4x6xf32>
  return
}

// -----

func.func @additive_wq(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %wq: tensor<8x5xf32>, %wk: tensor<5x7xf32>, %v: tensor<5xf32>) {
  // expected-error@below {{expected dimension 0 of Wq to be the extent of v, 5, found 8}}
  %0 = attention.additive_score %q, %k, %wq, %wk, %v : tensor<4x8xf32>, tensor<6x7xf32>, tensor<8x5xf32>, tensor<5x7xf32>, tensor<5xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @additive_wk(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %wq: tensor<5x8xf32>, %wk: tensor<5x8xf32>, %v: tensor<5xf32>) {
  // expected-error@below {{expected dimension 1 of Wk to be the keys' number of features, 7, found 8}}
  %0 = attention.additive_score %q, %k, %wq, %wk, %v : tensor<4x8xf32>, tensor<6x7xf32>, tensor<5x8xf32>, tensor<5x8xf32>, tensor<5xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @additive_bias(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>, %wq: tensor<5x8xf32>, %wk: tensor<5x7xf32>, %v: tensor<5xf32>, %b: tensor<1xf32>) {
  // expected-error@below {{expected dimension 0 of the bias to be the extent of v, 5, found 1}}
  %0 = attention.additive_score %q, %k, %wq, %wk, %v bias(%b : tensor<1xf32>) : tensor<4x8xf32>, tensor<6x7xf32>, tensor<5x8xf32>, tensor<5x7xf32>, tensor<5xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_features(%q: tensor<4x8xf32>, %k: tensor<6x7xf32>) {
  // expected-error@below {{expected dimension 1 of keys to be the queries' number of features, 8, found 7}}
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    attention.yield %a : f32
  } : tensor<4x8xf32>, tensor<6x7xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_parameter(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %p: tensor<4xf32>) {
  // expected-error@below {{expected dimension 0 of a per-feature parameter to be the queries' number of features, 8, found 4}}
  %0 = attention.score %q, %k params(%p) combine (%a: f32, %b: f32, %c: f32) {
    attention.yield %a : f32
  } : tensor<4x8xf32>, tensor<6x8xf32>, tensor<4xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_blocks(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{region #0 ('combine') failed to verify constraint: region with 1 blocks}}
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    cf.br ^bb1
  ^bb1:
    attention.yield %a : f32
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_no_block(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{region #0 ('combine') failed to verify constraint: region with 1 blocks}}
  %0 = attention.score %q, %k combine () {} : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_arguments(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %p: tensor<8xf32>) {
  // expected-error@below {{expected the combine region to take a query element, a key element and one element of each per-feature parameter: ('f32', 'f32', 'f32'), found ('f32', 'f32')}}
  %0 = attention.score %q, %k params(%p) combine (%a: f32, %b: f32) {
    attention.yield %a : f32
  } : tensor<4x8xf32>, tensor<6x8xf32>, tensor<8xf32> -> tensor<4x6xf32>
  return
}

// -----

// Region scalars have the compute type, not the tensors' element type.
func.func @score_argument_types(%q: tensor<4x8xbf16>, %k: tensor<6x8xbf16>) {
  // expected-error@below {{of each per-feature parameter: ('f32', 'f32'), found ('bf16', 'bf16')}}
  %0 = attention.score %q, %k combine (%a: bf16, %b: bf16) {
    attention.yield %a : bf16
  } : tensor<4x8xbf16>, tensor<6x8xbf16> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_yield_type(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    %t = arith.truncf %a : f32 to f16
    // expected-error@below {{'attention.yield' op expected the combine region to yield 'f32', found 'f16'}}
    attention.yield %t : f16
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_no_yield(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{expected the combine region to end in attention.yield}}
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    llvm.unreachable
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}

// -----

func.func @score_effects(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %m: memref<f32>) {
  %0 = attention.score %q, %k combine (%a: f32, %b: f32) {
    // expected-error@below {{'memref.load' op expected operations without side effects in the combine region of 'attention.score', found one}}
    %c = memref.load %m[] : memref<f32>
    attention.yield %c : f32
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}
