// What the verifier of attention.merge says.
// RUN: attention-test-opt %s -split-input-file -verify-diagnostics

func.func @destinations(%accs: tensor<4x3x8xf32>, %m: tensor<4x8xf32>, %acc: tensor<3x8xf32>) {
  // expected-error@below {{expected 3 destinations, found 1}}
  %0 = attention.merge %accs state(%m, %m : tensor<4x8xf32>, tensor<4x8xf32>) normaliser(#attention.softmax)
      : tensor<4x3x8xf32> outs(%acc : tensor<3x8xf32>)
  return
}

// -----

func.func @accumulator(%accs: tensor<4x3x8xf16>, %acc: tensor<3x8xf16>) {
  // expected-error@below {{expected an accumulator of f32 or f64, found 'tensor<3x8xf16>'}}
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<4x3x8xf16> outs(%acc : tensor<3x8xf16>)
  return
}

// -----

func.func @state(%accs: tensor<4x3x8xf32>, %m: tensor<4x8xf32>, %acc: tensor<3x8xf32>, %s: tensor<8xf64>) {
  // expected-error@below {{expected the state to be [lanes] of 'f32' with static lanes, found 'tensor<8xf64>'}}
  %0:3 = attention.merge %accs state(%m, %m : tensor<4x8xf32>, tensor<4x8xf32>) normaliser(#attention.softmax)
      : tensor<4x3x8xf32> outs(%acc, %s, %s : tensor<3x8xf32>, tensor<8xf64>, tensor<8xf64>)
  return
}

// -----

func.func @lanes(%accs: tensor<4x3x8xf32>, %m: tensor<4x8xf32>, %acc: tensor<3x8xf32>, %s: tensor<16xf32>) {
  // expected-error@below {{expected tiles of the same lanes, found 'tensor<3x8xf32>' and 'tensor<16xf32>'}}
  %0:3 = attention.merge %accs state(%m, %m : tensor<4x8xf32>, tensor<4x8xf32>) normaliser(#attention.softmax)
      : tensor<4x3x8xf32> outs(%acc, %s, %s : tensor<3x8xf32>, tensor<16xf32>, tensor<16xf32>)
  return
}

// -----

func.func @states(%accs: tensor<4x3x8xf32>, %m: tensor<4x8xf32>, %acc: tensor<3x8xf32>, %s: tensor<8xf32>) {
  // expected-error@below {{expected partial states for each destination, found 2 for 3}}
  %0:3 = attention.merge %accs state(%m : tensor<4x8xf32>) normaliser(#attention.softmax)
      : tensor<4x3x8xf32> outs(%acc, %s, %s : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

func.func @rank(%accs: tensor<3x8xf32>, %acc: tensor<3x8xf32>) {
  // expected-error@below {{expected partial states to be 'tensor<3x8xf32>' with a dimension of parts in front, found 'tensor<3x8xf32>'}}
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<3x8xf32> outs(%acc : tensor<3x8xf32>)
  return
}

// -----

func.func @features(%accs: tensor<4x5x8xf32>, %acc: tensor<3x8xf32>) {
  // expected-error@below {{expected partial states to be 'tensor<3x8xf32>' with a dimension of parts in front, found 'tensor<4x5x8xf32>'}}
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<4x5x8xf32> outs(%acc : tensor<3x8xf32>)
  return
}

// -----

func.func @dynamic_lanes(%accs: tensor<4x3x?xf32>, %acc: tensor<3x8xf32>) {
  // expected-error@below {{expected partial states to be 'tensor<3x8xf32>' with a dimension of parts in front, found 'tensor<4x3x?xf32>'}}
  %0 = attention.merge %accs normaliser(#attention_test.sigmoid) : tensor<4x3x?xf32> outs(%acc : tensor<3x8xf32>)
  return
}

// -----

func.func @parts(%accs: tensor<4x3x8xf32>, %m: tensor<5x8xf32>, %acc: tensor<3x8xf32>, %s: tensor<8xf32>) {
  // expected-error@below {{expected operands to agree on the number of parts, found 4 and 5}}
  %0:3 = attention.merge %accs state(%m, %m : tensor<5x8xf32>, tensor<5x8xf32>) normaliser(#attention.softmax)
      : tensor<4x3x8xf32> outs(%acc, %s, %s : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}
