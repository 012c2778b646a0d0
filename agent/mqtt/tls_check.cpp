// OpenSSL's own words on certificates and handshakes, turned into advice.
#include "agent/mqtt/tls_check.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

namespace congto::mqtt {

namespace {

std::string last_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason given" : reason;
}

std::string certificate_trouble(const Address& address, const TlsFiles& files, long verdict) {
  const std::string where = "broker " + address.text() + ": ";
  const std::string said = X509_verify_cert_error_string(verdict);
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return where + "its certificate is for another name than \"" + address.host +
             "\"; use the name in the certificate, or have one made for this name";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return where + "its certificate is not valid yet; is the clock of this box right?";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return where + "its certificate has expired; renew it (or is the clock of this box wrong?)";
    default:
      return where + "its certificate is not trusted (" + said + "); " +
             (files.ca.empty() ? "give the certificate of the authority that signed it as ca"
                               : "is " + files.ca + " the authority that signed it?");
  }
}

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// OpenSSL would ask for the password of a locked key at the terminal.
int no_password(char*, int, int, void*) { return 0; }

// Empty when the files fit.
std::string load(SSL_CTX* context, const TlsFiles& files) {
  SSL_CTX_set_default_passwd_cb(context, &no_password);
  const bool ca_good = files.ca.empty()
                           ? SSL_CTX_set_default_verify_paths(context) == 1
                           : SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) == 1;
  if (!ca_good) return "ca " + files.ca + ": not a certificate in PEM form (" + last_openssl_reason() + ")";
  if (files.certificate.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return "certificate " + files.certificate + ": not a certificate in PEM form (" + last_openssl_reason() +
           ")";
  }
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return "key " + key + ": not the private key of " + files.certificate +
           " in PEM form without a password (" + last_openssl_reason() + ")";
  }
  return {};
}

std::string common_name(const X509* certificate) {
  char name[256];
  const int length =
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return length < 0 ? std::string() : std::string(name, static_cast<std::size_t>(length));
}

}  // namespace

std::string certificate_mismatch(const std::string& certificate, const std::string& name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate.c_str(), "r"), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> read(
      file ? PEM_read_bio_X509(file.get(), nullptr, &no_password, nullptr) : nullptr, &X509_free);
  ERR_clear_error();
  if (!read) return {};
  if (const auto holder = common_name(read.get()); holder != name) {
    return certificate + " is the certificate of \"" + holder + "\", not of \"" + name +
           "\": a broker that goes by certificates takes this box for " + holder;
  }
  if (X509_cmp_current_time(X509_get0_notAfter(read.get())) < 0) {
    return certificate + " has expired; renew it (or is the clock of this box wrong?)";
  }
  return {};
}

std::string try_tls(const Address& address, const TlsFiles& files, int socket) {
  const std::string where = "broker " + address.text() + ": ";
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context) return where + "OpenSSL does not start: " + last_openssl_reason();
  if (auto trouble = load(context.get(), files); !trouble.empty()) return trouble;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
  if (!tls) return where + "OpenSSL does not start: " + last_openssl_reason();
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), address.host.c_str()) != 1) {
    SSL_set_tlsext_host_name(tls.get(), address.host.c_str());
    SSL_set1_host(tls.get(), address.host.c_str());
  }
  ERR_clear_error();  // that the name is no address was no error
  SSL_set_fd(tls.get(), socket);
  if (SSL_connect(tls.get()) != 1) {
    const long verdict = SSL_get_verify_result(tls.get());
    if (verdict != X509_V_OK) return certificate_trouble(address, files, verdict);
    if (ERR_peek_last_error() == 0) {
      return where +
             "the connection was closed during the TLS handshake; does this port speak TLS (mqtts://)?";
    }
    return where + "TLS handshake failed: " + last_openssl_reason() +
           "; does this port speak TLS (mqtts://)?";
  }
  // With TLS 1.3 the broker judges our certificate after the handshake: its alert is what we read now.
  char nothing = 0;
  if (SSL_read(tls.get(), &nothing, 1) <= 0 && ERR_peek_last_error() != 0) {
    const std::string reason = last_openssl_reason();
    if (reason.find("alert") != std::string::npos) {
      return where + "it does not accept our certificate (" + reason + "); check certificate and key";
    }
  }
  return {};
}

Result<void> check_files(const TlsFiles& files) {
  const std::pair<const char*, const std::string*> all[] = {
      {"ca", &files.ca}, {"certificate", &files.certificate}, {"key", &files.key}};
  for (const auto& [name, path] : all) {
    if (path->empty()) continue;
    errno = 0;
    if (!std::ifstream(*path)) {
      return Error{std::string(name) + " " + *path + ": cannot be read (" + std::strerror(errno) +
                   "); check the path in [uplink] and who may read the file"};
    }
  }
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (!context) return Error{"OpenSSL does not start: " + last_openssl_reason()};
  if (auto trouble = load(context.get(), files); !trouble.empty()) return Error{std::move(trouble)};
  return {};
}

}  // namespace congto::mqtt
