#include "services/gateway/testing/xmlrpc_fixture.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/access/passwords.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/gateway/digest.h"

namespace weft::gateway::testing {
bool RecordingGuard::MayTry(absl::string_view, absl::string_view) {
  MutexLock lock(&mutex_);
  return !refuses_;
}

void RecordingGuard::Failed(absl::string_view, absl::string_view user) {
  MutexLock lock(&mutex_);
  failed_.emplace_back(user);
}

void RecordingGuard::Succeeded(absl::string_view, absl::string_view user) {
  MutexLock lock(&mutex_);
  succeeded_.emplace_back(user);
}

void RecordingGuard::RefuseAll() {
  MutexLock lock(&mutex_);
  refuses_ = true;
}

std::vector<std::string> RecordingGuard::failed() const {
  MutexLock lock(&mutex_);
  return failed_;
}

std::vector<std::string> RecordingGuard::succeeded() const {
  MutexLock lock(&mutex_);
  return succeeded_;
}

XmlrpcFixture::XmlrpcFixture() {
  executor.Answers("manage.ping", {});
  auto snapshot = std::make_shared<UserSnapshot>();
  snapshot->nonce_key = std::string(32, 'k');
  snapshot->users["admin"] = {"admin", access::DigestHa1("admin", "secret"), "", {}};
  snapshot->users["reader"] = {"reader", access::DigestHa1("reader", "secret"), "", {}};
  users.Set(std::move(snapshot));
}

std::unique_ptr<XmlrpcListener> XmlrpcFixture::Start(XmlrpcListener::Options options) {
  options.http.listen = "127.0.0.1:0";
  options.executor = &executor;
  options.clock = RealClock::Get();
  options.users = &users;
  options.guard = &guard;
  auto listener = XmlrpcListener::Start(std::move(options));
  EXPECT_TRUE(listener.ok()) << listener.status();
  return listener.ok() ? *std::move(listener) : nullptr;
}

std::string DigestLogin(absl::string_view challenge, absl::string_view user,
                        absl::string_view password, int count) {
  constexpr absl::string_view kNonce = "nonce=\"";
  const size_t begin = challenge.find(kNonce);
  if (begin == absl::string_view::npos) return "no nonce in the challenge";
  absl::string_view nonce = challenge.substr(begin + kNonce.size());
  nonce = nonce.substr(0, nonce.find('"'));
  const std::string nc = absl::StrFormat("%08x", count);
  const std::string response =
      Md5Hex(absl::StrCat(access::DigestHa1(user, password), ":", nonce, ":", nc,
                          ":0a4f113b:auth:", "4823bbbf048df5b7cac8be11cf5152df"));
  return absl::StrCat("Digest username=\"", user, "\", realm=\"MySQL Fabric\", nonce=\"", nonce,
                      "\", uri=\"/RPC2\", response=\"", response,
                      "\", algorithm=\"MD5\", qop=auth, nc=", nc, ", cnonce=\"0a4f113b\"");
}

http::RawAnswer AskAs(http::RawClient* client, absl::string_view user, absl::string_view password,
                      absl::string_view body, absl::string_view path) {
  const http::RawAnswer challenged = client->Ask(http::Post(path, body));
  EXPECT_EQ(challenged.code, 401);
  const std::string login = DigestLogin(challenged.Header("WWW-Authenticate"), user, password);
  return client->Ask(http::Post(path, body, {absl::StrCat("Authorization: ", login)}));
}

}  // namespace weft::gateway::testing
