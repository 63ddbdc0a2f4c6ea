# The test suite: which files are tests, which tools they run, what differs
# between a quick run (--param quick=1) and a whole one.
import os

import lit.formats

config.name = "attention"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lib"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.attention_binary_dir, "test")

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --dump-input-filter=all"
config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.attention_binary_dir, "bin"),
        config.llvm_tools_dir,
        config.environment["PATH"],
    ]
)
config.substitutions.append(("%python", config.python_executable))
config.substitutions.append(("%project", config.attention_source_dir))
config.substitutions.append(("%build", config.attention_binary_dir))
config.substitutions.append(
    ("%mlir_includes", " ".join("--include=" + d for d in config.mlir_include_dirs))
)

if config.sanitizers:
    config.available_features.add("sanitizer")
    # JIT-compiled code and MLIR's context live until the process ends. The stack
    # for signals is the runner's: a thread's end would unmap it as the sanitizer's.
    config.environment["ASAN_OPTIONS"] = "detect_leaks=0:use_sigaltstack=0"
if lit_config.params.get("quick"):
    config.excludes += ["Examples"]
