//===- TestKeyRanges.cpp - Print which keys are visited -------------------===//
//
// Prints the analysis of every attention.fused and, where numbers are known or
// given, counts its blocks.
//
//===----------------------------------------------------------------------===//

#include "TestKeyRanges.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
struct TestKeyRangesPass
    : public PassWrapper<TestKeyRangesPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestKeyRangesPass)

  TestKeyRangesPass() = default;
  TestKeyRangesPass(const TestKeyRangesPass &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "test-attention-key-ranges"; }
  StringRef getDescription() const override {
    return "Print which keys blocks of queries visit";
  }

  void runOnOperation() override {
    getOperation().walk([&](FusedOp op) {
      llvm::outs() << "@" << op->getParentOfType<func::FuncOp>().getName()
                   << "\n";
      print(op);
    });
  }

  Option<int64_t> queryBlock{*this, "query-block", llvm::cl::init(64)};
  Option<int64_t> keyBlock{*this, "key-block", llvm::cl::init(128)};
  Option<int64_t> numQueries{*this, "queries", llvm::cl::init(0),
                             llvm::cl::desc("Extent where it is dynamic")};
  Option<int64_t> numKeys{*this, "keys", llvm::cl::init(0),
                          llvm::cl::desc("Extent where it is dynamic")};
  ListOption<int64_t> symbols{*this, "symbols",
                              llvm::cl::desc("Values of those not constant")};

private:
  int64_t getExtent(Value value, AffineMap map, unsigned dim, int64_t given) {
    auto position =
        map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
    if (!position)
      return given;
    int64_t size =
        cast<RankedTensorType>(value.getType()).getDimSize(*position);
    return ShapedType::isDynamic(size) ? given : size;
  }

  /// The value of a symbol at a batch element.
  int64_t getSymbol(Value symbol, ArrayRef<int64_t> batch,
                    ArrayRef<int64_t> &given) {
    DenseIntElementsAttr elements;
    if (matchPattern(symbol, m_Constant(&elements))) {
      int64_t index = 0;
      for (auto [dim, size] : llvm::enumerate(elements.getType().getShape()))
        index = index * size + batch[dim];
      return elements.getValues<APInt>()[index].getSExtValue();
    }
    APInt value;
    if (matchPattern(symbol, m_ConstantInt(&value)))
      return value.getSExtValue();
    if (given.empty())
      return 0;
    int64_t first = given.front();
    given = given.drop_front();
    return first;
  }

  void print(FusedOp op) {
    unsigned numBatch = op.getNumBatch();
    ChangesAnalysis analysis = analyzeScoreChanges(
        &getContext(), numBatch, op.getScoreChanges(), {queryBlock, keyBlock});
    printKeyAnalysis(llvm::outs(), analysis.keys);
    int64_t queries = getExtent(op.getQuery(), op.getQueryMap(),
                                op.getQueryDim(), numQueries);
    int64_t keys =
        getExtent(op.getKey(), op.getKeyMap(), op.getKeyDim(), numKeys);
    SmallVector<int64_t> extents;
    int64_t numElements = 1;
    for (unsigned dim = 0; dim < numBatch; ++dim) {
      extents.push_back(
          getExtent(op.getQuery(), op.getQueryMap(), dim, /*given=*/1));
      numElements *= extents.back();
    }
    for (int64_t element = 0; element < numElements; ++element) {
      SmallVector<int64_t> dims(numBatch + 2), values;
      int64_t rest = element;
      for (unsigned dim = numBatch; dim > 0; --dim) {
        dims[dim - 1] = rest % extents[dim - 1];
        rest /= extents[dim - 1];
      }
      SmallVector<int64_t> all(symbols.begin(), symbols.end());
      ArrayRef<int64_t> given = all;
      for (Value symbol : analysis.symbols)
        values.push_back(
            getSymbol(symbol, ArrayRef(dims).take_front(numBatch), given));
      BlockCounts counts;
      for (int64_t query = 0; query < queries; query += queryBlock) {
        dims[numBatch] = query;
        dims[numBatch + 1] = std::min<int64_t>(queryBlock, queries - query);
        BlockCounts block =
            countKeyBlocks(analysis.keys, dims, values, 0, keys, keyBlock);
        counts.full += block.full;
        counts.fullKeys += block.fullKeys;
        counts.partial += block.partial;
        counts.partialKeys += block.partialKeys;
      }
      int64_t numBlocks = llvm::divideCeil(queries, queryBlock);
      llvm::outs() << "full blocks: " << counts.full << " of "
                   << counts.fullKeys << " keys, partial: " << counts.partial
                   << " of " << counts.partialKeys << ", hidden keys: "
                   << numBlocks * keys - counts.fullKeys - counts.partialKeys
                   << "\n";
    }
  }
};
} // namespace

void attention_test::registerKeyRangesPass() {
  PassRegistration<TestKeyRangesPass>();
}
