// What the verifier of attention.fused says of readings and their results.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @normaliser(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %r: tensor<5xf32>) {
  // expected-error@below {{expected a reading of weights of the normaliser #attention.as_weights, found #attention.entropy}}
  %0:2 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.as_weights)
      outs(%o, %r : tensor<5x3xf32>, tensor<5xf32> by [#o, #row]) reads([#attention.entropy])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @number_of_results(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %t: tensor<5x2xf32>) {
  // expected-error@below {{expected 3 destinations, found 2}}
  %0:2 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %t : tensor<5x3xf32>, tensor<5x2xf32> by [#o, #row]) reads([#attention.top_k<2>])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @length_of_list(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %t: tensor<5x2xf32>, %i: tensor<5x3xi32>) {
  // expected-error@below {{expected the last dimension of result 1 of #attention.top_k<2> to be that of its list, 2, found 'tensor<5x3xi32>'}}
  %0:3 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %t, %i : tensor<5x3xf32>, tensor<5x2xf32>, tensor<5x3xi32> by [#o, #row, #row]) reads([#attention.top_k<2>])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @no_list(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %t: tensor<f32>, %i: tensor<5x2xi32>) {
  // expected-error@below {{expected the last dimension of result 0 of #attention.top_k<2> to be that of its list, 2, found 'tensor<f32>'}}
  %0:3 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %t, %i : tensor<5x3xf32>, tensor<f32>, tensor<5x2xi32> by [#o, #row, #row]) reads([#attention.top_k<2>])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @type_of_keys(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %t: tensor<5x2xf32>) {
  // expected-error@below {{expected result 1 of #attention.top_k<2> of type 'i32', found 'tensor<5x2xf32>'}}
  %0:3 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %t, %t : tensor<5x3xf32>, tensor<5x2xf32>, tensor<5x2xf32> by [#o, #row, #row]) reads([#attention.top_k<2>])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
func.func @context_of_keys(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xi32>) {
  // expected-error@below {{expected the context of a float type, found 'tensor<5x3xi32>'}}
  %0 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax) outs(%o : tensor<5x3xi32> by [#o])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
func.func @map_of_list(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %t: tensor<5x2xf32>, %i: tensor<5x2xi32>) {
  // expected-error@below {{expected the map of result 0 of #attention.top_k<2> to have 1 results, found affine_map<(d0, d1, d2, d3) -> (d0, d3)>}}
  %0:3 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %t, %i : tensor<5x3xf32>, tensor<5x2xf32>, tensor<5x2xi32> by [#o, #o, #o]) reads([#attention.top_k<2>])
  return
}

// -----

#q = affine_map<(i, j, d, e) -> (i, d)>
#k = affine_map<(i, j, d, e) -> (j, d)>
#v = affine_map<(i, j, d, e) -> (j, e)>
#o = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>
func.func @map_of_mass(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>, %m: tensor<5xf32>) {
  // expected-error@below {{expected the results of the map of the column mass to be all dimensions of the result, each once, found affine_map<(d0, d1, d2, d3) -> (d0)>}}
  %0:2 = attention.fused query(%q : tensor<5x4xf32> by #q) key(%k : tensor<7x4xf32> by #k) value(%v : tensor<7x3xf32> by #v)
      normaliser(#attention.softmax)
      outs(%o, %m : tensor<5x3xf32>, tensor<5xf32> by [#o, #row]) column_mass
  return
}
