//===- AsmDirectives.h - Custom assembly directives -------------*- C++ -*-===//
//
// Parsers and printers of the `custom<...>` directives in AttentionOps.td, for
// the file that includes the generated operation definitions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H

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

/// An optional region: `where (%i: index, %j: index) { … }`.
inline ParseResult parseWhereRegion(OpAsmParser &parser, Region &region) {
  if (failed(parser.parseOptionalKeyword("where")))
    return success();
  SMLoc loc = parser.getCurrentLocation();
  if (parseArgRegion(parser, region))
    return failure();
  // A region without arguments and operations has no block either.
  if (region.empty())
    return parser.emitError(loc)
           << "expected a where region of one block, found an empty one";
  return success();
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

/// An intersection of unions: `sets(#a, #b[%n : index] or #c)`.
inline ParseResult
parseMaskSets(OpAsmParser &parser, ArrayAttr &sets,
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
  if (succeeded(parser.parseOptionalKeyword("sets")) &&
      parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseUnion))
    return failure();
  sets = parser.getBuilder().getArrayAttr(unions);
  return success();
}

inline void printMaskSets(OpAsmPrinter &printer, Operation *, ArrayAttr sets,
                          OperandRange symbols, TypeRange) {
  if (sets.empty())
    return;
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
  printer << " sets(";
  llvm::interleaveComma(sets, printer, [&](Attribute members) {
    llvm::interleave(cast<ArrayAttr>(members), printer, printSet, " or ");
  });
  printer << ")";
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_ASMDIRECTIVES_H
