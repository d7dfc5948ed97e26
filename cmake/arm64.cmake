# Debian's cross toolchain for arm64. It has its own libc and libstdc++; the other libraries, and all that a program loads
# when it runs, are in the folder that scripts/arm64-sysroot makes. Tests run under qemu's user emulation.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/arm64-sysroot OUTPUT_VARIABLE CMAKE_SYSROOT
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
# What was found in one folder does not go with another.
set(ENTREPOT_SYSROOT ${CMAKE_SYSROOT} CACHE PATH "The folder that this build was first configured with")
if(NOT ENTREPOT_SYSROOT STREQUAL CMAKE_SYSROOT)
  message(FATAL_ERROR "The libraries for arm64 are others than those of this build: cmake --fresh --preset arm64")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L ${CMAKE_SYSROOT})
