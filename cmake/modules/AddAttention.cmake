# Build rules of this project: one compiler-flag set, libraries and tools linked
# against the shared libMLIR (never a mix with its static parts), TableGen docs.

add_library(attention-flags INTERFACE)
target_compile_options(attention-flags INTERFACE -Wall -Wextra
  $<$<BOOL:${ATTENTION_WERROR}>:-Werror>)
# As in libraries, since one precompiled header is for all.
target_compile_options(attention-flags INTERFACE -fPIC)
if(NOT LLVM_ENABLE_RTTI)
  target_compile_options(attention-flags INTERFACE -fno-rtti)
endif()
if(ATTENTION_SANITIZE)
  # vptr needs type information from libMLIR that its classes do not export.
  target_compile_options(attention-flags INTERFACE -fsanitize=${ATTENTION_SANITIZE}
    -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(attention-flags INTERFACE -fsanitize=${ATTENTION_SANITIZE})
endif()

# MLIR's headers, which most of the time of compiling goes to, are parsed once for
# all of our files. They alone: a header of ours that changes compiles its users
# anew and no others. Sources include what they use all the same; a build with
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON (the tidy preset) shows whether they do.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/Precompiled.cpp" CONTENT "")
  add_library(attention-precompiled OBJECT "${PROJECT_BINARY_DIR}/Precompiled.cpp")
  target_link_libraries(attention-precompiled PRIVATE attention-flags)
  target_precompile_headers(attention-precompiled PRIVATE
    <mlir/Dialect/Affine/IR/AffineOps.h>
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Arith/Utils/Utils.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/Linalg/IR/Linalg.h>
    <mlir/Dialect/Math/IR/Math.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h>
    <mlir/Dialect/Utils/StaticValueUtils.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/IRMapping.h>
    <mlir/IR/Matchers.h>
    <mlir/IR/OpImplementation.h>
    <mlir/IR/PatternMatch.h>
    <mlir/IR/TypeUtilities.h>
    <mlir/Pass/Pass.h>)
  # A precompiled header names its tree, so that another's, from ccache, is of no use.
  set_target_properties(attention-precompiled PROPERTIES CXX_COMPILER_LAUNCHER "")
  # CMake's own has an -include of the header's text besides, by a path that ccache
  # does not make relative.
  set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)

  # What ccache knows it by (CMakeLists.txt), made before anything is compiled with it.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  set(header "CMakeFiles/attention-precompiled.dir/cmake_pch.hxx")
  add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/${header}.pch.sum"
    COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DHEADER=${header}
      "-DFLAGS=${CMAKE_CXX17_STANDARD_COMPILE_OPTION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}"
      "-DINCLUDE=$<JOIN:$<TARGET_PROPERTY:attention-precompiled,INCLUDE_DIRECTORIES>,|>"
      "-DOPTIONS=$<JOIN:$<TARGET_PROPERTY:attention-precompiled,COMPILE_OPTIONS>,|>"
      -P "${PROJECT_SOURCE_DIR}/cmake/PrecompiledSum.cmake"
    DEPENDS $<TARGET_OBJECTS:attention-precompiled>
      "${PROJECT_SOURCE_DIR}/cmake/PrecompiledSum.cmake"
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}"
    VERBATIM COMMENT "Summing up the precompiled header")
  add_custom_target(attention-precompiled-sum
    DEPENDS "${PROJECT_BINARY_DIR}/${header}.pch.sum")
endif()

# attention_precompiled(TARGET): compiles it with the precompiled header.
function(attention_precompiled name)
  if(TARGET attention-precompiled)
    target_precompile_headers(${name} REUSE_FROM attention-precompiled)
    add_dependencies(${name} attention-precompiled-sum)
  endif()
endfunction()

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
  attention_precompiled(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR PRIVATE attention-flags)
endfunction()

# attention_tool(NAME SOURCES... [LINK libs...]): an executable in bin/.
function(attention_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  attention_precompiled(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM attention-flags)
endfunction()
