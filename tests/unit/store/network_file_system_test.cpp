#include "store/network_file_system.hpp"

#include <gtest/gtest.h>
#include <linux/magic.h>

#include <vector>

namespace entrepot::store {
namespace {

TEST(NetworkFileSystem, IsKnownByItsNumber) {
  EXPECT_EQ(network_file_system(NFS_SUPER_MAGIC), "NFS");
  EXPECT_EQ(network_file_system(SMB_SUPER_MAGIC), "SMB");
  EXPECT_EQ(network_file_system(0xff534d42), "SMB");
  EXPECT_EQ(network_file_system(0xffffffffff534d42), "SMB") << "with its sign extended";
  EXPECT_EQ(network_file_system(CODA_SUPER_MAGIC), "Coda");
}

TEST(NetworkFileSystem, LocalOnesAreNone) {
  const std::uint64_t kXfs = 0x58465342;
  const std::vector<std::uint64_t> types{EXT4_SUPER_MAGIC,      BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                         OVERLAYFS_SUPER_MAGIC, V9FS_MAGIC,        kXfs};
  for (std::uint64_t type : types) {
    EXPECT_EQ(network_file_system(type), std::nullopt) << type;
  }
}

}  // namespace
}  // namespace entrepot::store
