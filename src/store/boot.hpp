// Which run of the kernel this is. What was written but not synced survives the end of a process, not that of a kernel.
#pragma once

#include <string>

namespace entrepot::store {

// The kernel's random boot id; "unknown" where there is none, which is never taken for the same boot.
std::string boot_id();

inline bool same_boot(const std::string& recorded, const std::string& current) {
  return recorded == current && current != "unknown";
}

}  // namespace entrepot::store
