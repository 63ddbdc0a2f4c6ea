//===- attention-lsp-server.cpp - Language server -------------------------===//
//
// MLIR's language server with the attention dialect, for editors.
//
//===----------------------------------------------------------------------===//

#include "Attention/InitAll.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::attention::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
