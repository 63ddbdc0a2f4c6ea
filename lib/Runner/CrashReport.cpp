//===- CrashReport.cpp - One line for what goes wrong below us ------------===//

#include "Attention/Runner/CrashReport.h"
#include "Attention/Runner/GuardedHeap.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/ErrorHandling.h"
#include <atomic>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>

using namespace mlir::attention;
using namespace mlir::attention::runner;

static constexpr int handledSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                                         SIGABRT};
static struct sigaction previousActions[std::size(handledSignals)];

void runner::reportAndExit(const char *message) {
  // The first of several threads reports; the others wait for the end.
  static std::atomic_flag isReporting = ATOMIC_FLAG_INIT;
  while (isReporting.test_and_set())
    pause();
  char line[1024];
  int length = std::snprintf(line, sizeof(line),
                             "attention-runner: error: %s\n", message);
  length = std::min<int>(length, sizeof(line) - 1);
  line[length - 1] = '\n';
  // Nothing is left to do where even this cannot be written.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line, length);
  _exit(exitFailure);
}

static void handleSignal(int number, siginfo_t *info, void *) {
  char place[160], message[320];
  switch (number) {
  case SIGFPE:
    return reportAndExit("generated code divided an integer by zero");
  case SIGILL:
    return reportAndExit(
        "generated code ran into an instruction this processor does not have, "
        "or into a place that it said is never reached");
  case SIGABRT:
    return reportAndExit("a library called from generated code aborted");
  default:
    break;
  }
  guarded::describe(info->si_addr, place, sizeof(place));
  if (place[0])
    std::snprintf(message, sizeof(message),
                  "generated code touched memory outside its buffers: %s",
                  place);
  else
    std::snprintf(message, sizeof(message),
                  "generated code touched memory outside its buffers: address "
                  "0x%" PRIxPTR
                  ", near no buffer (a null or freed buffer, or a full "
                  "stack; --guard_pages tells more about overruns)",
                  reinterpret_cast<uintptr_t>(info->si_addr));
  reportAndExit(message);
}

/// The last text that generated code printed and we have not yet: it may be an
/// assertion's, for the abort that follows.
static thread_local std::string pendingText;

static void flushPendingText() {
  if (!pendingText.empty())
    std::puts(pendingText.c_str());
  pendingText.clear();
}

void runner::provideHandlerStack() {
  constexpr size_t bytes = 64 * 1024;
  // Never freed: the thread may run generated code until the process ends.
  static thread_local char *memory = nullptr;
  if (memory)
    return;
  memory = new char[bytes];
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = bytes;
  sigaltstack(&stack, nullptr);
}

GeneratedCodeScope::GeneratedCodeScope() {
  provideHandlerStack();
  struct sigaction action = {};
  action.sa_sigaction = handleSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (auto [number, previous] :
       llvm::zip_equal(handledSignals, previousActions))
    sigaction(number, &action, &previous);
}

GeneratedCodeScope::~GeneratedCodeScope() {
  flushPendingText();
  for (auto [number, previous] :
       llvm::zip_equal(handledSignals, previousActions))
    sigaction(number, &previous, nullptr);
}

void runner::installFatalErrorHandler() {
  auto handler = [](void *, const char *reason, bool) {
    char message[900];
    std::snprintf(message, sizeof(message), "LLVM cannot compile this: %s",
                  reason);
    reportAndExit(message);
  };
  llvm::install_fatal_error_handler(handler);
}

int runner::attentionPuts(const char *text) {
  flushPendingText();
  pendingText = text;
  return 0;
}

void runner::attentionAbort() {
  std::fflush(stdout);
  if (pendingText.empty())
    reportAndExit("generated code called abort");
  for (char &c : pendingText)
    if (c == '\n')
      c = ' ';
  pendingText.insert(0, "an assertion failed in generated code: ");
  reportAndExit(pendingText.c_str());
}
