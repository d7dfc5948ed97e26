// The store's own folder: its FORMAT, its LOCK. Blocks; at start only.
#pragma once

#include <filesystem>

#include "entrepot/base/result.hpp"
#include "entrepot/base/unique_fd.hpp"

namespace entrepot::store {

// Makes the folder and what stands in it, or checks that it is a store of this format, and locks it: the lock lasts as
// long as the descriptor. Errors name the path.
Result<UniqueFd> open_folder(const std::filesystem::path& path);

}  // namespace entrepot::store
