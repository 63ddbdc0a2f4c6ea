// What the verifiers of top_k, entropy and column_mass say.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

func.func @rank(%w: tensor<6xf32>) {
  // expected-error@below {{expected weights of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.entropy %w : tensor<6xf32> -> tensor<f32>
  return
}

// -----

func.func @rank_of_top_k(%w: tensor<f32>) {
  // expected-error@below {{expected weights of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 0}}
  %0:2 = attention.top_k %w k(3) : tensor<f32> -> tensor<3xf32>, tensor<3xi32>
  return
}

// -----

func.func @rank_of_column_mass(%w: tensor<6xf32>) {
  // expected-error@below {{expected weights of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.column_mass %w : tensor<6xf32> -> tensor<f32>
  return
}

// -----

func.func @encoding(%w: tensor<4x6xf32, "e">) {
  // expected-error@below {{expected weights without a tensor encoding, found 'tensor<4x6xf32, "e">'}}
  %0 = attention.column_mass %w : tensor<4x6xf32, "e"> -> tensor<6xf32>
  return
}

// -----

func.func @no_keys(%w: tensor<4x6xf32>) {
  // expected-error@below {{attribute 'k' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0:2 = attention.top_k %w k(0) : tensor<4x6xf32> -> tensor<4x0xf32>, tensor<4x0xi32>
  return
}

// -----

func.func @number_of_keys(%w: tensor<4x6xf32>) {
  // expected-error@below {{failed to infer returned types}}
  // expected-error@below {{are incompatible with return type(s)}}
  %0:2 = attention.top_k %w k(3) : tensor<4x6xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  return
}

// -----

func.func @type_of_top_weights(%w: tensor<4x6xf32>) {
  // expected-error@below {{failed to infer returned types}}
  // expected-error@below {{are incompatible with return type(s)}}
  %0:2 = attention.top_k %w k(3) : tensor<4x6xf32> -> tensor<4x3xf64>, tensor<4x3xi32>
  return
}

// -----

func.func @entropy_of_columns(%w: tensor<4x6xf32>) {
  // expected-error@below {{failed to infer returned types}}
  // expected-error@below {{are incompatible with return type(s)}}
  %0 = attention.entropy %w : tensor<4x6xf32> -> tensor<6xf32>
  return
}

// -----

func.func @mass_of_rows(%w: tensor<2x4x6xf32>) {
  // expected-error@below {{failed to infer returned types}}
  // expected-error@below {{are incompatible with return type(s)}}
  %0 = attention.column_mass %w : tensor<2x4x6xf32> -> tensor<2x4xf32>
  return
}
