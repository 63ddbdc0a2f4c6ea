// The transpose of a square in the assembly: rows times their logarithm, and no
// instruction more.
// DEFINE: %{cpu} =
// DEFINE: %{asm} = attention-opt %s -attention-set-target='triple=x86_64-linux-gnu cpu=%{cpu}' -convert-attention-to-vector -attention-to-llvm='exact=false' \
// DEFINE:   | mlir-translate -mlir-to-llvmir | opt -O3 -mtriple=x86_64-linux-gnu -mcpu=%{cpu} | llc -O3 -mtriple=x86_64-linux-gnu -mcpu=%{cpu}

// REDEFINE: %{cpu} = skylake-avx512
// RUN: %{asm} | FileCheck %s --check-prefix=V512
// REDEFINE: %{cpu} = haswell
// RUN: %{asm} | FileCheck %s --check-prefix=V256

// V512-COUNT-64: {{vunpck|vperm|vshuf|vinsert|vblend|vextract}}
// V512-NOT: {{vunpck|vperm|vshuf|vinsert|vblend|vextract}}
// V256-COUNT-24: {{vunpck|vperm|vshuf|vinsert|vblend|vextract|vmovlhps|vbroadcast}}
// V256-NOT: {{vunpck|vperm|vshuf|vinsert|vblend|vextract|vmovlhps|vbroadcast}}
func.func @pack(%q: memref<64x64xf32>, %tile: memref<64x64xf32>) {
  attention.pack %q by affine_map<(r, c) -> (r, c)> : memref<64x64xf32> outs(%tile : memref<64x64xf32>)
  return
}
