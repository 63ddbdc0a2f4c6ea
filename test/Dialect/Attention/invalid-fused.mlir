// What the verifier and the parser of attention.fused say.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_of_query(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the map of query to take dimensions (batch..., i, j, d, e), found affine_map<(d0, d1, d2) -> (d0, d1, d2)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by affine_map<(h, i, d) -> (h, i, d)>) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_dims(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the map of key to take 5 dimensions (batch..., i, j, d, e), found affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by affine_map<(i, j, d, e) -> (i, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_symbols(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the map of value to take 5 dimensions (batch..., i, j, d, e), found affine_map<(d0, d1, d2, d3, d4)[s0] -> (d0, d2, d4)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by affine_map<(h, i, j, d, e)[s] -> (h, j, e)>)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_rank(%q: tensor<2x5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the map of key to have 2 results, found affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_sum(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of key to be distinct dimensions of the operand, quotients of a batch dimension by a positive constant, or 0, found affine_map<(d0, d1, d2, d3, d4) -> (d0 + 1, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by affine_map<(h, i, j, d, e) -> (h + 1, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_constant(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of key to be distinct dimensions of the operand, quotients of a batch dimension by a positive constant, or 0, found affine_map<(d0, d1, d2, d3, d4) -> (1, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by affine_map<(h, i, j, d, e) -> (1, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_other_dimension(%q: tensor<2x5x4xf32>, %k: tensor<5x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of key to be distinct dimensions of the operand, quotients of a batch dimension by a positive constant, or 0, found affine_map<(d0, d1, d2, d3, d4) -> (d1, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<5x7x4xf32> by affine_map<(h, i, j, d, e) -> (i, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_twice(%q: tensor<2x5x4xf32>, %k: tensor<7x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of key to be distinct dimensions of the operand, quotients of a batch dimension by a positive constant, or 0, found affine_map<(d0, d1, d2, d3, d4) -> (d2, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<7x7x4xf32> by affine_map<(h, i, j, d, e) -> (j, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_quotient_of_keys(%q: tensor<2x5x4xf32>, %k: tensor<4x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of key to be distinct dimensions of the operand, quotients of a batch dimension by a positive constant, or 0, found affine_map<(d0, d1, d2, d3, d4) -> (d2 floordiv 2, d2, d3)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<4x7x4xf32> by affine_map<(h, i, j, d, e) -> (j floordiv 2, j, d)>) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_without_features(%q: tensor<2x5xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the map of query to have all dimensions that it varies in, found affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>}}
  %0 = attention.fused query(%q : tensor<2x5xf32> by affine_map<(h, i, j, d, e) -> (h, i)>) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
