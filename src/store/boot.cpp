#include "store/boot.hpp"

#include <fstream>

namespace entrepot::store {

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  return file >> id ? id : "unknown";
}

}  // namespace entrepot::store
