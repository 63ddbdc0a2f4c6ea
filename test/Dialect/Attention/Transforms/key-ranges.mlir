// Which keys blocks of 64 queries visit: bounds, and numbers of blocks of 128 keys.
// RUN: attention-test-opt %s -test-attention-key-ranges -o /dev/null | FileCheck %s

#row = affine_map<(i, j, d, e) -> (i, d)>
#col = affine_map<(i, j, d, e) -> (j, d)>
#val = affine_map<(i, j, d, e) -> (j, e)>
#out = affine_map<(i, j, d, e) -> (i, e)>

#causal = affine_set<(i, j) : (i - j >= 0)>

// CHECK-LABEL: @top_left
// CHECK-NEXT: visible to d0 + d1 - 1
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: full blocks: 56 of 7168 keys, partial: 16 of 1536, hidden keys: 7680
func.func @top_left(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

#bottom_right = affine_set<(i, j)[o] : (i + o - j >= 0)>

// CHECK-LABEL: @bottom_right
// CHECK-NEXT: s1 = -s0 - 1 within 8796093022208
// CHECK-NEXT: s2 = s0 within 8796093022208
// CHECK-NEXT: visible to d0 + d1 + s2 - 1
// CHECK-NEXT: not all by 0 from -(-d0 + s1)
// CHECK-NEXT: full blocks: 14 of 1792 keys, partial: 2 of 220, hidden keys: 36
func.func @bottom_right(%q: tensor<100x8xf32>, %x: tensor<1024x8xf32>) -> tensor<100x8xf32> {
  %offset = arith.constant 924 : index
  %o = attention.fused query(%q : tensor<100x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#bottom_right[%offset : index])) normaliser(#attention.softmax) outs(%q : tensor<100x8xf32> by [#out])
  return %o : tensor<100x8xf32>
}

// CHECK-LABEL: @window
// CHECK-NEXT: visible from -(-d0 + 1023) to d0 + d1 - 1
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 0 to d0 + d1 - 1025
// CHECK-NEXT: full blocks: 392 of 50176 keys, partial: 112 of 10704, hidden keys: 201264
func.func @window(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (i - j >= 0, j - i + 1023 >= 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// CHECK-LABEL: @prefix
// CHECK-NEXT: s1 = -(s0 - 1) - 1 within 4398046511104
// CHECK-NEXT: s2 = s0 - 1 within 4398046511104
// CHECK-NEXT: visible to d0 + d1 - 1
// CHECK-NEXT: visible to s2
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 0 from -s1
// CHECK-NEXT: full blocks: 61 of 7640 keys, partial: 13 of 1280, hidden keys: 7464
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
// CHECK-NEXT: s1 = -(s0 - 1) - 1 within 4398046511104
// CHECK-NEXT: s2 = s0 - 1 within 4398046511104
// CHECK-NEXT: visible to s2
// CHECK-NEXT: not all by 0 from -s1
// CHECK-NEXT: full blocks: 64 of 8192 keys, partial: 0 of 0, hidden keys: 8192
// CHECK-NEXT: full blocks: 128 of 16000 keys, partial: 0 of 0, hidden keys: 384
// CHECK-NEXT: full blocks: 0 of 0 keys, partial: 0 of 0, hidden keys: 16384
func.func @lengths(%x: tensor<3x1024x8xf32>) -> tensor<3x1024x8xf32> {
  %n = arith.constant dense<[512, 1000, 0]> : tensor<3xi32>
  %o = attention.fused query(%x : tensor<3x1024x8xf32> by #brow) key(%x : tensor<3x1024x8xf32> by #bcol) value(%x : tensor<3x1024x8xf32> by #bval)
      changes(sets(affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>[%n : tensor<3xi32>])) normaliser(#attention.softmax) outs(%x : tensor<3x1024x8xf32> by [#bout])
  return %o : tensor<3x1024x8xf32>
}

// CHECK-LABEL: @documents
// CHECK-NEXT: visible from ((-d0 + 511) floordiv 512) * -512 to ((d0 + d1 - 1) floordiv 512) * 512 + 511
// CHECK-NEXT: not all by 0 from ((-d0 - 1) floordiv 512) * -512
// CHECK-NEXT: not all by 0 to ((d0 + d1 - 513) floordiv 512) * 512 + 511
// CHECK-NEXT: full blocks: 256 of 32768 keys, partial: 0 of 0, hidden keys: 229376
func.func @documents(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (i floordiv 512 - j floordiv 512 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// Documents that are no multiple of the block, causal.
// CHECK-LABEL: @causal_documents
// CHECK-NEXT: visible from ((-d0 + 99) floordiv 100) * -100 to d0 + d1 - 1, ((d0 + d1 - 1) floordiv 100) * 100 + 99
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 1 from ((-d0 - 1) floordiv 100) * -100
// CHECK-NEXT: not all by 1 to ((d0 + d1 - 101) floordiv 100) * 100 + 99
// CHECK-NEXT: full blocks: 0 of 0 keys, partial: 84 of 7120, hidden keys: 255024
func.func @causal_documents(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : (i floordiv 100 - j floordiv 100 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// Every fourth key: each block of queries sees them all.
// CHECK-LABEL: @dilated
// CHECK-NEXT: visible every 4 from d0 to d0 + d1 - 1 to number 0, gaps filled
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 1 every 4 from -(-d0 + 3) to d0 + d1 - 2, gaps filled
// CHECK-NEXT: full blocks: 0 of 0 keys, partial: 72 of 8704, hidden keys: 7680
func.func @dilated(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : ((i - j) mod 4 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// Every 256th key: half of the blocks see none.
// CHECK-LABEL: @far_dilated
// CHECK-NEXT: visible every 256 from d0 to d0 + d1 - 1 to number 0
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 1 every 256 from -(-d0 + 255) to d0 + d1 - 2, gaps filled
// CHECK-NEXT: full blocks: 0 of 0 keys, partial: 40 of 2560, hidden keys: 13824
func.func @far_dilated(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : ((i - j) mod 256 == 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// 128 keys of every 256, the same for all queries.
// CHECK-LABEL: @strided
// CHECK-NEXT: visible every 256 from 0 to 127
// CHECK-NEXT: not all by 0 every 256 from 128 to 255
// CHECK-NEXT: full blocks: 64 of 8192 keys, partial: 0 of 0, hidden keys: 8192
func.func @strided(%x: tensor<1024x8xf32>) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(affine_set<(i, j) : (127 - j mod 256 >= 0)>)) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// Four global tokens and a window of 256.
// CHECK-LABEL: @global_window
// CHECK-NEXT: visible to 3, d0 + d1 - 1
// CHECK-NEXT: visible if -d0 + 3 to d0 + d1 - 1, 3
// CHECK-NEXT: visible from -(-d0 + 255) to d0 + d1 - 1
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: not all by 1 from 4
// CHECK-NEXT: not all by 1 if d0 + d1 - 5
// CHECK-NEXT: not all by 1 to d0 + d1 - 257
// CHECK-NEXT: full blocks: 121 of 8172 keys, partial: 124 of 11845, hidden keys: 242127
func.func @global_window(%x: tensor<4096x8xf32>) -> tensor<4096x8xf32> {
  %o = attention.fused query(%x : tensor<4096x8xf32> by #row) key(%x : tensor<4096x8xf32> by #col) value(%x : tensor<4096x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j) : (3 - j >= 0)> or affine_set<(i, j) : (3 - i >= 0)> or affine_set<(i, j) : (j - i + 255 >= 0)>)) normaliser(#attention.softmax)
      outs(%x : tensor<4096x8xf32> by [#out])
  return %o : tensor<4096x8xf32>
}

// The causal part bounds the keys, what divides by a symbol does not.
// CHECK-LABEL: @symbolic_divisor
// CHECK-NEXT: visible to d0 + d1 - 1
// CHECK-NEXT: not all by 0 from -(-d0 - 1)
// CHECK-NEXT: left out: it divides by a symbol
// CHECK-NEXT: full blocks: 56 of 7168 keys, partial: 16 of 1536, hidden keys: 7680
func.func @symbolic_divisor(%x: tensor<1024x8xf32>, %n: index) -> tensor<1024x8xf32> {
  %o = attention.fused query(%x : tensor<1024x8xf32> by #row) key(%x : tensor<1024x8xf32> by #col) value(%x : tensor<1024x8xf32> by #val)
      changes(sets(#causal, affine_set<(i, j)[n] : ((i - j) mod n == 0)>[%n : index])) normaliser(#attention.softmax) outs(%x : tensor<1024x8xf32> by [#out])
  return %o : tensor<1024x8xf32>
}

// No mask.
// CHECK-LABEL: @all
// CHECK-NEXT: visible
// CHECK-NEXT: full blocks: 128 of 16000 keys, partial: 0 of 0, hidden keys: 0
func.func @all(%x: tensor<1000x8xf32>) -> tensor<1000x8xf32> {
  %o = attention.fused query(%x : tensor<1000x8xf32> by #row) key(%x : tensor<1000x8xf32> by #col) value(%x : tensor<1000x8xf32> by #val)
      normaliser(#attention.softmax) outs(%x : tensor<1000x8xf32> by [#out])
  return %o : tensor<1000x8xf32>
}
