#include "entrepot/oci/digest.hpp"

#include <cassert>
#include <cstring>
#include <optional>

#include "entrepot/base/hex.hpp"

namespace entrepot::oci {

namespace {

std::optional<HashAlgorithm> algorithm_named(std::string_view name) {
  for (HashAlgorithm algorithm : {HashAlgorithm::Sha256, HashAlgorithm::Sha512}) {
    if (name == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

Error invalid(std::string_view text, const std::string& reason) {
  // Longer than any digest: a text cut here is recognisable, and an error stays one line.
  constexpr std::size_t kMaxQuoted = 160;
  return Error{Errc::Invalid, "invalid digest \"" + std::string(text.substr(0, kMaxQuoted)) + "\": " + reason};
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return invalid(text, "no algorithm");

  std::optional<HashAlgorithm> algorithm = algorithm_named(text.substr(0, colon));
  if (!algorithm) return invalid(text, "the algorithm is neither sha256 nor sha512");

  std::string_view digits = text.substr(colon + 1);
  const std::size_t size = size_of(*algorithm);
  if (digits.size() != size * 2) return invalid(text, "not " + std::to_string(size * 2) + " hex digits");
  Digest digest;
  digest.algorithm_ = *algorithm;
  if (!from_hex(digits, std::span(digest.bytes_).first(size))) return invalid(text, "not all are lowercase hex digits");
  return digest;
}

Digest Digest::from_raw(HashAlgorithm algorithm, std::string_view raw) {
  assert(raw.size() == size_of(algorithm));
  Digest digest;
  digest.algorithm_ = algorithm;
  raw.copy(digest.bytes_.data(), digest.bytes_.size());
  return digest;
}

Digest Digest::of(HashAlgorithm algorithm, std::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return from_raw(algorithm, hasher.digest());
}

std::string Digest::hex() const { return to_hex(raw()); }

std::string Digest::to_string() const {
  std::string text;
  text.reserve(sizeof "sha256:" + 2 * size_of(algorithm_));
  text.append(name_of(algorithm_)).append(":");
  append_hex(text, raw());
  return text;
}

}  // namespace entrepot::oci

std::size_t std::hash<entrepot::oci::Digest>::operator()(const entrepot::oci::Digest& digest) const noexcept {
  std::size_t value;
  std::memcpy(&value, digest.raw().data(), sizeof value);
  return value;
}
