// What the verifiers of attention.pack, online and finish say, and that of
// attention.fused about a normaliser without state.
// RUN: attention-test-opt %s -split-input-file -verify-diagnostics

func.func @pack_type(%q: tensor<5x4xf32>, %t: tensor<4x8xf16>) {
  // expected-error@below {{expected a tile of f32 or f64, found 'tensor<4x8xf16>'}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<5x4xf32> outs(%t : tensor<4x8xf16>)
  return
}

// -----

func.func @pack_map(%q: tensor<5x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected query of rank 2 with a map that permutes two dimensions, found 'tensor<5x4xf32>' and affine_map<(d0, d1) -> (d0)>}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i)> : tensor<5x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_rank(%q: tensor<1x5x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected query of rank 2 with a map that permutes two dimensions, found 'tensor<1x5x4xf32>' and affine_map<(d0, d1) -> (d0, d1)>}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<1x5x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_tile(%q: tensor<5x4xf32>, %t: tensor<4x?xf32>) {
  // expected-error@below {{expected the tile to be [rows, lanes] of 'f32' with static lanes, found 'tensor<4x?xf32>'}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<5x4xf32> outs(%t : tensor<4x?xf32>)
  return
}

// -----

func.func @pack_tile_rank(%q: tensor<5x4xf32>, %t: tensor<8xf32>) {
  // expected-error@below {{expected the tile to be [rows, lanes] of 'f32' with static lanes, found 'tensor<8xf32>'}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<5x4xf32> outs(%t : tensor<8xf32>)
  return
}

// -----

