// What rows of weights are read for, as attributes: they print to themselves.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s --emit-bytecode | attention-opt | FileCheck %s

// CHECK: test.readings = [#attention.top_k<8>, #attention.entropy, #attention.top_k<2147483647>]
module attributes {test.readings = [#attention.top_k<8>, #attention.entropy, #attention.top_k<2147483647>]} {
}
