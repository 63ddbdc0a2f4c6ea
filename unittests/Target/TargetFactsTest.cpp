//===- TargetFactsTest.cpp - Facts about a CPU, as passes read them -------===//
//
// What getTargetFacts answers with and without a specification, and what
// setTargetFacts leaves alone. Passes use these, so lit cannot see them alone.
//
//===----------------------------------------------------------------------===//

#include "Attention/Target/TargetFacts.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class TargetFactsTest : public testing::Test {
protected:
  TargetFactsTest() { context.loadDialect<DLTIDialect, func::FuncDialect>(); }

  /// A module with these attributes and a function in it.
  OwningOpRef<ModuleOp> parse(StringRef attributes) {
    return parseSourceString<ModuleOp>("module attributes {" +
                                           attributes.str() +
                                           "} { func.func private @f() }",
                                       &context);
  }

  static TargetFacts factsInside(ModuleOp module) {
    return getTargetFacts(*module.getOps<func::FuncOp>().begin());
  }

  MLIRContext context;
};
} // namespace

TEST_F(TargetFactsTest, DefaultsWithoutSpecification) {
  TargetFacts facts = factsInside(*parse(""));
  EXPECT_EQ(facts.vectorBits, 128);
  EXPECT_EQ(facts.vectorRegisters, 16);
  EXPECT_EQ(facts.multiplyAddOperations, 2);
  EXPECT_EQ(facts.laneMultiplyAddOperations, 2);
  EXPECT_EQ(facts.l1Bytes, 32 * 1024);
  EXPECT_EQ(facts.l2Bytes, 256 * 1024);
  EXPECT_EQ(facts.parallelism, 16);
}

TEST_F(TargetFactsTest, EachMissingEntryHasItsDefault) {
  // A data layout, which dlti::query would stop at, and another device.
  OwningOpRef<ModuleOp> module = parse(
      "dlti.dl_spec = #dlti.dl_spec<\"dlti.endianness\" = \"little\">, "
      "dlti.target_system_spec = #dlti.target_system_spec<"
      "\"CPU\" = #dlti.target_device_spec<\"attention.vector_bits\" = 512 : "
      "i32, \"attention.parallelism\" = 64 : index>, "
      "\"GPU\" = #dlti.target_device_spec<\"attention.l1_bytes\" = 1 : i64>>");
  TargetFacts facts = factsInside(*module);
  EXPECT_EQ(facts.vectorBits, 512);
  EXPECT_EQ(facts.vectorRegisters, 16);
  EXPECT_EQ(facts.l1Bytes, 32 * 1024);
  EXPECT_EQ(facts.parallelism, 64);
}

TEST_F(TargetFactsTest, EntriesThatAreNoPositiveIntegersAreMissing) {
  OwningOpRef<ModuleOp> module =
      parse("dlti.target_system_spec = #dlti.target_system_spec<"
            "\"CPU\" = #dlti.target_device_spec<\"attention.vector_bits\" = 0 "
            ": i64, \"attention.l2_bytes\" = \"1 MiB\">>");
  TargetFacts facts = factsInside(*module);
  EXPECT_EQ(facts.vectorBits, 128);
  EXPECT_EQ(facts.l2Bytes, 256 * 1024);
}

TEST_F(TargetFactsTest, SettingKeepsOtherEntriesAndDevices) {
  OwningOpRef<ModuleOp> module = parse(
      "dlti.target_system_spec = #dlti.target_system_spec<"
      "\"CPU\" = #dlti.target_device_spec<\"other\" = 7 : i64>, "
      "\"GPU\" = #dlti.target_device_spec<\"attention.l1_bytes\" = 1 : i64>>");
  TargetFacts facts;
  facts.vectorBits = 256;
  setTargetFacts(*module, facts);
  EXPECT_EQ(factsInside(*module).vectorBits, 256);
  EXPECT_TRUE(lookupTargetEntry(*module, "other"));
  auto system = (*module)->getAttrOfType<TargetSystemSpecInterface>(
      DLTIDialect::kTargetSystemDescAttrName);
  EXPECT_EQ(system.getEntries().size(), 2u);
  Attribute before = system;
  setTargetFacts(*module, facts);
  EXPECT_EQ((*module)->getAttr(DLTIDialect::kTargetSystemDescAttrName), before);
}

TEST_F(TargetFactsTest, Lanes) {
  TargetFacts facts;
  facts.vectorBits = 512;
  EXPECT_EQ(facts.lanes(Float32Type::get(&context)), 16);
  EXPECT_EQ(facts.lanes(BFloat16Type::get(&context)), 32);
  EXPECT_EQ(facts.lanes(Float64Type::get(&context)), 8);
  EXPECT_EQ(facts.lanes(IndexType::get(&context)), 8);
  EXPECT_EQ(facts.lanes(IntegerType::get(&context, 1)), 64);
  EXPECT_EQ(facts.lanes(IntegerType::get(&context, 1024)), 1);
  EXPECT_EQ(facts.registerFileBytes(), 64 * 16);
}
