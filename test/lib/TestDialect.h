//===- TestDialect.h - Ops that no pass knows -------------------*- C++ -*-===//
//
// The C++ side of TestOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TEST_LIB_TESTDIALECT_H
#define ATTENTION_TEST_LIB_TESTDIALECT_H

#include "Attention/Dialect/Attention/IR/AttentionAttrs.h"
#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "TestDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "TestAttrs.h.inc"
#define GET_OP_CLASSES
#include "TestOps.h.inc"

#endif // ATTENTION_TEST_LIB_TESTDIALECT_H
