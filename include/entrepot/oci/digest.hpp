// A digest: algorithm and raw bytes. The store's key for everything.
//
// Source: OCI image-spec, descriptor.md "Digests". entrepot knows sha256 and sha512, the two that the spec registers.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "entrepot/base/hash.hpp"
#include "entrepot/base/result.hpp"

namespace entrepot::oci {

class Digest {
 public:
  // "sha256:<64 lowercase hex digits>" or "sha512:<128>". Errc::Invalid with the reason otherwise.
  static Result<Digest> parse(std::string_view text);

  // From a hasher's raw digest, whose size must be the algorithm's.
  static Digest from_raw(HashAlgorithm algorithm, std::string_view raw);

  // Of these bytes.
  static Digest of(HashAlgorithm algorithm, std::string_view bytes);

  HashAlgorithm algorithm() const { return algorithm_; }
  std::string_view raw() const { return {bytes_.data(), size_of(algorithm_)}; }
  std::string hex() const;
  std::string to_string() const;  // "sha256:..."

  friend auto operator<=>(const Digest&, const Digest&) = default;
  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  Digest() = default;

  HashAlgorithm algorithm_ = HashAlgorithm::Sha256;
  std::array<char, 64> bytes_{};  // the unused end is zero
};

}  // namespace entrepot::oci

template <>
struct std::hash<entrepot::oci::Digest> {
  std::size_t operator()(
      const entrepot::oci::Digest& digest) const noexcept;  // the first bytes: they are random already
};
