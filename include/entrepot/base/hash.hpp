// Incremental hashing with the algorithms that OCI digests may name. Not thread-safe; a Hasher can move between
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace entrepot {

enum class HashAlgorithm : std::uint8_t { Sha256, Sha512 };

std::string_view name_of(HashAlgorithm algorithm);  // "sha256", "sha512"
std::size_t size_of(HashAlgorithm algorithm);       // 32, 64: bytes of the digest

class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(const Hasher& other);  // a copy goes on from the same state
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

  // The raw digest of all bytes so far. The hasher may go on afterwards.
  std::string digest() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace entrepot
