// The same server over TLS, with a certificate made for the test.
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/http/client_certificates.hpp"
#include "unit/http/encrypted_key.hpp"
#include "unit/http/server_fixture.hpp"

namespace entrepot::http::test {
namespace {

TlsFiles make_certificate(const std::filesystem::path& folder, const std::string& name) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_sign(certificate.get(), key.get(), EVP_sha256());

  TlsFiles files{folder / (name + ".crt"), folder / (name + ".key")};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(files.certificate.c_str(), "w"), std::fclose);
  PEM_write_X509(out.get(), certificate.get());
  out.reset(std::fopen(files.key.c_str(), "w"));
  PEM_write_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

class TlsClient {
 public:
  // `shows`: its own certificate and key.
  explicit TlsClient(RawClient& raw, int highest_version = TLS1_3_VERSION,
                     const std::optional<TlsFiles>& shows = std::nullopt)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    if (shows) {
      SSL_CTX_use_certificate_file(context_.get(), shows->certificate.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_.get(), shows->key.c_str(), SSL_FILETYPE_PEM);
    }
    SSL_CTX_set_max_proto_version(context_.get(), highest_version);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_security_level(context_.get(), 0);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), raw.fd());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }

  bool connected() const { return connected_; }
  void send(std::string_view text) { SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }

  // Up to the end of the TLS stream; how it ended is what SSL_get_error() says.
  std::pair<std::string, int> receive_all() {
    std::string all;
    std::string part(64 * 1024, '\0');
    for (;;) {
      int n = SSL_read(ssl_.get(), part.data(), static_cast<int>(part.size()));
      if (n <= 0) return {all, SSL_get_error(ssl_.get(), n)};
      all.append(part, 0, static_cast<std::size_t>(n));
    }
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
};

constexpr std::string_view kGetAndClose = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

class ServerTls : public ServerFixture {
 protected:
  void serve_tls(Respond respond, ServerLimits limits = {}) {
    serve(std::move(respond), limits, make_certificate(folder_.path(), "server"));
  }

  Result<void> listen(const TlsFiles& files) {
    Server server(threads_, tasks_, pool_, {}, {}, {}, {});
    ListenerOptions options;
    options.host = "127.0.0.1";
    options.tls = files;
    return server.listen(options);
  }

  entrepot::test::TempDir folder_;
};

TEST_F(ServerTls, AnswersAndSaysGoodbye) {
  serve_tls([](const Request& request) { return text_response("over TLS: " + std::string(request.target)); });
  RawClient raw = connect();
  TlsClient client(raw);
  ASSERT_TRUE(client.connected());
  client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGetAndClose));
  auto [all, end] = client.receive_all();
  EXPECT_NE(all.find("over TLS: /a"), std::string::npos);
  EXPECT_TRUE(all.ends_with("over TLS: /"));
  EXPECT_EQ(end, SSL_ERROR_ZERO_RETURN);  // close_notify
}

