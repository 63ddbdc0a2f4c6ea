//===- AsmDirectives.h - Custom assembly directives -------------*- C++ -*-===//
//
// Parsers and printers of the `custom<...>` directives in AttentionOps.td, for
// the file that includes the generated operation definitions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H

#include "Attention/Dialect/Attention/IR/AttentionAttrs.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpImplementation.h"

namespace mlir::attention {

/// A region with its arguments in front: `(%x: f32, %i: index) { … }`.
inline ParseResult parseArgRegion(OpAsmParser &parser, Region &region) {
  SmallVector<OpAsmParser::Argument> arguments;
  return failure(parser.parseArgumentList(arguments,
                                          OpAsmParser::Delimiter::Paren,
                                          /*allowType=*/true) ||
                 parser.parseRegion(region, arguments));
}

inline void printArgRegion(OpAsmPrinter &printer, Operation *, Region &region) {
  printer << "(";
  llvm::interleaveComma(region.getArguments(), printer, [&](BlockArgument arg) {
    printer.printRegionArgument(arg);
  });
  printer << ") ";
  printer.printRegion(region, /*printEntryBlockArgs=*/false);
}

/// An optional region after its keyword: `where (%i: index, %j: index) { … }`.
inline ParseResult parseOptionalArgRegion(OpAsmParser &parser, Region &region,
                                          StringRef keyword) {
  if (failed(parser.parseOptionalKeyword(keyword)))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  if (parseArgRegion(parser, region))
    return failure();
  // A region without arguments and operations has no block either.
  if (region.empty())
    return parser.emitError(loc) << "expected a " << keyword
                                 << " region of one block, found an empty one";
  return success();
}

inline ParseResult parseWhereRegion(OpAsmParser &parser, Region &region) {
  return parseOptionalArgRegion(parser, region, "where");
}

inline void printWhereRegion(OpAsmPrinter &printer, Operation *op,
                             Region &region) {
  if (region.empty())
    return;
  printer << " where ";
  printArgRegion(printer, op, region);
}

/// One set and its symbols: `#set` or `#set[%n : index, %m : tensor<2xi32>]`.
inline ParseResult
parseMaskSet(OpAsmParser &parser, SmallVectorImpl<Attribute> &sets,
             SmallVectorImpl<OpAsmParser::UnresolvedOperand> &symbols,
             SmallVectorImpl<Type> &symbolTypes) {
  IntegerSetAttr set;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseAttribute(set))
    return failure();
  sets.push_back(set);
  size_t numBefore = symbols.size();
  if (parser.parseCommaSeparatedList(
          OpAsmParser::Delimiter::OptionalSquare, [&]() -> ParseResult {
            return failure(parser.parseOperand(symbols.emplace_back()) ||
                           parser.parseColonType(symbolTypes.emplace_back()));
          }))
    return failure();
  size_t numFound = symbols.size() - numBefore;
  unsigned numExpected = set.getValue().getNumSymbols();
  if (numFound == numExpected)
    return success();
  return parser.emitError(loc)
         << "expected " << numExpected
         << " values for the symbols of the set, found " << numFound;
}

/// An intersection of unions: `(#a, #b[%n : index] or #c)`.
inline ParseResult
parseMaskSetList(OpAsmParser &parser, ArrayAttr &sets,
                 SmallVectorImpl<OpAsmParser::UnresolvedOperand> &symbols,
                 SmallVectorImpl<Type> &symbolTypes) {
  SmallVector<Attribute> unions;
  auto parseUnion = [&]() -> ParseResult {
    SmallVector<Attribute> members;
    do {
      if (parseMaskSet(parser, members, symbols, symbolTypes))
        return failure();
    } while (succeeded(parser.parseOptionalKeyword("or")));
    unions.push_back(parser.getBuilder().getArrayAttr(members));
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseUnion))
    return failure();
  sets = parser.getBuilder().getArrayAttr(unions);
  return success();
}

/// Prints the list and returns the symbols that it has not used.
inline OperandRange printMaskSetList(OpAsmPrinter &printer, ArrayAttr sets,
                                     OperandRange symbols) {
  auto printSet = [&](Attribute attr) {
    printer << attr;
    unsigned count = cast<IntegerSetAttr>(attr).getValue().getNumSymbols();
    if (count == 0)
      return;
    printer << "[";
    llvm::interleaveComma(symbols.take_front(count), printer, [&](Value value) {
      printer << value << " : " << value.getType();
    });
    printer << "]";
    symbols = symbols.drop_front(count);
  };
  printer << "(";
  llvm::interleaveComma(sets, printer, [&](Attribute members) {
    llvm::interleave(cast<ArrayAttr>(members), printer, printSet, " or ");
  });
  printer << ")";
  return symbols;
}

/// An optional intersection of unions: `sets(#a, #b[%n : index] or #c)`.
inline ParseResult
parseMaskSets(OpAsmParser &parser, ArrayAttr &sets,
              SmallVectorImpl<OpAsmParser::UnresolvedOperand> &symbols,
              SmallVectorImpl<Type> &symbolTypes) {
  if (succeeded(parser.parseOptionalKeyword("sets")))
    return parseMaskSetList(parser, sets, symbols, symbolTypes);
  sets = parser.getBuilder().getArrayAttr({});
  return success();
}

