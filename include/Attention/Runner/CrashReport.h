//===- CrashReport.h - One line for what goes wrong below us ----*- C++ -*-===//
//
// Generated code may fault, divide by zero or fail an assertion, and LLVM's
// code generator reports what it cannot do by aborting. All of these become
// one line on stderr and exit code 2.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_CRASHREPORT_H
#define ATTENTION_RUNNER_CRASHREPORT_H

#include "llvm/ADT/StringRef.h"

namespace mlir::attention::runner {

/// The exit code for everything but a result that differs from the expected
/// one, which is 1.
constexpr int exitFailure = 2;

/// Writes "attention-runner: error: MESSAGE" and ends the process at once. Safe
/// in signal handlers.
[[noreturn]] void reportAndExit(const char *message);

/// Turns LLVM's fatal errors into reports.
void installFatalErrorHandler();

/// Gives the calling thread a stack for reports, so that it can report that its
/// own is full.
void provideHandlerStack();

/// While one of these lives, faults of the process are reports on generated
/// code.
class GeneratedCodeScope {
public:
  GeneratedCodeScope();
  ~GeneratedCodeScope();
  GeneratedCodeScope(const GeneratedCodeScope &) = delete;
};

/// What generated code calls in place of puts and abort: cf.assert prints its
/// message by the one and ends by the other.
extern "C" {
int attentionPuts(const char *text);
[[noreturn]] void attentionAbort();
}

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_CRASHREPORT_H
