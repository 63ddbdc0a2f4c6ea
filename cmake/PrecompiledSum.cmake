# Writes HEADER.pch.sum, a checksum of the text and macros that HEADER precompiles:
# what ccache knows a precompiled header by, in place of its bytes, which name the
# tree it lies in. Flags are on the command lines that ccache sees anyway.
string(REPLACE "|" ";-I" include "-I${INCLUDE}")
string(REPLACE "|" ";" options "${OPTIONS}")
list(FILTER options EXCLUDE REGEX "^SHELL:")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} ${flags} ${options} ${include} -w -E -dD -x c++ ${HEADER}
  OUTPUT_FILE ${HEADER}.txt COMMAND_ERROR_IS_FATAL ANY)
file(SHA256 ${HEADER}.txt sum)
file(REMOVE ${HEADER}.txt)
file(WRITE ${HEADER}.pch.sum "${sum}\n")
