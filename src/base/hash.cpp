#include "entrepot/base/hash.hpp"

#include <openssl/evp.h>

#include <new>

namespace entrepot {

namespace {

// Out of memory is the only way these calls fail.
void require(int result) {
  if (result != 1) throw std::bad_alloc();
}

const EVP_MD* evp(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::Sha256 ? EVP_sha256() : EVP_sha512(); }

}  // namespace

std::string_view name_of(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::Sha256 ? "sha256" : "sha512"; }

std::size_t size_of(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::Sha256 ? 32 : 64; }

struct Hasher::Context {
  Context() : evp(EVP_MD_CTX_new()) {
    if (evp == nullptr) throw std::bad_alloc();
  }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EVP_MD_CTX* evp;
};

Hasher::Hasher(HashAlgorithm algorithm) : context_(std::make_unique<Context>()) {
  require(EVP_DigestInit_ex(context_->evp, evp(algorithm), nullptr));
}

Hasher::Hasher(const Hasher& other) : context_(std::make_unique<Context>()) {
  require(EVP_MD_CTX_copy_ex(context_->evp, other.context_->evp));
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

std::string Hasher::digest() const {
  Context copy;
  require(EVP_MD_CTX_copy_ex(copy.evp, context_->evp));
  std::string raw(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  require(EVP_DigestFinal_ex(copy.evp, reinterpret_cast<unsigned char*>(raw.data()), &size));
  raw.resize(size);
  return raw;
}

}  // namespace entrepot