inline void printMaskSets(OpAsmPrinter &printer, Operation *, ArrayAttr sets,
                          OperandRange symbols, TypeRange) {
  if (sets.empty())
    return;
  printer << " sets";
  printMaskSetList(printer, sets, symbols);
}

/// An optional pair body: `combine (%a: f32, %b: f32) { … }`.
inline ParseResult parseCombine(OpAsmParser &parser, Region &region) {
  return parseOptionalArgRegion(parser, region, "combine");
}

inline void printCombine(OpAsmPrinter &printer, Operation *op, Region &region) {
  if (region.empty())
    return;
  printer << " combine ";
  printArgRegion(printer, op, region);
}

/// The types of destinations; those that are tensors are results.
inline ParseResult parseDestinations(OpAsmParser &parser,
                                     SmallVectorImpl<Type> &types,
                                     SmallVectorImpl<Type> &results) {
  if (parser.parseTypeList(types))
    return failure();
  llvm::copy_if(types, std::back_inserter(results),
                [](Type type) { return isa<TensorType>(type); });
  return success();
}

inline void printDestinations(OpAsmPrinter &printer, Operation *,
                              TypeRange types, TypeRange) {
  llvm::interleaveComma(types, printer);
}

/// What is done to scores, in order: `changes(sets(#a), keep(%t : type by map),
/// where (…) { … }, bias(%t : type by map), modify (…) { … })`.
inline ParseResult
parseScoreChanges(OpAsmParser &parser, ArrayAttr &changes,
                  ArrayAttr &changeSets,
                  SmallVectorImpl<OpAsmParser::UnresolvedOperand> &symbols,
                  SmallVectorImpl<Type> &symbolTypes,
                  SmallVectorImpl<OpAsmParser::UnresolvedOperand> &tensors,
                  SmallVectorImpl<Type> &tensorTypes,
                  SmallVectorImpl<std::unique_ptr<Region>> &regions) {
  Builder &builder = parser.getBuilder();
  SmallVector<Attribute> steps, sets;
  auto parseStep = [&]() -> ParseResult {
    StringRef keyword;
    SMLoc loc = parser.getCurrentLocation();
    AffineMapAttr map;
    if (parser.parseKeyword(&keyword))
      return failure();
    std::optional<ScoreChangeKind> kind = symbolizeScoreChangeKind(keyword);
    if (!kind)
      return parser.emitError(loc)
             << "expected sets, keep, where, bias or modify, found " << keyword;
    switch (*kind) {
    case ScoreChangeKind::Sets: {
      ArrayAttr list;
      if (parseMaskSetList(parser, list, symbols, symbolTypes))
        return failure();
      sets.push_back(list);
      break;
    }
    case ScoreChangeKind::Keep:
    case ScoreChangeKind::Bias:
      if (parser.parseLParen() || parser.parseOperand(tensors.emplace_back()) ||
          parser.parseColonType(tensorTypes.emplace_back()) ||
          parser.parseKeyword("by") || parser.parseAttribute(map) ||
          parser.parseRParen())
        return failure();
      break;
    case ScoreChangeKind::Where:
    case ScoreChangeKind::Modify:
      if (parseArgRegion(parser,
                         *regions.emplace_back(std::make_unique<Region>())))
        return failure();
      break;
    }
    steps.push_back(ScoreChangeAttr::get(builder.getContext(), *kind, map));
    return success();
  };
  if (succeeded(parser.parseOptionalKeyword("changes")) &&
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseStep))
    return failure();
  changes = builder.getArrayAttr(steps);
  changeSets = builder.getArrayAttr(sets);
  return success();
}

inline void printScoreChanges(OpAsmPrinter &printer, Operation *op,
                              ArrayAttr changes, ArrayAttr changeSets,
                              OperandRange symbols, TypeRange,
                              OperandRange tensors, TypeRange,
                              RegionRange regions) {
  if (changes.empty())
    return;
  const auto *sets = changeSets.begin();
  printer << " changes(";
  llvm::interleaveComma(changes.getAsRange<ScoreChangeAttr>(), printer,
                        [&](ScoreChangeAttr change) {
                          printer << stringifyScoreChangeKind(change.getKind());
                          switch (change.getKind()) {
                          case ScoreChangeKind::Sets:
                            symbols = printMaskSetList(
                                printer, cast<ArrayAttr>(*sets++), symbols);
                            break;
                          case ScoreChangeKind::Keep:
                          case ScoreChangeKind::Bias:
                            printer << "(" << tensors.front() << " : "
                                    << tensors.front().getType() << " by "
                                    << change.getMap() << ")";
                            tensors = tensors.drop_front();
                            break;
                          case ScoreChangeKind::Where:
                          case ScoreChangeKind::Modify:
                            printer << " ";
                            printArgRegion(printer, op, *regions.front());
                            regions = regions.drop_front();
                            break;
                          }
                        });
  printer << ")";
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H
