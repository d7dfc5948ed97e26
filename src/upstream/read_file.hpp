// Small files, whole. They block: for the pool, or the start.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "entrepot/base/result.hpp"

namespace entrepot::upstream {

// What is left to read of `fd`. Errc::Io, with `name`, if it cannot be read or has more than `limit` bytes.
Result<std::string> read_all(int fd, std::size_t limit, const std::string& name);

// Likewise, of a file by its path, which is its name too.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit);

}  // namespace entrepot::upstream
