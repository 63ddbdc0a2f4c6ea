//===- attention-test-opt.cpp - attention-opt with the test dialect -------===//
//
// For tests: attention-opt, a dialect that no pass knows, and passes that print
// analyses.
//
//===----------------------------------------------------------------------===//

#include "Attention/InitAll.h"
#include "TestDialect.h"
#include "TestKeyRanges.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::attention::registerAllDialects(registry);
  registry.insert<mlir::attention_test::AttentionTestDialect>();
  mlir::attention::registerAllPasses();
  mlir::attention_test::registerKeyRangesPass();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "attention-opt with the test dialect\n", registry));
}
