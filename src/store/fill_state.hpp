// The text of a state file: what a fill is and which of its bytes are there. Pure.
//
//   entrepot-fill 1 sha256:… 1048576 <boot id> docker.io <checksum>
//   written 0 524288 <checksum>
//   synced 0 524288 <checksum>
//
// Lines are only ever appended, each with a checksum of its own, so that a line that a crash has torn, or left as
// garbage, says nothing and spoils no other. docs/store-format.md describes every kind of line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/clock.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/store/extents.hpp"

namespace entrepot::store {

// What is being filled.
struct FillIdentity {
  std::string upstream;
  oci::Digest digest;
  std::optional<std::uint64_t> size{};
};

struct FillState {
  FillIdentity identity;
  std::string boot;              // of the last `written` lines
  Extents written{};             // in that boot
  Extents synced{};              // in any boot
  std::optional<Time> parked{};  // when it was last given up for the time being

  // The bytes that are certainly in the data file.
  Extents trusted(const std::string& current_boot) const;
};

std::string header_line(const FillIdentity& identity, const std::string& boot);
std::string boot_line(const std::string& boot);  // it goes on; the `written` lines after it belong to this boot
std::string size_line(std::uint64_t size);       // what was not known when the header was written
std::string written_lines(const Extents& extents);
std::string synced_lines(const Extents& extents);
std::string parked_line(Time when);

// Nothing if the first readable line is no header.
std::optional<FillState> parse_fill_state(std::string_view text);

}  // namespace entrepot::store
