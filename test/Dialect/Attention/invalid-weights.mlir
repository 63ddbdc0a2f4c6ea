// What the verifiers of attention.weights and mass say, beyond what they share with online's.
// RUN: attention-test-opt %s -split-input-file -verify-diagnostics

#rows = affine_map<(r, c) -> (r, c)>
func.func @destinations(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
                        %w: tensor<5x7xf32>) {
  // expected-error@below {{expected 1 destinations, found 2}}
  %0:2 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w, %w : tensor<5x7xf32>, tensor<5x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @type(%t: tensor<4x8xf16>, %k: tensor<7x4xf16>, %m: tensor<8xf16>, %i: index,
                %w: tensor<5x7xf16>) {
  // expected-error@below {{expected weights of f32 or f64, found 'tensor<5x7xf16>'}}
  %0 = attention.weights query(%t : tensor<4x8xf16>) key(%k : tensor<7x4xf16> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf16>, tensor<8xf16>)
      origin(%i, %i) live(%i) first(%i) outs(%w : tensor<5x7xf16> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @query(%t: tensor<4x8xf64>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
                 %w: tensor<5x7xf32>) {
  // expected-error@below {{expected the queries to be [rows, lanes] of 'f32' with static lanes, found 'tensor<4x8xf64>'}}
  %0 = attention.weights query(%t : tensor<4x8xf64>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w : tensor<5x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @no_state(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %i: index, %w: tensor<5x7xf32>) {
  // expected-error@below {{expected the state of the normaliser, 2 values, found 0}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i) first(%i) outs(%w : tensor<5x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @state_lanes(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<16xf32>, %i: index,
                       %w: tensor<5x7xf32>) {
  // expected-error@below {{expected tiles of the same lanes, found 'tensor<4x8xf32>' and 'tensor<16xf32>'}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<16xf32>, tensor<16xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w : tensor<5x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @map(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
               %w: tensor<5x7xf32>) {
  // expected-error@below {{expected the weights of rank 2 with a map that permutes two dimensions, found 'tensor<5x7xf32>' and affine_map<(d0, d1) -> (d0)>}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w : tensor<5x7xf32> by affine_map<(r, c) -> (r)>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @many_rows(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
                     %w: tensor<9x7xf32>) {
  // expected-error@below {{expected a lane for each row, found 8 lanes for 9 rows}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w : tensor<9x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @keys(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
                %w: tensor<5x9xf32>) {
  %first = arith.constant 3 : index
  // expected-error@below {{expected the destination to have the block's keys, up to 10, found 9 keys}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%first) outs(%w : tensor<5x9xf32> by #rows)
  return
}

// -----

// Keys of a number that run time knows may be none, but not after all others.
#rows = affine_map<(r, c) -> (r, c)>
func.func @first(%t: tensor<4x8xf32>, %k: tensor<?x4xf32>, %m: tensor<8xf32>, %i: index,
                 %w: tensor<9x5xf32>) {
  %last = arith.constant 9 : index
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%last) outs(%w : tensor<9x5xf32> by affine_map<(r, c) -> (c, r)>)
  %beyond = arith.constant 10 : index
  // expected-error@below {{expected the destination to have the block's keys, up to 10, found 9 keys}}
  %1 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%beyond) outs(%w : tensor<9x5xf32> by affine_map<(r, c) -> (c, r)>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @negative_first(%t: tensor<4x8xf32>, %k: tensor<?x4xf32>, %m: tensor<8xf32>, %i: index,
                          %w: tensor<5x?xf32>) {
  %first = arith.constant -1 : index
  // expected-error@below {{expected the first key not to be negative, found -1}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%first) outs(%w : tensor<5x?xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @origin(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index,
                  %w: tensor<5x7xf32>) {
  // expected-error@below {{expected an origin of indices (batch..., i, j), found 1}}
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i) live(%i) first(%i) outs(%w : tensor<5x7xf32> by #rows)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @mass_type(%t: tensor<4x8xf16>, %k: tensor<7x4xf16>, %m: tensor<8xf16>, %i: index, %o: tensor<7xf16>) {
  // expected-error@below {{expected a mass [keys] of f32 or f64, found 'tensor<7xf16>'}}
  %0 = attention.mass query(%t : tensor<4x8xf16>) key(%k : tensor<7x4xf16> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf16>, tensor<8xf16>)
      origin(%i, %i) live(%i) first(%i) outs(%o : tensor<7xf16>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @mass_rank(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index, %o: tensor<1x7xf32>) {
  // expected-error@below {{expected a mass [keys] of f32 or f64, found 'tensor<1x7xf32>'}}
  %0 = attention.mass query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%o : tensor<1x7xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @mass_keys(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index, %o: tensor<6xf32>) {
  %first = arith.constant 0 : index
  // expected-error@below {{expected the destination to have the block's keys, up to 7, found 6 keys}}
  %0 = attention.mass query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.softmax) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%first) outs(%o : tensor<6xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @mass_state(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %m: tensor<8xf32>, %i: index, %o: tensor<7xf32>) {
  // expected-error@below {{expected the state of the normaliser, 0 values, found 2}}
  %0 = attention.mass query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows)
      normaliser(#attention.as_weights) state(%m, %m : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%o : tensor<7xf32>)
  return
}
