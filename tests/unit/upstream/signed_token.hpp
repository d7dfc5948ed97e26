// An RSA key of a test's own, and JSON Web Tokens as whoever they are for reads them: the signature is verified.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "entrepot/base/base64.hpp"
#include "entrepot/http/url.hpp"

namespace entrepot::test {

class RsaKey {
 public:
  RsaKey() : key_(EVP_RSA_gen(2048), &EVP_PKEY_free) {}

  // PKCS #8, as Google's key files have it.
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
  }
  std::string pem_with_password() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), EVP_aes_256_cbc(), "hunter2", 7, nullptr, nullptr);
    return text_of(bio.get());
  }

  // Whether the token was signed with this key. Source: RFC 7515, 5.2.
  bool verifies(const std::string& token) const {
    const auto end = token.rfind('.');
    if (end == std::string::npos) return false;
    const auto signature = from_base64url(token.substr(end + 1));
    if (!signature) return false;
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(*signature), signature->size(), bytes(token), end) == 1;
  }

 private:
  static std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

// One of the two JSON parts of a token, 0 or 1.
inline nlohmann::json part_of(const std::string& token, int number) {
  std::string rest = token;
  for (int i = 0; i < number; ++i) rest.erase(0, rest.find('.') + 1);
  return nlohmann::json::parse(from_base64url(rest.substr(0, rest.find('.'))).value_or(""), nullptr, false);
}

// A token without a signature that counts.
inline std::string web_token(const nlohmann::json& claims) {
  return to_base64url(R"({"alg":"RS256"})") + "." + to_base64url(claims.dump()) + "." + to_base64url("signature");
}

// The fields of a form.
inline std::map<std::string, std::string> form_of(const std::string& body) {
  std::map<std::string, std::string> fields;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = std::min(body.find('&', at), body.size());
    const std::string field = body.substr(at, end - at);
    const auto equals = field.find('=');
    fields[field.substr(0, equals)] = http::percent_decode(field.substr(equals + 1)).value();
    at = end + 1;
  }
  return fields;
}

}  // namespace entrepot::test