func.func @map_of_context(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the results of the map of the context to be all dimensions of the result, each once, found affine_map<(d0, d1, d2, d3, d4) -> (d0 floordiv 2, d1, d4)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [affine_map<(h, i, j, d, e) -> (h floordiv 2, i, e)>])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_of_log_sum_exp(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %l: tensor<2x7xf32>) {
  // expected-error@below {{expected the results of the map of the log-sum-exp to be all dimensions of the result, each once, found affine_map<(d0, d1, d2, d3, d4) -> (d0, d2)>}}
  %0:2 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %l : tensor<2x5x3xf32>, tensor<2x7xf32> by [#o, affine_map<(h, i, j, d, e) -> (h, j)>]) lse
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_of_weights(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %w: tensor<5x7xf32>) {
  // expected-error@below {{expected the map of the weights to have all dimensions that it varies in, found affine_map<(d0, d1, d2, d3, d4) -> (d1, d2)>}}
  %0:2 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %w : tensor<2x5x3xf32>, tensor<5x7xf32> by [#o, affine_map<(h, i, j, d, e) -> (i, j)>]) weights
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @extents(%q: tensor<2x5x4xf32>, %k: tensor<2x7x6xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected operands to agree on the extent of dimension 3, found 4 and 6}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x6xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @extents_of_keys(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x8x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected operands to agree on the extent of dimension 2, found 7 and 8}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x8x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @extents_of_batch(%q: tensor<3x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected operands to agree on the extent of dimension 0, found 2 and 3}}
  %0 = attention.fused query(%q : tensor<3x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @parameters(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %w: tensor<5xf32>) {
  // expected-error@below {{expected parameters with an element a feature, found 'tensor<5xf32>'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      params(%w : tensor<5xf32>) combine (%a: f32, %b: f32, %p: f32) { attention.yield %p : f32 }
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @destinations(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 2 destinations, found 1}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o]) lse
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#l = affine_map<(h, i, j, d, e) -> (h, i)>
func.func @output_maps(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 1 maps of results, found 2}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o, #l])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#l = affine_map<(h, i, j, d, e) -> (h, i)>
func.func @type_of_log_sum_exp(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %l: tensor<2x5xf64>) {
  // expected-error@below {{expected the log-sum-exp of the compute type 'f32', found 'tensor<2x5xf64>'}}
  %0:2 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %l : tensor<2x5x3xf32>, tensor<2x5xf64> by [#o, #l]) lse
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
#w = affine_map<(h, i, j, d, e) -> (h, i, j)>
func.func @type_of_weights(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf64>, %o: tensor<2x5x3xf32>, %w: tensor<2x5x7xf32>) {
  // expected-error@below {{expected the weights of the compute type 'f64', found 'tensor<2x5x7xf32>'}}
  %0:2 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf64> by #v)
      normaliser(#attention.softmax)
      outs(%o, %w : tensor<2x5x3xf32>, tensor<2x5x7xf32> by [#o, #w]) weights
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @scale(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: f64) {
  // expected-error@below {{'attention.fused' op expected the scale to have the compute type 'f32', found 'f64'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      scale(%s : f64) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @origin(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %i: index) {
  // expected-error@below {{expected an origin of 3 indices (batch..., i, j), found 2}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) origin(%i, %i)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_type(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf64>) {
  // expected-error@below {{expected init operands of the compute type 'f32', found 'tensor<2xf64>'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf64> by [affine_map<(h) -> (h)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_map_dims(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  // expected-error@below {{expected a map from the 1 batch dimensions, or their quotients by positive constants, or 0, to the indices of 'tensor<2xf32>', found affine_map<(d0, d1) -> (d0)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf32> by [affine_map<(h, i) -> (h)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_map_symbols(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  // expected-error@below {{expected a map from the 1 batch dimensions, or their quotients by positive constants, or 0, to the indices of 'tensor<2xf32>', found affine_map<(d0)[s0] -> (d0)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf32> by [affine_map<(h)[s] -> (h)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_map_rank(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  // expected-error@below {{expected a map from the 1 batch dimensions, or their quotients by positive constants, or 0, to the indices of 'tensor<2xf32>', found affine_map<(d0) -> (d0, 0)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf32> by [affine_map<(h) -> (h, 0)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_map_sum(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  // expected-error@below {{expected a map from the 1 batch dimensions, or their quotients by positive constants, or 0, to the indices of 'tensor<2xf32>', found affine_map<(d0) -> (d0 + 1)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf32> by [affine_map<(h) -> (h + 1)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_maps(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %s: tensor<2xf32>) {
  // expected-error@below {{expected a map for each init operand, found 2 for 1}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(#attention.softmax) init(%s : tensor<2xf32> by [affine_map<(h) -> (h)>, affine_map<(h) -> (h)>])
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @normaliser(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@+2 {{invalid kind of attribute specified}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      normaliser(1)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @no_such_change(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@+2 {{expected sets, keep, where, bias or modify, found drop}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(drop) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @set_dims(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected sets over 3 dimensions (batch..., i, j), found one over 2}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(sets(affine_set<(i, j) : (i - j >= 0)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @set_symbol(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %n: tensor<2x5xi32>) {
  // expected-error@below {{expected a set's symbol to be a scalar or to have at most the 1 batch dimensions, found 'tensor<2x5xi32>'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(sets(affine_set<(h, i, j)[n] : (n - j >= 0)>[%n : tensor<2x5xi32>])) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @set_symbols(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %n: index) {
  // expected-error@+2 {{expected 2 values for the symbols of the set, found 1}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(sets(affine_set<(h, i, j)[n, m] : (n - j + m >= 0)>[%n : index])) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @keep_map(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xi1>) {
  // expected-error@below {{expected a map from 3 dimensions (batch..., i, j) for keep}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(keep(%m : tensor<5x7xi1> by affine_map<(i, j) -> (i, j)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @bias_map_symbols(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xf32>) {
  // expected-error@below {{expected a map from 3 dimensions (batch..., i, j) for bias}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(bias(%m : tensor<5x7xf32> by affine_map<(h, i, j)[s] -> (i, j)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @bias_rank(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xf32>) {
  // expected-error@below {{expected the map of bias to have 2 results, found affine_map<(d0, d1, d2) -> (d1)>}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(bias(%m : tensor<5x7xf32> by affine_map<(h, i, j) -> (i)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @keep_type(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xf32>) {
  // expected-error@below {{expected keep of i1, found 'tensor<5x7xf32>'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(keep(%m : tensor<5x7xf32> by affine_map<(h, i, j) -> (i, j)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @bias_type(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xi1>) {
  // expected-error@below {{expected bias of a float type, found 'tensor<5x7xi1>'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(bias(%m : tensor<5x7xi1> by affine_map<(h, i, j) -> (i, j)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @bias_wide(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %m: tensor<5x7xf64>) {
  // expected-error@below {{expected elements of bias to be no wider than the compute type 'f32', found 'f64'}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(bias(%m : tensor<5x7xf64> by affine_map<(h, i, j) -> (i, j)>)) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @combine_arguments(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the combine region to take a query's, a key's and the parameters' elements: ('f32', 'f32'), found ('f32')}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      combine (%a: f32) { attention.yield %a : f32 }
      normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @combine_empty(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@+2 {{expected a combine region of one block, found an empty one}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      combine () {} normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @parameters_alone(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %p: tensor<4xf32>) {
  // expected-error@below {{expected parameters only with a combine region}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      params(%p : tensor<4xf32>) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @where_arguments(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %c: i1) {
  // expected-error@below {{expected the where region to take the indices of a score: ('index', 'index', 'index'), found ('index')}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(where (%i: index) { attention.yield %c : i1 }) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @where_yield(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>, %c: i1) {
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(where (%h: index, %i: index, %j: index) {
        // expected-error@below {{expected the where region to yield 'i1', found 'index'}}
        attention.yield %i : index
      }) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @modify_arguments(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected the modify region to take a score and its indices: ('f32', 'index', 'index', 'index'), found ('f64', 'index', 'index', 'index')}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(modify (%s: f64, %h: index, %i: index, %j: index) { attention.yield %s : f64 }) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @empty_region(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{region #1 ('change_regions') failed to verify constraint: region with 1 blocks}}
  %0 = attention.fused query(%q : tensor<2x5x4xf32> by #q) key(%k : tensor<2x7x4xf32> by #k) value(%v : tensor<2x7x3xf32> by #v)
      changes(where () {}) normaliser(#attention.softmax)
      outs(%o : tensor<2x5x3xf32> by [#o])
  return
}
