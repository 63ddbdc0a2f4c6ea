//===- OutlineParallel.cpp - Bodies of parallel loops as functions --------===//
//
// Gives each parallel loop's body a frame of its own for its stack allocations,
// and a function in which control flow can be lowered before OpenMP is.
//
//===----------------------------------------------------------------------===//

#include "Attention/Parallel/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONOUTLINEPARALLEL
#include "Attention/Parallel/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;

/// The name of an attribute of an LLVM function in a passthrough list.
static constexpr StringLiteral passthroughName = "passthrough";

/// The parallel loop or function in whose frame `op` is.
static Operation *getFrame(Operation *op) {
  do {
    op = op->getParentOp();
  } while (op && !isa<scf::ParallelOp, FunctionOpInterface>(op));
  return op;
}

/// Stack allocations of a loop's body end with its iteration, by the loop's
/// definition. Where the loop is sequential they would in truth end with the
/// function and add up, so one in the frame of `root` serves all iterations.
static void hoistAllocas(Operation *root, bool fromRootToo = false) {
  Operation *frame = fromRootToo ? getFrame(root) : root;
  if (!frame)
    return;
  Block &entry = frame->getRegion(0).front();
  SmallVector<memref::AllocaOp> allocas;
  root->walk([&](memref::AllocaOp alloca) {
    if (alloca->getNumOperands() != 0 || getFrame(alloca) != root ||
        alloca->getBlock() == &entry)
      return;
    bool mayServeAll = true;
    for (Operation *op = alloca->getParentOp(); op != frame;
         op = op->getParentOp())
      mayServeAll &= !isa<LoopLikeOpInterface>(op) ||
                     op->hasTrait<OpTrait::AutomaticAllocationScope>();
    if (mayServeAll)
      allocas.push_back(alloca);
  });
  for (memref::AllocaOp alloca : llvm::reverse(allocas))
    alloca->moveBefore(&entry, entry.begin());
}

/// scf.parallel (%i, %j) = … init (%x) { …; scf.reduce(%y) {…} }
/// ->
/// scf.for %i = … iter_args(%a = %x) {
///   scf.for %j = … iter_args(%b = %a) { …; <the reduction of %b and %y> } }
static void makeSequential(scf::ParallelOp loop) {
  hoistAllocas(loop, /*fromRootToo=*/true);
  OpBuilder builder(loop);
  auto buildBody = [&](OpBuilder &builder, Location, ValueRange indices,
                       ValueRange partials) -> scf::ValueVector {
    IRMapping mapping;
    mapping.map(loop.getInductionVars(), indices);
    for (Operation &op : loop.getBody()->without_terminator())
      builder.clone(op, mapping);
    auto reduce = cast<scf::ReduceOp>(loop.getBody()->getTerminator());
    scf::ValueVector results;
    for (auto [region, partial, operand] : llvm::zip_equal(
             reduce.getReductions(), partials, reduce.getOperands())) {
      Block &block = region.front();
      mapping.map(block.getArgument(0), partial);
      mapping.map(block.getArgument(1), mapping.lookupOrDefault(operand));
      for (Operation &op : block.without_terminator())
        builder.clone(op, mapping);
      auto result = cast<scf::ReduceReturnOp>(block.getTerminator());
      results.push_back(mapping.lookupOrDefault(result.getResult()));
    }
    return results;
  };
  scf::LoopNest nest = scf::buildLoopNest(
      builder, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(),
      loop.getStep(), loop.getInitVals(), buildBody);
  loop.replaceAllUsesWith(nest.results);
  loop.erase();
}

/// Makes all parallel loops in `root` sequential that `filter` takes.
static void
makeSequential(Operation *root,
               function_ref<bool(scf::ParallelOp)> filter = nullptr) {
  SmallVector<scf::ParallelOp> loops;
  // Inner ones first: outer ones clone them.
  root->walk([&](scf::ParallelOp loop) {
    if (!filter || filter(loop))
      loops.push_back(loop);
  });
  for (scf::ParallelOp loop : loops)
    makeSequential(loop);
}

/// Whether there is nothing but a call in a loop.
static bool isOutlined(scf::ParallelOp loop) {
  auto body = loop.getBody()->without_terminator();
  return llvm::hasSingleElement(body) && isa<func::CallOp>(*body.begin());
}

