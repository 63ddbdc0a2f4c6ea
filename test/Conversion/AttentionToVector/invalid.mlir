// What convert-attention-to-vector cannot take.
// RUN: attention-opt %s -split-input-file -convert-attention-to-vector -verify-diagnostics

#rows = affine_map<(r, c) -> (r, c)>

func.func @tensors(%q: tensor<?x64xf32>, %tile: tensor<64x64xf32>) -> tensor<64x64xf32> {
  // expected-error@below {{'attention.pack' op expected buffers; bufferize before converting to vectors, found 'tensor<?x64xf32>'}}
  %r = attention.pack %q by #rows : tensor<?x64xf32> outs(%tile : tensor<64x64xf32>)
  return %r : tensor<64x64xf32>
}

// -----

#rows = affine_map<(r, c) -> (r, c)>

func.func @region(%tile: memref<64x64xf32>, %k: memref<?x64xf32>,
                  %v: memref<?x64xf32>, %i: index, %live: index,
                  %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<?x64xf32> by #rows) value(%v : memref<?x64xf32> by #rows)
      changes(modify (%s: f32, %a: index, %b: index) {
        %c = arith.cmpi slt, %a, %b : index
        // expected-error@below {{'scf.if' op has no vector form, and is in a region of 'attention.online' that is to be vectorised}}
        %r = scf.if %c -> f32 {
          scf.yield %s : f32
        } else {
          scf.yield %s : f32
        }
        attention.yield %r : f32
      }) normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