TEST_F(ServerTls, SendsFiles) {
  std::string content(3'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 1000);
  const std::string path = folder_.path() / "content";
  std::ofstream(path, std::ios::binary) << content;
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int fd = file.get();
  serve_tls([fd, size = content.size()](const Request&) {
    FileSlice all{fd, 1000, size - 1000};
    return source_response({"head", all}, size - 996);
  });
  RawClient raw = connect();
  TlsClient client(raw);
  client.send(kGetAndClose);
  auto [all, end] = client.receive_all();
  EXPECT_TRUE(all.ends_with("head" + content.substr(1000)));
  EXPECT_EQ(end, SSL_ERROR_ZERO_RETURN);
}

TEST_F(ServerTls, ABodyThatIsCutHasNoGoodbye) {
  serve_tls([](const Request&) { return source_response({"half", Fail{}}, 8); });
  RawClient raw = connect();
  TlsClient client(raw);
  client.send(kGetAndClose);
  auto [all, end] = client.receive_all();
  EXPECT_TRUE(all.ends_with("half"));
  EXPECT_NE(end, SSL_ERROR_ZERO_RETURN);
  EXPECT_TRUE(raw.ended_with_fin());
}

TEST_F(ServerTls, OldVersionsAreRefused) {
  serve_tls([](const Request&) { return text_response("x"); });
  RawClient old_raw = connect();
  EXPECT_FALSE(TlsClient(old_raw, TLS1_1_VERSION).connected());
  RawClient raw = connect();
  EXPECT_TRUE(TlsClient(raw, TLS1_2_VERSION).connected());
}

TEST_F(ServerTls, PlainHttpIsEnded) {
  serve_tls([](const Request&) { return text_response("x"); });
  RawClient client = connect_and_send(kGet);
  EXPECT_EQ(client.receive_all().find("HTTP/1.1 200"), std::string::npos);
  EXPECT_TRUE(becomes_true([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTls, AHandshakeThatDoesNotComeIsCut) {
  ServerLimits limits;
  limits.request = 50ms;
  serve_tls([](const Request&) { return text_response("x"); }, limits);
  EXPECT_TRUE(connect().ended_with_fin());
}

TEST_F(ServerTls, AClientThatTakesNothingIsCut) {
  ServerLimits limits;
  limits.stall = 100ms;
  serve_tls([](const Request&) { return text_response(std::string(20'000'000, 'x')); }, limits);
  RawClient raw = connect(4096);
  TlsClient client(raw);
  client.send(kGetAndClose);
  auto lines = log(1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_FALSE(lines[0].complete);
}

TEST_F(ServerTls, AKeyThatDoesNotFitIsNamed) {
  TlsFiles files = make_certificate(folder_.path(), "one");
  files.key = make_certificate(folder_.path(), "another").key;
  const Result<void> result = listen(files);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("another.key"), std::string::npos);
}

TEST_F(ServerTls, AnEncryptedKeyIsAnErrorAndNoQuestion) {
  TlsFiles files = make_certificate(folder_.path(), "one");
  const std::string locked = folder_.path() / "locked.key";
  entrepot::test::encrypt_key(files.key, locked);
  files.key = locked;
  const Result<void> result = listen(files);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("cannot use the key " + locked), std::string::npos) << result.error().message;
}

// The clients of one authority are served, and nobody else.
class ServerTlsOfKnownClients : public ServerTls {
 protected:
  ServerTlsOfKnownClients() {
    files_.client_ca = folder_.path() / "clients.pem";
    trust(authority_);
    serve(
        [](const Request&) {
          Response response;
          response.body = "hello";
          return response;
        },
        {}, files_);
  }

  void trust(const entrepot::test::CertificateAuthority& authority) {
    std::ofstream(files_.client_ca) << authority.certificate();
  }

  TlsFiles client_of(const entrepot::test::CertificateAuthority& authority, const std::string& name) {
    TlsFiles files{folder_.path() / (name + ".pem"), folder_.path() / (name + ".key")};
    authority.write_client(files.certificate, files.key);
    return files;
  }

  // In TLS 1.3 a client learns of the refusal when it reads.
  std::string answer(const std::optional<TlsFiles>& shows, int version = TLS1_3_VERSION) {
    RawClient raw(server_->port(0));
    TlsClient client(raw, version, shows);
    if (!client.connected()) return {};
    client.send(kGetAndClose);
    return client.receive_all().first;
  }

  entrepot::test::CertificateAuthority authority_;
  entrepot::test::CertificateAuthority another_;
  TlsFiles files_ = make_certificate(folder_.path(), "server");
};

TEST_F(ServerTlsOfKnownClients, ServesThemAndNobodyElse) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_NE(answer(client_of(authority_, "known"), version).find("hello"), std::string::npos) << version;
    EXPECT_EQ(answer(std::nullopt, version), "") << version;
    EXPECT_EQ(answer(client_of(another_, "unknown"), version), "") << version;
  }
}

TEST_F(ServerTlsOfKnownClients, FollowsTheFileWhenItIsReadAgain) {
  trust(another_);
  EXPECT_TRUE(server_->reload_certificates().empty());
  EXPECT_EQ(answer(client_of(authority_, "known")), "");
  EXPECT_NE(answer(client_of(another_, "unknown")).find("hello"), std::string::npos);
  std::ofstream(files_.client_ca) << "no certificate";
  const std::vector<Error> errors = server_->reload_certificates();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].message.find("clients.pem"), std::string::npos) << errors[0].message;
  EXPECT_NE(answer(client_of(another_, "unknown")).find("hello"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::http::test
