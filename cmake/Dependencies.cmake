# Everything comes from the system (docs/decisions/0001-dependencies.md).

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL 3 REQUIRED)
find_package(nlohmann_json 3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
if(ENTREPOT_TESTS)
  find_package(GTest REQUIRED)
endif()

# What every file of the project that uses Asio is compiled with: header-only, no deprecated names. A request runs through
# some eight nested coroutines, whose frames each thread keeps for the next one; Asio would keep two.
add_library(entrepot_asio INTERFACE)
target_compile_definitions(entrepot_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
                                                   BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
