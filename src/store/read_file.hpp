// Reading what is known to be there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "entrepot/base/result.hpp"

namespace entrepot::store {

// All of `buffer`, from `offset` on. Blocks. Errc::Io, also if the file ends before.
Result<void> read_exactly(int fd, std::uint64_t offset, std::span<std::byte> buffer);

}  // namespace entrepot::store
