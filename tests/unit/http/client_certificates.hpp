// A certificate authority that lives as long as a test.
#pragma once

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace entrepot::test {

class CertificateAuthority {
 public:
  CertificateAuthority() { certificate_ = certify(key_.get(), "authority", ""); }

  // PEM.
  std::string certificate() const {
    std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
    PEM_write_bio_X509(out.get(), certificate_.get());
    char* text = nullptr;
    long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  // Writes a client's, in PEM.
  void write_client(const std::string& certificate_file, const std::string& key_file) const {
    Key key = make_key();
    Certificate certificate = certify(key.get(), "client", "DNS:client");
    std::unique_ptr<BIO, decltype(&BIO_free_all)> certificate_out(BIO_new_file(certificate_file.c_str(), "w"),
                                                                  &BIO_free_all);
    std::unique_ptr<BIO, decltype(&BIO_free_all)> key_out(BIO_new_file(key_file.c_str(), "w"), &BIO_free_all);
    PEM_write_bio_X509(certificate_out.get(), certificate.get());
    PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

  // Whether and how a server asks its clients for one.
  void ask_clients(boost::asio::ssl::context& server, int mode) const {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(server.native_handle()), certificate_.get());
    server.set_verify_mode(mode);
  }

  // A server's, whose certificate stands for `alternative_names` ("DNS:localhost,IP:127.0.0.1").
  boost::asio::ssl::context server(const std::string& alternative_names) const {
    Key key = make_key();
    Certificate certificate = certify(key.get(), "server", alternative_names);
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
    SSL_CTX_use_certificate(context.native_handle(), certificate.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), key.get());
    return context;
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static Key make_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

  // Signed by the authority, which without a certificate of its own is the subject itself.
  Certificate certify(EVP_PKEY* key, const std::string& name, const std::string& alternative_names) const {
    Certificate certificate(X509_new(), &X509_free);
    X509* x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), alternative_names.empty() ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(certificate_ ? certificate_.get() : x509));
    if (alternative_names.empty()) {
      extend(x509, NID_basic_constraints, "critical,CA:TRUE");
    } else {
      extend(x509, NID_subject_alt_name, alternative_names);
    }
    if (X509_sign(x509, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("no certificate could be made");
    return certificate;
  }

  static void extend(X509* certificate, int kind, const std::string& value) {
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), &X509_EXTENSION_free);
    X509_add_ext(certificate, extension.get(), -1);
  }

  Key key_ = make_key();
  Certificate certificate_{nullptr, &X509_free};
};

}  // namespace entrepot::test
