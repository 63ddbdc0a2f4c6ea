# Build rules of this project: one compiler-flag set, libraries and tools linked
# against the shared libMLIR (never a mix with its static parts), TableGen docs.

add_library(attention-flags INTERFACE)
target_compile_options(attention-flags INTERFACE -Wall -Wextra
  $<$<BOOL:${ATTENTION_WERROR}>:-Werror>)
if(NOT LLVM_ENABLE_RTTI)
  target_compile_options(attention-flags INTERFACE -fno-rtti)
endif()
if(ATTENTION_SANITIZE)
  # vptr needs type information from libMLIR that its classes do not export.
  target_compile_options(attention-flags INTERFACE -fsanitize=${ATTENTION_SANITIZE}
    -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(attention-flags INTERFACE -fsanitize=${ATTENTION_SANITIZE})
endif()

# attention_tablegen(DIALECT_TARGET FILE.td OUT FLAGS ...): runs mlir-tblgen for
# each OUT/FLAGS pair that follows; DIALECT_TARGET is what users depend on.
function(attention_tablegen target file)
  set(LLVM_TARGET_DEFINITIONS ${file})
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs out flags)
    separate_arguments(flags)
    mlir_tablegen(${out} ${flags})
  endwhile()
  add_public_tablegen_target(${target})
  set_property(GLOBAL APPEND PROPERTY ATTENTION_TABLEGEN_TARGETS ${target})
endfunction()

# attention_library(NAME SOURCES... [LINK libs...]): a static library of ours.
function(attention_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  get_property(tablegen GLOBAL PROPERTY ATTENTION_TABLEGEN_TARGETS)
  add_dependencies(${name} ${tablegen})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR PRIVATE attention-flags)
endfunction()

# attention_tool(NAME SOURCES... [LINK libs...]): an executable in bin/.
function(attention_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM attention-flags)
endfunction()
