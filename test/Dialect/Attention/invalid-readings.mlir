// What is said about readings that make no sense.
// RUN: attention-opt %s -split-input-file -verify-diagnostics

// expected-error@below {{expected a number of keys from 1 to 2147483647, found 0}}
module attributes {test.readings = #attention.top_k<0>} {
}

// -----

// expected-error@below {{expected a number of keys from 1 to 2147483647, found -1}}
module attributes {test.readings = #attention.top_k<-1>} {
}

// -----

// expected-error@below {{expected a number of keys from 1 to 2147483647, found 2147483648}}
module attributes {test.readings = #attention.top_k<2147483648>} {
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @normaliser(%acc: tensor<5x8xf32>, %s: tensor<2x8xf32>, %j: tensor<2x8xi32>, %o: tensor<7x5xf32>,
                      %w: tensor<7x2xf32>, %k: tensor<7x2xi32>) {
  // expected-error@below {{expected readings of the weights of #attention.as_weights, found #attention.top_k<2>}}
  %0:3 = attention.finish %acc state(%s, %j : tensor<2x8xf32>, tensor<2x8xi32>) normaliser(#attention.as_weights)
      reads([#attention.top_k<2>]) by #rows : tensor<5x8xf32>
      outs(%o, %w, %k : tensor<7x5xf32>, tensor<7x2xf32>, tensor<7x2xi32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @entropy_of_no_softmax(%acc: tensor<5x8xf32>, %s: tensor<1x8xf32>, %o: tensor<7x5xf32>, %h: tensor<7xf32>) {
  // expected-error@below {{expected readings of the weights of #attention.as_weights, found #attention.entropy}}
  %0:2 = attention.finish %acc state(%s, %s : tensor<1x8xf32>, tensor<1x8xf32>) normaliser(#attention.as_weights)
      reads([#attention.entropy]) by #rows : tensor<5x8xf32> outs(%o, %h : tensor<7x5xf32>, tensor<7xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @destinations(%t: tensor<6x8xf32>, %k: tensor<?x6xf32>, %v: tensor<?x5xf32>, %i: index,
                        %acc: tensor<5x8xf32>, %max: tensor<8xf32>) {
  // expected-error@below {{expected 5 destinations, found 3}}
  %0:3 = attention.online query(%t : tensor<6x8xf32>) key(%k : tensor<?x6xf32> by #rows)
      value(%v : tensor<?x5xf32> by #rows) normaliser(#attention.softmax) reads([#attention.top_k<3>])
      origin(%i, %i) live(%i) outs(%acc, %max, %max : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @slots(%t: tensor<6x8xf32>, %k: tensor<?x6xf32>, %v: tensor<?x5xf32>, %i: index,
                 %acc: tensor<5x8xf32>, %max: tensor<8xf32>, %s: tensor<2x8xf32>, %j: tensor<3x8xi32>) {
  // expected-error@below {{expected the state of #attention.top_k<3> to be like 'tensor<3x8xf32>', found 'tensor<2x8xf32>'}}
  %0:5 = attention.online query(%t : tensor<6x8xf32>) key(%k : tensor<?x6xf32> by #rows)
      value(%v : tensor<?x5xf32> by #rows) normaliser(#attention.softmax) reads([#attention.top_k<3>])
      origin(%i, %i) live(%i) outs(%acc, %max, %max, %s, %j
        : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<2x8xf32>, tensor<3x8xi32>)
  return
}

// -----

func.func @keys(%accs: tensor<4x5x8xf32>, %maxima: tensor<4x8xf32>, %ss: tensor<4x3x8xf32>,
                %acc: tensor<5x8xf32>, %max: tensor<8xf32>, %s: tensor<3x8xf32>) {
  // expected-error@below {{expected the state of #attention.top_k<3> to be like 'tensor<3x8xi32>', found 'tensor<3x8xf32>'}}
  %0:5 = attention.merge %accs state(%maxima, %maxima, %ss, %ss
          : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<4x3x8xf32>)
      normaliser(#attention.softmax) reads([#attention.top_k<3>]) : tensor<4x5x8xf32>
      outs(%acc, %max, %max, %s, %s
        : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<3x8xf32>, tensor<3x8xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @state(%acc: tensor<5x8xf32>, %max: tensor<8xf32>, %o: tensor<7x5xf32>, %h: tensor<7xf32>) {
  // expected-error@below {{expected the state of the normaliser, 4 values, found 2}}
  %0:2 = attention.finish %acc state(%max, %max : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax)
      reads([#attention.entropy]) by #rows : tensor<5x8xf32> outs(%o, %h : tensor<7x5xf32>, tensor<7xf32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @list(%acc: tensor<5x8xf32>, %max: tensor<8xf32>, %s: tensor<2x8xf32>, %j: tensor<2x8xi32>,
                %o: tensor<7x5xf32>, %w: tensor<7x3xf32>, %k: tensor<7x2xi32>) {
  // expected-error@below {{expected results of #attention.top_k<2> like 'tensor<7x2xf32>', found 'tensor<7x3xf32>'}}
  %0:3 = attention.finish %acc state(%max, %max, %s, %j : tensor<8xf32>, tensor<8xf32>, tensor<2x8xf32>, tensor<2x8xi32>)
      normaliser(#attention.softmax) reads([#attention.top_k<2>]) by #rows : tensor<5x8xf32>
      outs(%o, %w, %k : tensor<7x5xf32>, tensor<7x3xf32>, tensor<7x2xi32>)
  return
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @value(%acc: tensor<5x8xf32>, %max: tensor<8xf32>, %s: tensor<1x8xf32>, %o: tensor<?x5xf32>, %h: tensor<?xf64>) {
  // expected-error@below {{expected results of #attention.entropy like 'tensor<?xf32>', found 'tensor<?xf64>'}}
  %0:2 = attention.finish %acc state(%max, %max, %s, %s : tensor<8xf32>, tensor<8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
      normaliser(#attention.softmax) reads([#attention.entropy]) by #rows : tensor<5x8xf32>
      outs(%o, %h : tensor<?x5xf32>, tensor<?xf64>)
  return
}
