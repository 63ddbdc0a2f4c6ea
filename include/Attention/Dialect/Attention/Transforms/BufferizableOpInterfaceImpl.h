//===- BufferizableOpInterfaceImpl.h - Block level on buffers ---*- C++ -*-===//
//
// Registers how one-shot bufferisation treats the block level.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::attention {

/// Attaches the bufferisation of attention.pack, online, finish
/// and merge.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
