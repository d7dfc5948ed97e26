// A private key as an operator may have it by mistake: with a password that nobody is there to type.
#pragma once

#include <openssl/pem.h>

#include <filesystem>
#include <memory>
#include <string>

namespace entrepot::test {

// Writes the key of `plain`, a PEM file, to `encrypted`.
inline void encrypt_key(const std::filesystem::path& plain, const std::filesystem::path& encrypted) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(BIO_new_file(plain.c_str(), "r"), &BIO_free_all);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new_file(encrypted.c_str(), "w"), &BIO_free_all);
  const std::string password = "hunter2";
  PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>(password.data()), static_cast<int>(password.size()),
                           nullptr, nullptr);
}

}  // namespace entrepot::test
