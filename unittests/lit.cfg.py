# The GoogleTest programs as a test suite.
import os

import lit.formats

config.name = "attention-unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(
    config.attention_binary_dir, "unittests"
)
if config.sanitizers:
    # MLIR's context lives until the process ends.
    config.environment["ASAN_OPTIONS"] = "detect_leaks=0"
