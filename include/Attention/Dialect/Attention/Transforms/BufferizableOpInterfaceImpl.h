//===- BufferizableOpInterfaceImpl.h - Block level on buffers ---*- C++ -*-===//
//
// Registers how one-shot bufferisation and deallocation treat the block level.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::attention {

/// Attaches the bufferisation of the block level, and that it neither allocates
/// nor frees.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