func.func @pack_wide(%q: tensor<5x4xf64>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected elements of query to be no wider than the compute type 'f32', found 'f64'}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<5x4xf64> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_features(%q: tensor<5x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected operands to agree on the number of features, found 5 and 4}}
  %0 = attention.pack %q by affine_map<(i, d) -> (d, i)> : tensor<5x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_rows(%q: tensor<9x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected a lane for each row, found 8 lanes for 9 rows}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<9x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_scale(%q: tensor<5x4xf32>, %t: tensor<4x8xf32>, %s: f64) {
  // expected-error@below {{'attention.pack' op expected the scale to have the compute type 'f32', found 'f64'}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> scale(%s : f64) : tensor<5x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

func.func @pack_both(%q: memref<5x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected tensors or buffers, found both}}
  %0 = attention.pack %q by affine_map<(i, d) -> (i, d)> : memref<5x4xf32> outs(%t : tensor<4x8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_destinations(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected 3 destinations, found 1}}
  %0 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc : tensor<3x8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_type(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xbf16>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected an accumulator of f32 or f64, found 'tensor<3x8xbf16>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xbf16>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_accumulator(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x?xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected the accumulator to be [rows, lanes] of 'f32' with static lanes, found 'tensor<3x?xf32>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x?xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_query(%t: tensor<4x8xf64>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected the queries to be [rows, lanes] of 'f32' with static lanes, found 'tensor<4x8xf64>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf64>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_lanes(%t: tensor<4x16xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected tiles of the same lanes, found 'tensor<4x16xf32>' and 'tensor<3x8xf32>'}}
  %0:3 = attention.online query(%t : tensor<4x16xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_state(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf64>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected the state to be [lanes] of 'f32' with static lanes, found 'tensor<8xf64>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf64>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_state_lanes(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<4xf32>, %i: index) {
  // expected-error@below {{expected tiles of the same lanes, found 'tensor<3x8xf32>' and 'tensor<4xf32>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<4xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_key_map(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected key of rank 2 with a map that permutes two dimensions, found 'tensor<7x4xf32>' and affine_map<(d0, d1) -> (d0, d0)>}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by affine_map<(j, d) -> (j, j)>) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_value_map(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected value of rank 2 with a map that permutes two dimensions, found 'tensor<7xf32>' and affine_map<(d0, d1) -> (d0, d1)>}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_key_wide(%t: tensor<4x8xf32>, %k: tensor<7x4xf64>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected elements of key to be no wider than the compute type 'f32', found 'f64'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf64> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_value_wide(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf64>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected elements of value to be no wider than the compute type 'f32', found 'f64'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf64> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_features(%t: tensor<4x8xf32>, %k: tensor<7x5xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected operands to agree on the number of features, found 4 and 5}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x5xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_keys(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<6x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected operands to agree on the number of keys, found 7 and 6}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<6x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_value_features(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x2xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected operands to agree on the number of value features, found 3 and 2}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x2xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_parameters(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index, %p: tensor<1x4xf32>) {
  // expected-error@below {{expected parameters with an element a feature, found 'tensor<1x4xf32>'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      params(%p : tensor<1x4xf32>)
      combine (%a: f32, %b: f32, %c: f32) { attention.yield %a : f32 }
      normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_origin(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected an origin of indices (batch..., i, j), found 1}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      normaliser(#attention.softmax) origin(%i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_scale(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index, %s: f64) {
  // expected-error@below {{'attention.online' op expected the scale to have the compute type 'f32', found 'f64'}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      scale(%s : f64) normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_sets(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected sets over 2 dimensions (batch..., i, j), found one over 3}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      changes(sets(affine_set<(h, i, j) : (i - j >= 0)>)) normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @online_modify(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) {
  // expected-error@below {{expected the modify region to take a score and its indices: ('f32', 'index', 'index'), found ('f32')}}
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<7x4xf32> by #rows) value(%v : tensor<7x3xf32> by #rows)
      changes(modify (%s: f32) { attention.yield %s : f32 }) normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_destinations(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected 1 destinations, found 3}}
  %0:3 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o, %o, %o : tensor<5x3xf32>, tensor<5x3xf32>, tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_state(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected the state of the normaliser, 2 values, found 0}}
  %0 = attention.finish %acc normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o : tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_no_state(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected the state of the normaliser, 0 values, found 2}}
  %0 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention_test.sigmoid) by #rows
      : tensor<3x8xf32> outs(%o : tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_type(%acc: tensor<3x8xf16>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected an accumulator of f32 or f64, found 'tensor<3x8xf16>'}}
  %0 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf16> outs(%o : tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_map(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected the context of rank 2 with a map that permutes two dimensions, found 'tensor<5x3xf32>' and affine_map<(d0, d1) -> (d1)>}}
  %0 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by affine_map<(i, e) -> (e)>
      : tensor<3x8xf32> outs(%o : tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_rows(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<9x3xf32>) {
  // expected-error@below {{expected a lane for each row, found 8 lanes for 9 rows}}
  %0 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o : tensor<9x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_lanes(%acc: tensor<3x8xf32>, %max: tensor<16xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>) {
  // expected-error@below {{expected tiles of the same lanes, found 'tensor<3x8xf32>' and 'tensor<16xf32>'}}
  %0 = attention.finish %acc state(%max, %sum : tensor<16xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o : tensor<5x3xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_lse(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>, %l: tensor<5xf64>) {
  // expected-error@below {{expected a log-sum-exp [rows] of 'f32' only with a state, found 'tensor<5xf64>'}}
  %0:2 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o, %l : tensor<5x3xf32>, tensor<5xf64>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_lse_without_state(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>, %l: tensor<5xf32>) {
  // expected-error@below {{expected a log-sum-exp [rows] of 'f32' only with a state, found 'tensor<5xf32>'}}
  %0:2 = attention.finish %acc normaliser(#attention_test.sigmoid) by #rows
      : tensor<3x8xf32> outs(%o, %l : tensor<5x3xf32>, tensor<5xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_lse_rows(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<5x3xf32>, %l: tensor<6xf32>) {
  // expected-error@below {{expected operands to agree on the number of rows, found 6 and 5}}
  %0:2 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o, %l : tensor<5x3xf32>, tensor<6xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @finish_features(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<3x5xf32>) {
  // expected-error@below {{expected operands to agree on the number of value features, found 3 and 5}}
  %0 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #rows
      : tensor<3x8xf32> outs(%o : tensor<3x5xf32>)
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#l = affine_map<(h, i, j, d, e) -> (h, i)>
func.func @fused_lse_without_state(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %l: tensor<2x5xf32>) {
  // expected-error@below {{expected a normaliser with a state, as there is a log-sum-exp, found #attention_test.sigmoid}}
  %0:2 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention_test.sigmoid)
      outs(%o, %l : tensor<2x5x3xf32>, tensor<2x5xf32> by [#o, #l]) lse
  return
}
