# entrepot_module(NAME [ASIO] LINKS TARGET...): the static library entrepot_NAME from src/NAME/*.cpp (main.cpp excepted), with the
# headers that other modules may include in include/entrepot/NAME/.
#
# The sources are globbed: a file that stands in a module's folder belongs to the module, there is no list to forget.
function(entrepot_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "ASIO" "" "LINKS")
  set(target entrepot_${name})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp ${PROJECT_SOURCE_DIR}/src/${name}/*/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} INTERFACE ${arg_LINKS} entrepot_asio)
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC ${arg_LINKS} entrepot_asio PRIVATE entrepot_options)
  if(arg_ASIO)
    target_precompile_headers(${target} REUSE_FROM entrepot_pch)
  endif()
endfunction()

# cmake/pch.hpp, compiled once for all that say ASIO.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
add_library(entrepot_pch STATIC ${CMAKE_BINARY_DIR}/pch.cpp)
target_link_libraries(entrepot_pch PUBLIC Boost::boost Threads::Threads entrepot_asio PRIVATE entrepot_options)
target_precompile_headers(entrepot_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)
