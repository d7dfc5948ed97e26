// Whether the kernel has a part of a file in memory, and bringing it there: an io thread never waits for a disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "entrepot/io/blocking.hpp"

namespace entrepot::http {

// Looks at a page every 256 KiB, and at the last. False only if one is known to be missing: a file system that cannot
// say (EOPNOTSUPP) is taken to be in memory.
bool in_page_cache(int fd, std::uint64_t offset, std::uint64_t length);

// Reads the part on `pool`, so that it is in the page cache afterwards. A read that fails is left to whoever reads
// next.
io::Awaitable<> bring_into_page_cache(io::Pool& pool, int fd, std::uint64_t offset, std::uint64_t length);

// pread() until `buffer` is full, the file ends or a read fails: how many bytes were read.
std::size_t read_at(int fd, std::uint64_t offset, std::span<char> buffer);

}  // namespace entrepot::http
