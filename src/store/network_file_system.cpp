#include "store/network_file_system.hpp"

namespace entrepot::store {

// The numbers are those of statfs(2) and the kernel's linux/magic.h, which does not have them all.
std::optional<std::string_view> network_file_system(std::uint64_t type) {
  switch (type & 0xffffffff) {  // some kernels extend the sign
    case 0x6969:
      return "NFS";
    case 0x517b:
    case 0xff534d42:
    case 0xfe534d42:
      return "SMB";
    case 0x00c36400:
      return "CephFS";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x19830326:
      return "BeeGFS";
    case 0x5346414f:
    case 0x6b414653:
      return "AFS";
    case 0x73757245:
      return "Coda";
    default:
      return std::nullopt;
  }
}

}  // namespace entrepot::store
