// What the verifiers of modify_scores, softmax, as_weights and context say.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

func.func @modify_rank(%s: tensor<f32>) {
  // expected-error@below {{expected scores of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 0}}
  %0 = attention.modify_scores %s (%x: f32) {
    attention.yield %x : f32
  } : tensor<f32>
  return
}

// -----

func.func @modify_encoding(%s: tensor<4x6xf32, "e">) {
  // expected-error@below {{expected scores without a tensor encoding, found 'tensor<4x6xf32, "e">'}}
  %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    attention.yield %x : f32
  } : tensor<4x6xf32, "e">
  return
}

// -----

func.func @modify_arguments(%s: tensor<2x4x6xf64>) {
  // expected-error@below {{expected the modify region to take a score and its indices: ('f64', 'index', 'index', 'index'), found ('f64', 'index', 'index')}}
  %0 = attention.modify_scores %s (%x: f64, %i: index, %j: index) {
    attention.yield %x : f64
  } : tensor<2x4x6xf64>
  return
}

// -----

func.func @modify_yield(%s: tensor<4x6xf32>) {
  %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = arith.extf %x : f32 to f64
    // expected-error@below {{'attention.yield' op expected the modify region to yield 'f32', found 'f64'}}
    attention.yield %y : f64
  } : tensor<4x6xf32>
  return
}

// -----

func.func private @random() -> f32

func.func @modify_effects(%s: tensor<4x6xf32>) {
  %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    // expected-error@below {{'func.call' op expected operations without side effects in the modify region of 'attention.modify_scores', found one}}
    %y = func.call @random() : () -> f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  return
}

// -----

// An operation in the region is verified before the region is.
func.func @modify_nested(%s: tensor<4x6xf32>) {
  %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    // expected-error@below {{'attention.yield' op requires a single operand}}
    "attention.yield"() : () -> ()
  } : tensor<4x6xf32>
  return
}

// -----

func.func @softmax_rank(%s: tensor<6xf32>) {
  // expected-error@below {{expected scores of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.softmax %s : tensor<6xf32>
  return
}

// -----

func.func @as_weights_rank(%s: tensor<6xf32>) {
  // expected-error@below {{expected scores of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.as_weights %s : tensor<6xf32>
  return
}

// -----

func.func @softmax_weights(%s: tensor<4x6xf32>) {
  // expected-error@below {{failed to verify that all of {scores, weights} have same type}}
  %0 = "attention.softmax"(%s) : (tensor<4x6xf32>) -> tensor<4x7xf32>
  return
}

// -----

func.func @lse_shape(%s: tensor<2x4x6xf32>) {
  // expected-error@below {{expected the log-sum-exp to be 'tensor<2x4xf32>', found 'tensor<2x6xf32>'}}
  %0, %1 = attention.softmax %s : tensor<2x4x6xf32>, tensor<2x6xf32>
  return
}

// -----

func.func @lse_type(%s: tensor<4x6xf64>) {
  // expected-error@below {{expected the log-sum-exp to be 'tensor<4xf64>', found 'tensor<4xf32>'}}
  %0, %1 = attention.softmax %s : tensor<4x6xf64>, tensor<4xf32>
  return
}

// -----

func.func @sinks_encoding(%s: tensor<2x4x6xf32>, %k: tensor<2xf32, "e">) {
  // expected-error@below {{expected sinks without a tensor encoding, found 'tensor<2xf32, "e">'}}
  %0 = attention.softmax %s sinks(%k : tensor<2xf32, "e">) : tensor<2x4x6xf32>
  return
}

// -----

func.func @sinks_type(%s: tensor<2x4x6xf64>, %k: tensor<2xf32>) {
  // expected-error@below {{expected sinks of the compute type 'f64', found 'f32'}}
  %0 = attention.softmax %s sinks(%k : tensor<2xf32>) : tensor<2x4x6xf64>
  return
}

// -----

func.func @sinks_rank(%s: tensor<2x4x6xf32>, %k: tensor<2x4xf32>) {
  // expected-error@below {{expected sinks over at most the 1 batch dimensions of the scores, found rank 2}}
  %0 = attention.softmax %s sinks(%k : tensor<2x4xf32>) : tensor<2x4x6xf32>
  return
}

// -----

// Sinks take the trailing batch dimensions: heads, not batches.
func.func @sinks_extent(%s: tensor<2x8x4x6xf32>, %k: tensor<2xf32>) {
  // expected-error@below {{expected dimension 0 of sinks to be the scores' batch extent or 1, 8, found 2}}
  %0 = attention.softmax %s sinks(%k : tensor<2xf32>) : tensor<2x8x4x6xf32>
  return
}

// -----

func.func @weights_rank(%w: tensor<6xf32>, %v: tensor<6x8xf32>) {
  // expected-error@below {{expected weights of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.context %w, %v : tensor<6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @values_rank(%w: tensor<4x6xf32>, %v: tensor<6xf32>) {
  // expected-error@below {{expected values of shape [batch..., Nkv, d_v], so of rank 2 or more, found rank 1}}
  %0 = attention.context %w, %v : tensor<4x6xf32>, tensor<6xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @values_batch(%w: tensor<8x4x6xf32>, %v: tensor<3x6x8xf32>) {
  // expected-error@below {{expected batch dimension 0 of values to be 8, as of the weights, or 1, or a divisor of it (grouped heads), found 3}}
  %0 = attention.context %w, %v : tensor<8x4x6xf32>, tensor<3x6x8xf32> -> tensor<8x4x8xf32>
  return
}

// -----

func.func @values_keys(%w: tensor<4x6xf32>, %v: tensor<7x8xf32>) {
  // expected-error@below {{expected dimension 0 of values to be the number of keys in the weights, 6, found 7}}
  %0 = attention.context %w, %v : tensor<4x6xf32>, tensor<7x8xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @values_wide(%w: tensor<4x6xf32>, %v: tensor<6x8xf64>) {
  // expected-error@below {{expected weights of the compute type f64, as values are f64 (ask the score for an f64 result), found 'f32'}}
  %0 = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf64> -> tensor<4x8xf64>
  return
}

// -----

func.func @context_shape(%w: tensor<4x6xf32>, %v: tensor<6x8xf32>) {
  // expected-error@below {{inferred type(s) 'tensor<4x8xf32>' are incompatible with return type(s) of operation 'tensor<4x6xf32>'}}
  // expected-error@below {{failed to infer returned types}}
  %0 = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  return
}
