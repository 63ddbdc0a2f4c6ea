//===- attention-test-opt.cpp - attention-opt with the test dialect -------===//
//
// For tests: attention-opt and a dialect that no pass knows.
//
//===----------------------------------------------------------------------===//

#include "Attention/InitAll.h"
#include "TestDialect.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::attention::registerAllDialects(registry);
  registry.insert<mlir::attention_test::AttentionTestDialect>();
  mlir::attention::registerAllPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "attention-opt with the test dialect\n", registry));
}
