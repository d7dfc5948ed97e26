#include "store/fill_state.hpp"

#include <boost/crc.hpp>
#include <charconv>
#include <cstdio>

#include "store/boot.hpp"

namespace entrepot::store {

namespace {

constexpr std::string_view kHeader = "entrepot-fill 1 ";

std::string checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08x", static_cast<unsigned>(crc.checksum()));
  return hex;
}

std::string with_checksum(std::string text) {
  text += " " + checksum(text) + "\n";
  return text;
}

std::string lines(std::string_view kind, const Extents& extents) {
  std::string text;
  for (Extent range : extents.ranges()) {
    text += with_checksum(std::string(kind) + " " + std::to_string(range.begin) + " " + std::to_string(range.end));
  }
  return text;
}

// The line without its checksum; nothing if that does not match.
std::optional<std::string_view> checked(std::string_view line) {
  std::size_t space = line.rfind(' ');
  if (space == std::string_view::npos || line.substr(space + 1) != checksum(line.substr(0, space))) return std::nullopt;
  return line.substr(0, space);
}

// Cuts the first word off.
std::string_view next_word(std::string_view& text) {
  std::size_t space = text.find(' ');
  std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<FillState> parse_header(std::string_view line) {
  if (!line.starts_with(kHeader)) return std::nullopt;
  line.remove_prefix(kHeader.size());
  Result<oci::Digest> digest = oci::Digest::parse(next_word(line));
  std::string_view size = next_word(line);
  std::string_view boot = next_word(line);
  if (!digest || (size != "-" && !number(size)) || boot.empty() || line.empty()) return std::nullopt;
  return FillState{FillIdentity{std::string(line), *digest, number(size)}, std::string(boot)};
}

void apply(std::string_view line, FillState& state) {
  std::string_view kind = next_word(line);
  if (kind == "boot") {
    if (line != state.boot) state.written = {};
    state.boot = line;
    state.parked.reset();
    return;
  }
  std::optional<std::uint64_t> first = number(next_word(line));
  if (!first) return;
  if (kind == "size") state.identity.size = first;
  if (kind == "parked") state.parked = Time(std::chrono::seconds(*first));
  std::optional<std::uint64_t> second = number(next_word(line));
  if (!second) return;
  if (kind == "written") state.written.add(*first, *second);
  if (kind == "synced") state.synced.add(*first, *second);
}

}  // namespace

Extents FillState::trusted(const std::string& current_boot) const {
  Extents bytes = synced;
  if (same_boot(boot, current_boot)) bytes.add(written);
  return bytes;
}

std::string header_line(const FillIdentity& identity, const std::string& boot) {
  std::string size = identity.size ? std::to_string(*identity.size) : "-";
  return with_checksum(std::string(kHeader) + identity.digest.to_string() + " " + size + " " + boot + " " +
                       identity.upstream);
}

std::string boot_line(const std::string& boot) { return with_checksum("boot " + boot); }

std::string size_line(std::uint64_t size) { return with_checksum("size " + std::to_string(size)); }

std::string written_lines(const Extents& extents) { return lines("written", extents); }

std::string synced_lines(const Extents& extents) { return lines("synced", extents); }

std::string parked_line(Time when) {
  return with_checksum("parked " +
                       std::to_string(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count()));
}

std::optional<FillState> parse_fill_state(std::string_view text) {
  std::optional<FillState> state;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    std::optional<std::string_view> line = checked(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line) continue;
    if (state) {
      apply(*line, *state);
    } else {
      state = parse_header(*line);
      if (!state) return std::nullopt;
    }
  }
  return state;
}

}  // namespace entrepot::store
