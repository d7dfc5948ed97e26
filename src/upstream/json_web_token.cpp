#include "upstream/json_web_token.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "entrepot/base/base64.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::int64_t kLongestLife = 24 * 60 * 60;  // seconds, of what we believe

// An encrypted key is none to us: without this OpenSSL asks for its password on the terminal.
int no_password(char*, int, int, void*) { return -1; }

std::optional<std::int64_t> seconds_in(const nlohmann::json& claims, const char* name) {
  auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const auto value = found->get<double>();
  if (!(value >= 0 && value < 1e12)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

Result<SigningKey> SigningKey::parse(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  std::shared_ptr<evp_pkey_st> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_is_a(key.get(), "RSA") != 1) {
    return Error{Errc::Invalid, "is no RSA key in PEM without a password"};
  }
  return SigningKey(std::move(key));
}

Result<std::string> SigningKey::sign(std::string_view header, std::string_view claims) const {
  std::string text = to_base64url(header) + "." + to_base64url(claims);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  std::string signature(size, '\0');
  const bool is_signed =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) == 1;
  ERR_clear_error();
  if (!is_signed) return Error{Errc::Invalid, "cannot be signed with"};
  signature.resize(size);
  return text + "." + to_base64url(signature);
}

std::optional<Duration> life_of_web_token(std::string_view token, Time now) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::optional<std::string> text = from_base64url(token.substr(first + 1, second - first - 1));
  if (!text) return std::nullopt;
  const auto claims = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object()) return std::nullopt;
  const auto ends = seconds_in(claims, "exp");
  if (!ends) return std::nullopt;
  const auto begins = seconds_in(claims, "iat")
                          .value_or(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  if (*ends <= begins) return std::nullopt;
  return std::chrono::seconds(std::min(*ends - begins, kLongestLife));
}

}  // namespace entrepot::upstream
