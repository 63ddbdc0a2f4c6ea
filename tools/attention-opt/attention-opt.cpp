//===- attention-opt.cpp - The optimizer driver ---------------------------===//
//
// mlir-opt with the attention dialect, its passes and pipelines.
//
//===----------------------------------------------------------------------===//

#include "Attention/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::attention::registerAllDialects(registry);
  mlir::attention::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "attention-opt: the MLIR compiler for attention\n",
      registry));
}
