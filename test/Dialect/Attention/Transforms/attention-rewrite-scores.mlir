// Which pair bodies become cheap ones, by their structure: tanh of a sum by
// exponentials of its parts, products and squares of differences by a dot product;
// what is computed when, and what keeps a body as it is.
// RUN: attention-opt --attention-rewrite-scores --canonicalize --cse --split-input-file %s | FileCheck %s
// RUN: attention-opt --attention-rewrite-scores --split-input-file %s -o /dev/null \
// RUN:   --remarks-filter='attention.*' 2>&1 | FileCheck %s --check-prefix=REMARK

#query = affine_map<(b, i, j, d, e) -> (i, b, d)>
#key = affine_map<(b, i, j, d, e) -> (b floordiv 2, j, d)>
#value = affine_map<(b, i, j, d, e) -> (b, j, e)>
#out = affine_map<(b, i, j, d, e) -> (b, i, e)>

// The weight of the tanh is inside of a larger product, the bias a parameter; the
// constant falls, as no score of a softmax without sinks is seen. Exponentials in
// the layouts of queries and keys.
// CHECK-LABEL: func @tanh(
// CHECK-SAME: %[[Q:.*]]: tensor<?x4x8xf32>, %[[K:.*]]: tensor<2x?x8xbf16>, %[[V:.*]]: tensor<4x?x16xf32>, %[[W:.*]]: tensor<8xf32>, %[[BIAS:.*]]: tensor<8xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction", "reduction"]} ins(%[[Q]], %[[W]], %[[BIAS]] :
// CHECK: scf.if
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction", "reduction"]} ins(%[[K]], %[[W]], %[[BIAS]] :
// CHECK: %[[SAFE:.*]] = arith.andi
// CHECK: scf.if %[[SAFE]]
// CHECK: %[[A:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[Q]], %[[W]], %[[BIAS]] :
// CHECK: arith.addf
// CHECK: math.exp
// CHECK: %[[B:.*]] = linalg.generic {{.*}} ins(%[[K]], %[[W]], %[[BIAS]] :
// CHECK: arith.extf
// CHECK: math.exp
// CHECK: attention.fused query(%[[A]] : tensor<?x4x8xf32> by #{{.*}}) key(%[[B]] : tensor<2x?x8xf32> by #{{.*}}) value(%[[V]]
// CHECK-SAME: params(%{{.*}} : tensor<8xf32>) combine (%[[X:.*]]: f32, %[[Y:.*]]: f32, %[[N:.*]]: f32) {
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[X]], %[[Y]] fastmath<contract>
// CHECK-NEXT: %[[D:.*]] = arith.addf %[[P]], %{{.*}} fastmath<contract>
// CHECK-NEXT: %[[C:.*]] = arith.cmpf olt, %[[LIMIT:.*]], %[[D]]
// CHECK-NEXT: %[[S:.*]] = arith.select %[[C]], %[[LIMIT]], %[[D]]
// CHECK-NEXT: %[[R:.*]] = arith.divf %[[N]], %[[S]] {attention.bounded_denominator}
// CHECK-NEXT: attention.yield %[[R]]
// CHECK-NOT: changes
// CHECK: } else {
// CHECK: attention.fused query(%[[Q]]
// CHECK: math.tanh
// REMARK: pair body rewritten: factorised tanh
func.func @tanh(%q: tensor<?x4x8xf32>, %k: tensor<2x?x8xbf16>, %v: tensor<4x?x16xf32>,
                %w: tensor<8xf32>, %bias: tensor<8xf32>, %o: tensor<4x?x16xf32>) -> tensor<4x?x16xf32> {
  %half = arith.constant 0.5 : f32
  %r = attention.fused query(%q : tensor<?x4x8xf32> by #query)
      key(%k : tensor<2x?x8xbf16> by #key) value(%v : tensor<4x?x16xf32> by #value)
      params(%w, %bias : tensor<8xf32>, tensor<8xf32>) combine (%a: f32, %b: f32, %c: f32, %d: f32) {
        %s = arith.addf %b, %d : f32
        %u = arith.addf %s, %a : f32
        %t = math.tanh %u : f32
        %x = arith.mulf %c, %t : f32
        %y = arith.mulf %x, %half : f32
        attention.yield %y : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<4x?x16xf32> by [#out])
  return %r : tensor<4x?x16xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>
#row = affine_map<(i, j, d, e) -> (i)>

// The log-sum-exp sees the constant: it is added first, times the scale.
// CHECK-LABEL: func @seen
// CHECK: %[[SUM:.*]] = tensor.extract %{{.*}}[] : tensor<f32>
// CHECK: %[[SCALED:.*]] = arith.mulf %[[SUM]], %[[SCALE:.*]] : f32
// CHECK: attention.fused
// CHECK: } scale(%[[SCALE]] : f32) changes(modify (%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index) {
// CHECK-NEXT: arith.addf %[[S]], %[[SCALED]] : f32
// CHECK: }, sets(
// CHECK: } else {
// REMARK: pair body rewritten: factorised tanh
func.func @seen(%q: tensor<64x8xf32>, %k: tensor<64x8xf32>, %v: tensor<64x16xf32>, %w: tensor<8xf32>,
                %scale: f32, %o: tensor<64x16xf32>, %l: tensor<64xf32>)
    -> (tensor<64x16xf32>, tensor<64xf32>) {
  %r:2 = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<64x8xf32> by #key) value(%v : tensor<64x16xf32> by #value)
      params(%w : tensor<8xf32>) combine (%a: f32, %b: f32, %c: f32) {
        %s = arith.subf %a, %b : f32
        %t = math.tanh %s : f32
        %x = arith.mulf %c, %t : f32
        %y = arith.negf %x : f32
        attention.yield %y : f32
      }
      scale(%scale : f32) changes(sets(affine_set<(i, j) : (i - j >= 0)>))
      normaliser(#attention.softmax)
      outs(%o, %l : tensor<64x16xf32>, tensor<64xf32> by [#out, #row]) lse
  return %r#0, %r#1 : tensor<64x16xf32>, tensor<64xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

// The squared distance: 2pqk and −Σpk²; what the query adds is the same in a row.
// CHECK-LABEL: func @squared
// CHECK: scf.if
// CHECK: %[[Q:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [64, 8] [1, 1] : tensor<64x8xf32> into tensor<64x9xf32>
// CHECK: %[[K:.*]] = tensor.insert_slice %{{.*}}[0, 0] [77, 8] [1, 1] : tensor<77x8xf32> into tensor<77x9xf32>
// CHECK: %[[K1:.*]] = tensor.insert_slice %{{.*}} into %[[K]][0, 8] [77, 1] [1, 1] : tensor<77xf32> into tensor<77x9xf32>
// CHECK: attention.fused query(%[[Q]] : tensor<64x9xf32> by #{{.*}}) key(%[[K1]] : tensor<77x9xf32> by #{{.*}}) value(
// CHECK-NOT: combine
// CHECK: } else {
// CHECK: combine
// REMARK: pair body rewritten: products
func.func @squared(%q: tensor<64x8xf32>, %k: tensor<77x8xf32>, %v: tensor<77x16xf32>, %p: tensor<8xf32>,
                   %o: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %r = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      params(%p : tensor<8xf32>) combine (%a: f32, %b: f32, %c: f32) {
        %s = arith.subf %a, %b : f32
        %t = arith.mulf %s, %s : f32
        %x = arith.mulf %t, %c : f32
        %y = arith.negf %x : f32
        attention.yield %y : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<64x16xf32> by [#out])
  return %r : tensor<64x16xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

// A product with a parameter: what the region multiplies the key by goes with the
// keys, the queries stay where they lie, and nothing needs to be decided.
// CHECK-LABEL: func @product
// CHECK-SAME: %[[Q:[^:]*]]: tensor<64x8xf32>, %{{.*}}: tensor<77x8xf32>
// CHECK-NOT: scf.if
// CHECK: %[[K:.*]] = linalg.generic
// CHECK: attention.fused query(%[[Q]] : tensor<64x8xf32> by #{{.*}}) key(%[[K]] :
// CHECK-NOT: combine
// REMARK: pair body rewritten: products
func.func @product(%q: tensor<64x8xf32>, %k: tensor<77x8xf32>, %v: tensor<77x16xf32>, %p: tensor<8xf32>,
                   %o: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %r = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      params(%p : tensor<8xf32>) combine (%a: f32, %b: f32, %c: f32) {
        %t = arith.mulf %b, %c : f32
        %y = arith.mulf %t, %a : f32
        attention.yield %y : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<64x16xf32> by [#out])
  return %r : tensor<64x16xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

// Neither: the absolute difference stays.
// CHECK-LABEL: func @manhattan
// CHECK-NOT: linalg.generic
// CHECK: attention.fused
// CHECK: math.absf
// REMARK: pair body stays: it is not a sum of products or a tanh of a sum
func.func @manhattan(%q: tensor<64x8xf32>, %k: tensor<77x8xf32>, %v: tensor<77x16xf32>,
                     %o: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %r = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      combine (%a: f32, %b: f32) {
        %s = arith.subf %a, %b : f32
        %t = math.absf %s : f32
        %y = arith.negf %t : f32
        attention.yield %y : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<64x16xf32> by [#out])
  return %r : tensor<64x16xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

// A tanh of a product, and one that the key weighs, are no such forms either.
// CHECK-LABEL: func @other_tanh
// CHECK-NOT: linalg.generic
// CHECK: math.tanh
// CHECK: math.tanh
// REMARK-COUNT-2: pair body stays: it is not
func.func @other_tanh(%q: tensor<64x8xf32>, %k: tensor<77x8xf32>, %v: tensor<77x16xf32>,
                      %o: tensor<64x16xf32>) -> (tensor<64x16xf32>, tensor<64x16xf32>) {
  %r = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      combine (%a: f32, %b: f32) {
        %s = arith.mulf %a, %b : f32
        %t = math.tanh %s : f32
        attention.yield %t : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<64x16xf32> by [#out])
  %x = attention.fused query(%q : tensor<64x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      combine (%a: f32, %b: f32) {
        %s = arith.addf %a, %b : f32
        %t = math.tanh %s : f32
        %y = arith.mulf %t, %b : f32
        attention.yield %y : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<64x16xf32> by [#out])
  return %r, %x : tensor<64x16xf32>, tensor<64x16xf32>
}

// -----

#query = affine_map<(i, j, d, e) -> (i, d)>
#key = affine_map<(i, j, d, e) -> (j, d)>
#value = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

// One query: an exponential a key costs what a tanh a pair costs.
// CHECK-LABEL: func @decode
// CHECK-NOT: linalg.generic
// CHECK: math.tanh
// REMARK: pair body stays: too few queries
func.func @decode(%q: tensor<1x8xf32>, %k: tensor<77x8xf32>, %v: tensor<77x16xf32>,
                  %o: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %r = attention.fused query(%q : tensor<1x8xf32> by #query)
      key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
      combine (%a: f32, %b: f32) {
        %s = arith.addf %a, %b : f32
        %t = math.tanh %s : f32
        attention.yield %t : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<1x16xf32> by [#out])
  return %r : tensor<1x16xf32>
}

// -----

#query = affine_map<(b, i, j, d, e) -> (b, i, d)>
#key = affine_map<(b, i, j, d, e) -> (b, j, d)>
#value = affine_map<(b, i, j, d, e) -> (b, j, e)>
#out = affine_map<(b, i, j, d, e) -> (b, i, e)>

// Of no batch elements there are no features to put side by side.
// CHECK-LABEL: func @no_batch
// CHECK-NOT: tensor.insert_slice
// CHECK: attention.fused
func.func @no_batch(%q: tensor<0x40x8xf32>, %k: tensor<0x77x8xf32>, %v: tensor<0x77x16xf32>,
                    %o: tensor<0x40x16xf32>) -> tensor<0x40x16xf32> {
  %r = attention.fused query(%q : tensor<0x40x8xf32> by #query)
      key(%k : tensor<0x77x8xf32> by #key) value(%v : tensor<0x77x16xf32> by #value)
      combine (%a: f32, %b: f32) {
        %s = arith.subf %a, %b : f32
        %t = arith.mulf %s, %s : f32
        attention.yield %t : f32
      }
      normaliser(#attention.softmax)
      outs(%o : tensor<0x40x16xf32> by [#out])
  return %r : tensor<0x40x16xf32>
}
