# Writes OUTPUT, a header that defines the commit of SOURCE_DIR, if it changed.
# Runs at every build: the commit is not known when CMake configures.
execute_process(
  COMMAND git describe --always --dirty --abbrev=12 --exclude=*
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE failed ERROR_QUIET)
if(failed)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define ATTENTION_COMMIT \"${commit}\"\n")
