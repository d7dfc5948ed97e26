// Which file systems lie behind a network. On them a lock may not hold between two machines, SQLite's shared memory
// does not work, and a stall is the server's to end: a store there is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace entrepot::store {

// The name of the network file system whose number statfs(2) gives as f_type; nothing for any other.
// FUSE is none: what stands behind it, its number does not say. Nor is 9P: it is how a virtual machine sees its host's
// disk.
std::optional<std::string_view> network_file_system(std::uint64_t type);

}  // namespace entrepot::store
