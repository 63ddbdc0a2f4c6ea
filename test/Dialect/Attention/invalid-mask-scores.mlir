// What the verifier and the parser of attention.mask_scores say.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

func.func @rank(%s: tensor<6xf32>) {
  // expected-error@below {{expected scores of shape [batch..., Nq, Nkv], so of rank 2 or more, found rank 1}}
  %0 = attention.mask_scores %s : tensor<6xf32>
  return
}

// -----

func.func @score_type(%s: tensor<4x6xf16>) {
  // expected-error@below {{operand #0 must be ranked tensor of 32-bit float or 64-bit float values, but got 'tensor<4x6xf16>'}}
  %0 = attention.mask_scores %s : tensor<4x6xf16>
  return
}

// -----

func.func @set_dims(%s: tensor<2x4x6xf32>) {
  // expected-error@below {{expected sets over the scores' 3 dimensions (batch..., i, j), found one over 2}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<2x4x6xf32>
  return
}

// -----

func.func @set_kind(%s: tensor<4x6xf32>) {
  // expected-error@below {{invalid kind of attribute specified}}
  %0 = attention.mask_scores %s sets(affine_map<(i, j) -> (i)>) : tensor<4x6xf32>
  return
}

// -----

func.func @too_few_symbols(%s: tensor<4x6xf32>, %n: index) {
  // expected-error@below {{expected 2 values for the symbols of the set, found 1}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j)[n, m] : (n - j >= 0, m - i >= 0)>[%n : index]) : tensor<4x6xf32>
  return
}

// -----

func.func @too_many_symbols(%s: tensor<4x6xf32>, %n: index) {
  // expected-error@below {{expected 0 values for the symbols of the set, found 1}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j) : (i - j >= 0)>[%n : index]) : tensor<4x6xf32>
  return
}

// -----

func.func @symbol_count(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected 1 values for the symbols of the sets, found 0}}
  %0 = "attention.mask_scores"(%s) <{sets = [[affine_set<(i, j)[n] : (n - j >= 0)>]], operandSegmentSizes = array<i32: 1, 0, 0, 0>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @symbol_rank(%s: tensor<2x4x6xf32>, %n: tensor<2x4xi32>) {
  // expected-error@below {{expected a set's symbol to be a scalar or a tensor over at most the 1 batch dimensions of the scores, found 'tensor<2x4xi32>'}}
  %0 = attention.mask_scores %s sets(affine_set<(b, i, j)[n] : (n - j >= 0)>[%n : tensor<2x4xi32>]) : tensor<2x4x6xf32>
  return
}

// -----

func.func @symbol_extent(%s: tensor<2x4x6xf32>, %n: tensor<3xi32>) {
  // expected-error@below {{expected dimension 0 of a set's symbol to be the scores' batch extent, 2, found 3}}
  %0 = attention.mask_scores %s sets(affine_set<(b, i, j)[n] : (n - j >= 0)>[%n : tensor<3xi32>]) : tensor<2x4x6xf32>
  return
}

// -----

func.func @symbol_encoding(%s: tensor<2x4x6xf32>, %n: tensor<2xi32, "e">) {
  // expected-error@below {{expected a set's symbol without a tensor encoding, found 'tensor<2xi32, "e">'}}
  %0 = attention.mask_scores %s sets(affine_set<(b, i, j)[n] : (n - j >= 0)>[%n : tensor<2xi32, "e">]) : tensor<2x4x6xf32>
  return
}

// -----

func.func @symbol_type(%s: tensor<4x6xf32>, %n: i16) {
  // expected-error@below {{operand #1 must be variadic of index or 32-bit signless integer or 64-bit signless integer or ranked tensor of index or 32-bit signless integer or 64-bit signless integer values, but got 'i16'}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j)[n] : (n - j >= 0)>[%n : i16]) : tensor<4x6xf32>
  return
}

// -----

func.func @modulus(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected divisors and moduli in sets to be positive, found 0}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j) : (i mod 0 - j >= 0)>) : tensor<4x6xf32>
  return
}

// -----

