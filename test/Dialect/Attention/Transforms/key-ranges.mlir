// Which keys blocks of 64 queries visit: bounds, and numbers of blocks of 128 keys.
// RUN: attention-test-opt %s -test-attention-key-ranges -o /dev/null | FileCheck %s

#row = affine_map<(i, j, d, e) -> (i, d)>
#col = affine_map<(i, j, d, e) -> (j, d)>
#val = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

#causal = affine_set<(i, j) : (i - j >= 0)>

// CHECK-LABEL: @top_left
func.func @top_left(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

#bottom_right = affine_set<(i, j)[o] : (i + o - j >= 0)>

// CHECK-LABEL: @bottom_right
func.func @bottom_right(%q: tensor<100x8xf32>, %x: tensor<1024x8xf32>) -> tensor<100x8xf32> {
  %offset = arith.constant 924 : index
  %o = attention.fused query(%q : tensor<100x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#bottom_right[%offset : index])) normaliser(#attention.softmax) outs(%q : tensor<100x8xf32> by [#out])
  return %o : tensor<100x8xf32>
}

// CHECK-LABEL: @window
func.func @window(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (i - j >= 0, j - i + 1023 >= 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// CHECK-LABEL: @prefix
func.func @prefix(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %prefix = arith.constant 200 : i64
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal or affine_set<(i, j)[p] : (p - 1 - j >= 0)>[%prefix : i64])) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

#brow = affine_map<(b, i, j, d, e) -> (b, i, d)>
#bcol = affine_map<(b, i, j, d, e) -> (b, j, d)>
#bval = affine_map<(b, i, j, d, e) -> (b, j, e)>
#bout = affine_map<(b, i, j, d, e) -> (b, i, e)>

// A length for each batch element.
// CHECK-LABEL: @lengths
func.func @lengths(%x: tensor<3x1024x8xf32>) -> tensor<3x1024x8xf32> {
  %n = arith.constant dense<[512, 1000, 0]> : tensor<3xi32>
  %o = attention.fused query(%x : tensor<3x1024x8xf32> by #brow) key(%x : tensor<3x1024x8xf32> by #bcol) value(%x : tensor<3x1024x8xf32> by #bval)
      changes(sets(affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>[%n : tensor<3xi32>])) normaliser(#attention.softmax) outs(%x : tensor<3x1024x8xf32> by [#bout])
  return %o : tensor<3x1024x8xf32>
}

// CHECK-LABEL: @documents
func.func @documents(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (i floordiv 512 - j floordiv 512 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// Documents that are no multiple of the block, causal.
// CHECK-LABEL: @causal_documents
func.func @causal_documents(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : (i floordiv 100 - j floordiv 100 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// Every fourth key: each block of queries sees them all.
// CHECK-LABEL: @dilated
func.func @dilated(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : ((i - j) mod 4 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// Every 256th key: half of the blocks see none.
// CHECK-LABEL: @far_dilated
func.func @far_dilated(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : ((i - j) mod 256 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// 128 keys of every 256, the same for all queries.
// CHECK-LABEL: @strided
func.func @strided(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (127 - j mod 256 >= 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// Four global tokens and a window of 256.
// CHECK-LABEL: @global_window
func.func @global_window(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : (3 - j >= 0)> or affine_set<(i, j) : (3 - i >= 0)> or affine_set<(i, j) : (j - i + 255 >= 0)>)) normaliser(#attention.softmax)
      outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// The causal part bounds the keys, what divides by a symbol does not.
// CHECK-LABEL: @symbolic_divisor
func.func @symbolic_divisor(%x: tensor<1024x8xf32>, %n: index) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j)[n] : ((i - j) mod n == 0)>[%n : index])) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// No mask.
// CHECK-LABEL: @all
func.func @all(%x: tensor<1000x8xf32>) -> tensor<1000x8xf32> {
  %o = attention.fused query(%x : tensor<1000x8xf32> by #row) key(%x : tensor<1000x8xf32> by #col) value(%x : tensor<1000x8xf32> by #val)
      normaliser(#attention.softmax) outs(%x : tensor<1000x8xf32> by [#out])
  return %o : tensor<1000x8xf32>
}