/// Whether a captured value is better made anew: constants above all.
static bool isConstantLike(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->getNumOperands() == 0 && op->getNumRegions() == 0 &&
         isPure(op);
}

/// "noinline", and what the parent states but about inlining.
static ArrayAttr makePassthrough(func::FuncOp parent) {
  Builder builder(parent.getContext());
  SmallVector<Attribute> attributes = {builder.getStringAttr("noinline")};
  if (auto present = parent->getAttrOfType<ArrayAttr>(passthroughName))
    for (Attribute attribute : present) {
      auto name = dyn_cast<StringAttr>(attribute);
      if (!name || !name.getValue().contains("inline"))
        attributes.push_back(attribute);
    }
  return builder.getArrayAttr(attributes);
}

/// scf.parallel (%i) = … { … }
/// ->
/// scf.parallel (%i) = … { func.call @parent_parallel(%i, <captured>) }
/// func.func private @parent_parallel(%i, <captured>) { … }
static func::FuncOp outlineBody(scf::ParallelOp loop, func::FuncOp parent,
                                SymbolTable &symbols) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(loop.getRegion(), captured);
  SmallVector<Value> operands(loop.getInductionVars()), constants;
  for (Value value : captured)
    (isConstantLike(value) ? constants : operands).push_back(value);

  OpBuilder builder(loop.getContext());
  auto function = func::FuncOp::create(
      builder, loop.getLoc(), (parent.getName() + "_parallel").str(),
      builder.getFunctionType(TypeRange(operands), TypeRange()));
  function.setPrivate();
  function->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(loop.getContext(), LLVM::Linkage::Internal));
  function->setAttr(passthroughName, makePassthrough(parent));
  symbols.insert(function, std::next(Block::iterator(parent)));

  Block *entry = function.addEntryBlock(), *body = loop.getBody();
  entry->getOperations().splice(entry->end(), body->getOperations(),
                                body->begin(),
                                std::prev(body->getOperations().end()));
  auto isInside = [&](OpOperand &use) {
    return function->isAncestor(use.getOwner());
  };
  for (auto [operand, argument] :
       llvm::zip_equal(operands, entry->getArguments()))
    operand.replaceUsesWithIf(argument, isInside);
  builder.setInsertionPointToStart(entry);
  for (Value constant : constants) {
    Operation *clone = builder.clone(*constant.getDefiningOp());
    unsigned number = cast<OpResult>(constant).getResultNumber();
    constant.replaceUsesWithIf(clone->getResult(number), isInside);
  }
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder, loop.getLoc());
  builder.setInsertionPointToStart(body);
  func::CallOp::create(builder, loop.getLoc(), function, operands);
  return function;
}

namespace {
struct OutlineParallelPass
    : public attention::impl::AttentionOutlineParallelBase<
          OutlineParallelPass> {
  using Base::Base;

  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      bool isFrame = isa<scf::ParallelOp, FunctionOpInterface>(op);
      if (isFrame && !op->getRegion(0).empty())
        hoistAllocas(op);
    });
    auto hasReductions = [](scf::ParallelOp loop) {
      return loop.getNumReductions() > 0;
    };
    if (sequentialReductions)
      makeSequential(getOperation(), hasReductions);

    SmallVector<scf::ParallelOp> outermost;
    getOperation()->walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      outermost.push_back(loop);
      return WalkResult::skip();
    });
    SymbolTableCollection symbolTables;
    for (scf::ParallelOp loop : outermost) {
      auto parent = loop->getParentOfType<func::FuncOp>();
      StringRef obstacle = hasReductions(loop)
                               ? "its reductions depend on the order of threads"
                           : !parent ? "it is not in a func.func"
                                     : "";
      if (!obstacle.empty()) {
        remark::missed(loop.getLoc(),
                       remark::RemarkOpts::name("NotOutlined")
                           .category("attention-outline-parallel"))
            << "scf.parallel left as it is" << remark::reason("{0}", obstacle);
        continue;
      }
      if (isOutlined(loop))
        continue;
      SymbolTable &symbols = symbolTables.getSymbolTable(
          SymbolTable::getNearestSymbolTable(parent->getParentOp()));
      func::FuncOp function = outlineBody(loop, parent, symbols);
      makeSequential(function);
    }
  }
};
} // namespace
