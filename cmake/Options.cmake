# Language, warnings, sanitizers, compiler cache: what every target is built with.

option(ENTREPOT_TESTS "Build the tests" ON)
option(ENTREPOT_WERROR "Warnings are errors; off for users, whose compiler may warn of what ours does not" ON)
set(ENTREPOT_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=: 'address,undefined' or 'thread'; empty for none")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# Every target of this project links this one. Libraries from outside come in as SYSTEM and are not held to our warnings.
add_library(entrepot_options INTERFACE)
target_compile_options(entrepot_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                                  -Wimplicit-fallthrough)
if(ENTREPOT_WERROR)
  target_compile_options(entrepot_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # By it ccache sees the content of a precompiled header.
  target_compile_options(entrepot_options INTERFACE -fpch-preprocess)
  # At -O1 GCC inlines a coroutine frame's operator new and not its operator delete, and takes them for a mismatch. It takes
  # the empty std::optional that it moves for one that is read.
  target_compile_options(entrepot_options INTERFACE -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
  # GCC 12 takes "text" + std::string for an overflow (gcc.gnu.org/PR105651).
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(entrepot_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # With a time in it a precompiled header would differ each time, and ccache would find nothing.
  target_compile_options(entrepot_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(ENTREPOT_SANITIZE)
  target_compile_options(entrepot_options INTERFACE -fsanitize=${ENTREPOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(entrepot_options INTERFACE -fsanitize=${ENTREPOT_SANITIZE})
  if(ENTREPOT_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC says that it cannot see atomic_thread_fence, which Asio uses (chriskohlhoff/asio#1193); tests/tsan.supp has the rest.
    target_compile_options(entrepot_options INTERFACE -Wno-tsan)
  endif()
endif()