func.func @divisor(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected divisors and moduli in sets to be positive, found -2}}
  %0 = attention.mask_scores %s sets(affine_set<(i, j) : (j - (i ceildiv -2) * 3 == 0)>) : tensor<4x6xf32>
  return
}

// -----

func.func @empty_union(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected at least one set in each union}}
  %0 = "attention.mask_scores"(%s) <{sets = [[]], operandSegmentSizes = array<i32: 1, 0, 0, 0>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @not_unions(%s: tensor<4x6xf32>) {
  // expected-error@below {{attribute 'sets' failed to satisfy constraint: an intersection of unions of integer sets}}
  %0 = "attention.mask_scores"(%s) <{sets = [affine_set<(i, j) : (i - j >= 0)>], operandSegmentSizes = array<i32: 1, 0, 0, 0>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @keep_type(%s: tensor<4x6xf32>, %k: tensor<4x6xi8>) {
  // expected-error@below {{operand #1 must be ranked tensor of 1-bit signless integer values, but got 'tensor<4x6xi8>'}}
  %0 = attention.mask_scores %s keep(%k : tensor<4x6xi8>) : tensor<4x6xf32>
  return
}

// -----

func.func @keep_rank(%s: tensor<2x4x6xf32>, %k: tensor<4x6xi1>) {
  // expected-error@below {{expected keep of shape [batch..., Nq, Nkv], so of rank 3, found rank 2}}
  %0 = attention.mask_scores %s keep(%k : tensor<4x6xi1>) : tensor<2x4x6xf32>
  return
}

// -----

func.func @keep_extent(%s: tensor<2x4x6xf32>, %k: tensor<2x4x3xi1>) {
  // expected-error@below {{expected dimension 2 of keep to be the scores' extent or 1, 6, found 3}}
  %0 = attention.mask_scores %s keep(%k : tensor<2x4x3xi1>) : tensor<2x4x6xf32>
  return
}

// -----

func.func @keep_encoding(%s: tensor<4x6xf32>, %k: tensor<4x6xi1, "e">) {
  // expected-error@below {{expected keep without a tensor encoding, found 'tensor<4x6xi1, "e">'}}
  %0 = attention.mask_scores %s keep(%k : tensor<4x6xi1, "e">) : tensor<4x6xf32>
  return
}

// -----

func.func @mapped_encoding(%s: tensor<4x6xf32>, %k: tensor<6xi1, "e">) {
  // expected-error@below {{expected keep without a tensor encoding, found 'tensor<6xi1, "e">'}}
  %0 = attention.mask_scores %s keep(%k : tensor<6xi1, "e"> by affine_map<(i, j) -> (j)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_dims(%s: tensor<2x4x6xf32>, %k: tensor<6xi1>) {
  // expected-error@below {{expected the map of keep to take the scores' 3 dimensions and no symbols, found affine_map<(d0, d1) -> (d1)>}}
  %0 = attention.mask_scores %s keep(%k : tensor<6xi1> by affine_map<(i, j) -> (j)>) : tensor<2x4x6xf32>
  return
}

// -----

func.func @map_symbols(%s: tensor<4x6xf32>, %b: tensor<6xf32>) {
  // expected-error@below {{expected the map of bias to take the scores' 2 dimensions and no symbols, found affine_map<(d0, d1)[s0] -> (d1)>}}
  %0 = attention.mask_scores %s bias(%b : tensor<6xf32> by affine_map<(i, j)[n] -> (j)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_results(%s: tensor<4x6xf32>, %k: tensor<6xi1>) {
  // expected-error@below {{expected the map of keep to have 1 results, the tensor's rank, found affine_map<(d0, d1) -> (d0, d1)>}}
  %0 = attention.mask_scores %s keep(%k : tensor<6xi1> by affine_map<(i, j) -> (i, j)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_expression(%s: tensor<4x6xf32>, %k: tensor<9xi1>) {
  // expected-error@below {{expected the results of the map of keep to be dimensions, quotients of a dimension by a positive constant, or 0, found affine_map<(d0, d1) -> (d0 + d1)>}}
  %0 = attention.mask_scores %s keep(%k : tensor<9xi1> by affine_map<(i, j) -> (i + j)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_divisor(%s: tensor<4x6xf32>, %k: tensor<9xi1>) {
  // expected-error@below {{quotients of a dimension by a positive constant, or 0, found affine_map<(d0, d1) -> (d0 floordiv -2)>}}
  %0 = attention.mask_scores %s keep(%k : tensor<9xi1> by affine_map<(i, j) -> (i floordiv -2)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_constant(%s: tensor<4x6xf32>, %k: tensor<9xi1>) {
  // expected-error@below {{quotients of a dimension by a positive constant, or 0, found affine_map<(d0, d1) -> (1)>}}
  %0 = attention.mask_scores %s keep(%k : tensor<9xi1> by affine_map<(i, j) -> (1)>) : tensor<4x6xf32>
  return
}

// -----

func.func @map_extent(%s: tensor<9x4x6xf32>, %b: tensor<2x6xf32>) {
  // expected-error@below {{expected dimension 0 of bias to be what its map reads, 3, found 2}}
  %0 = attention.mask_scores %s bias(%b : tensor<2x6xf32> by affine_map<(h, i, j) -> (h floordiv 4, j)>) : tensor<9x4x6xf32>
  return
}

// -----

func.func @map_of_nothing(%s: tensor<4x6xf32>, %k: tensor<0xi1>) {
  // expected-error@below {{expected dimension 0 of keep to have an element, as its map reads element 0, found 0}}
  %0 = attention.mask_scores %s keep(%k : tensor<0xi1> by affine_map<(i, j) -> (0)>) : tensor<4x6xf32>
  return
}

// -----

// Scores that may be empty at run time may have an empty tensor too.
func.func @map_of_nothing_dynamic(%s: tensor<?x6xf32>, %k: tensor<0xi1>) {
  %0 = attention.mask_scores %s keep(%k : tensor<0xi1> by affine_map<(i, j) -> (0)>) : tensor<?x6xf32>
  return
}

// -----

func.func @map_without_tensor(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected a map only for a tensor that is there, found one for bias}}
  %0 = "attention.mask_scores"(%s) <{bias_map = affine_map<(i, j) -> (i, j)>, operandSegmentSizes = array<i32: 1, 0, 0, 0>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @bias_wide(%s: tensor<4x6xf32>, %b: tensor<4x6xf64>) {
  // expected-error@below {{expected elements of bias to be no wider than the compute type 'f32', found 'f64'}}
  %0 = attention.mask_scores %s bias(%b : tensor<4x6xf64>) : tensor<4x6xf32>
  return
}

// -----

func.func @where_arguments(%s: tensor<2x4x6xf32>, %p: i1) {
  // expected-error@below {{expected the where region to take the indices of a score: ('index', 'index', 'index'), found ('index', 'index')}}
  %0 = attention.mask_scores %s where (%i: index, %j: index) {
    attention.yield %p : i1
  } : tensor<2x4x6xf32>
  return
}

// -----

func.func @where_yield(%s: tensor<4x6xf32>) {
  %0 = attention.mask_scores %s where (%i: index, %j: index) {
    // expected-error@below {{'attention.yield' op expected the where region to yield 'i1', found 'index'}}
    attention.yield %i : index
  } : tensor<4x6xf32>
  return
}

// -----

func.func @where_empty(%s: tensor<4x6xf32>) {
  // expected-error@below {{expected a where region of one block, found an empty one}}
  %0 = attention.mask_scores %s where () {} : tensor<4x6xf32>
  return
}

// -----

func.func @where_no_yield(%s: tensor<4x6xf32>) {
  // expected-error@below {{empty block: expect at least a terminator}}
  %0 = attention.mask_scores %s where (%i: index, %j: index) {} : tensor<4x6xf32>
  return
}

// -----

func.func @where_blocks(%s: tensor<4x6xf32>, %p: i1) {
  // expected-error@below {{expected a where region of one block}}
  %0 = attention.mask_scores %s where (%i: index, %j: index) {
    cf.br ^bb1
  ^bb1:
    attention.yield %p : i1
  } : tensor<4x6xf32>
  return
}
