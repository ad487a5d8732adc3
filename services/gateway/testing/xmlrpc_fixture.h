#pragma once
// An XML-RPC listener of this process with scripted commands, and a client that can log in.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "services/gateway/http/testing/raw_client.h"
#include "services/gateway/login_guard.h"
#include "services/gateway/testing/scripted_executor.h"
#include "services/gateway/users.h"
#include "services/gateway/xmlrpc_listener.h"

namespace weft::gateway::testing {

// Remembers what it was told; refuses everybody once told to. Thread-safe.
class RecordingGuard : public LoginGuard {
 public:
  bool MayTry(absl::string_view peer, absl::string_view user) override;
  void Failed(absl::string_view peer, absl::string_view user) override;
  void Succeeded(absl::string_view peer, absl::string_view user) override;

  void RefuseAll();
  std::vector<std::string> failed() const;
  std::vector<std::string> succeeded() const;

 private:
  mutable Mutex mutex_;
  bool refuses_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> failed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> succeeded_ ABSL_GUARDED_BY(mutex_);
};

// The parts of a listener on 127.0.0.1. Users: "admin" and "reader", password "secret" each.
struct XmlrpcFixture {
  // Knows manage.ping, which answers nothing.
  XmlrpcFixture();

  // Of the options what is not set yet is.
  std::unique_ptr<XmlrpcListener> Start(XmlrpcListener::Options options);
  std::unique_ptr<XmlrpcListener> Start() { return Start({}); }

  ScriptedExecutor executor;
  Users users;
  RecordingGuard guard;
};

// The value of an Authorization header that answers `challenge`, a WWW-Authenticate's.
std::string DigestLogin(absl::string_view challenge, absl::string_view user,
                        absl::string_view password, int count = 1);

// The whole of a login: asked without, challenged, asked again. `body` as POST to `path`.
http::RawAnswer AskAs(http::RawClient* client, absl::string_view user, absl::string_view password,
                      absl::string_view body, absl::string_view path = "/RPC2");

}  // namespace weft::gateway::testing
