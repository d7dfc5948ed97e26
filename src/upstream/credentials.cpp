#include "upstream/credentials.hpp"

#include <openssl/evp.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace entrepot::upstream {

namespace {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // with room for the NUL that OpenSSL adds
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                               reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string read_password(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string password(std::istreambuf_iterator<char>(stream), {});
  if (!stream.is_open() || stream.bad()) throw std::runtime_error("cannot read the password file " + file.string());
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

// What the configuration says, unchanged for the process's life.
class StaticCredentials final : public CredentialProvider {
 public:
  explicit StaticCredentials(Credential credential) : credential_(std::move(credential)) {}
  io::Awaitable<Result<Credential>> get(io::Deadline) override { co_return credential_; }

 private:
  const Credential credential_;
};

}  // namespace

std::string basic_authorization(const Credential& credential) {
  return "Basic " + base64(credential.username + ":" + credential.password);
}

std::unique_ptr<CredentialProvider> make_credential_provider(const config::Upstream& config) {
  if (!config.credentials) return nullptr;
  const config::BasicCredentials& basic = *config.credentials;
  std::string password = basic.password_file ? read_password(*basic.password_file) : basic.password;
  return std::make_unique<StaticCredentials>(Credential{basic.username, std::move(password)});
}

}  // namespace entrepot::upstream
