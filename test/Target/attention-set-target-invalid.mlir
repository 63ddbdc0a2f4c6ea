// What -attention-set-target refuses: targets that LLVM does not know, and facts
// that are none.
// RUN: not attention-opt %s -attention-set-target='triple=nonsense-linux' 2>&1 | FileCheck %s --check-prefix=TRIPLE
// TRIPLE: error: expected a triple of a target of this LLVM, found 'nonsense-linux'; `llc --version` lists the targets
// RUN: not attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=znver4' 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: expected a CPU of aarch64-unknown-linux-gnu, found 'znver4'; `llc -mtriple=aarch64-unknown-linux-gnu -mcpu=help` lists them{{$}}
// RUN: not attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell features=+avx2,+nonsense' 2>&1 | FileCheck %s --check-prefix=FEATURE
// FEATURE: error: expected features of x86_64 with + or - before each, found '+nonsense'; `llc -mtriple=x86_64 -mattr=help` lists them
// RUN: not attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell features=avx2' 2>&1 | FileCheck %s --check-prefix=SIGN
// SIGN: error: expected features of x86_64 with + or - before each, found 'avx2'; `llc -mtriple=x86_64 -mattr=help` lists them
// RUN: not attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell l1-bytes=-1' 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: error: expected a positive number for the option that sets attention.l1_bytes, found -1
// RUN: not attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell' 2>&1 | FileCheck %s --check-prefix=FACT
// FACT: error: expected a positive integer for attention.l2_bytes, found "1 MiB"
// An option repairs it.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell l2-bytes=1048576' | FileCheck %s --check-prefix=REPAIRED
// REPAIRED: "attention.l2_bytes" = 1048576 : i64
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"attention.l2_bytes" = "1 MiB">>
} {
}
