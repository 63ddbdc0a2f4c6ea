//===- TestKeyRanges.h - Print which keys are visited -----------*- C++ -*-===//
//
// The key analysis of attention.fused as text.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TEST_LIB_TESTKEYRANGES_H
#define ATTENTION_TEST_LIB_TESTKEYRANGES_H

namespace mlir::attention_test {

/// Registers -test-attention-key-ranges.
void registerKeyRangesPass();

} // namespace mlir::attention_test

#endif // ATTENTION_TEST_LIB_TESTKEYRANGES_H
