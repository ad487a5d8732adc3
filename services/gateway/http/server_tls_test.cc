#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "services/gateway/http/server.h"
#include "services/gateway/http/testing/raw_client.h"

namespace weft::gateway::http {
namespace {

// A certificate that signs itself, and its key, as files.
class Identity {
 public:
  explicit Identity(const std::string& name)
      : certificate_file(absl::StrCat(::testing::TempDir(), "/", name, ".", getpid(), ".crt")),
        key_file(absl::StrCat(::testing::TempDir(), "/", name, ".", getpid(), ".key")) {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    FILE* const one = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(one, certificate);
    std::fclose(one);
    FILE* const other = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(other, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(other);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Identity() {
    std::remove(certificate_file.c_str());
    std::remove(key_file.c_str());
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  const std::string certificate_file;
  const std::string key_file;
};

Server::Options Echo(const Identity& identity) {
  Server::Options options;
  options.listen = "127.0.0.1:0";
  options.certificate_file = identity.certificate_file;
  options.key_file = identity.key_file;
  options.handler = [](const Request& request, const Server::Respond& respond) {
    respond({200, {}, std::make_shared<const std::string>(request.body), false});
  };
  return options;
}

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// The answer to a POST over TLS; libcurl's words where there is none.
std::string PostOverTls(int port, const std::string& body) {
  std::string answer;
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, absl::StrCat("https://127.0.0.1:", port, "/").c_str());
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  return code == CURLE_OK ? answer : curl_easy_strerror(code);
}

TEST(ServerTlsTest, ServesOverTls) {
  const Identity identity("server");
  const auto server = Server::Start(Echo(identity));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(PostOverTls((*server)->port(), "secret words"), "secret words");
  const std::string large(200'000, 'a');
  EXPECT_EQ(PostOverTls((*server)->port(), large), large);
}

TEST(ServerTlsTest, EndsWhoSpeaksNoTls) {
  const Identity identity("server");
  Server::Options options = Echo(identity);
  options.request_deadline = absl::Seconds(1);
  const auto server = Server::Start(std::move(options));
  ASSERT_TRUE(server.ok()) << server.status();
  RawClient plain((*server)->port());
  plain.Send(Post("/", "in the open"));
  EXPECT_TRUE(plain.Closes(absl::Seconds(5)));
  // A handshake that does not go on.
  RawClient half((*server)->port());
  half.Send("\x16\x03\x01");
  EXPECT_TRUE(half.Closes(absl::Seconds(5)));
  EXPECT_EQ(PostOverTls((*server)->port(), "secret words"), "secret words");
}

TEST(ServerTlsTest, RefusesAKeyOfAnotherCertificate) {
  const Identity identity("server"), other("other");
  Server::Options options = Echo(identity);
  options.key_file = other.key_file;
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kFailedPrecondition);
  options.key_file.clear();
  EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace weft::gateway::http
