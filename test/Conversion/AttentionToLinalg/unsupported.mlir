// An attention op that is nobody's part is an error, not left behind.
// RUN: attention-opt %s -convert-attention-to-linalg -verify-diagnostics

func.func @stray(%x: f32) {
  // expected-error@below {{'attention.yield' op has no lowering to linalg}}
  attention.yield %x : f32
}
