// The gateway's XML-RPC alone, with commands that are always answered the same: what the wire
// costs.
//   listener     prints the ports without and with login (user "bench", password "bench"); ends
//                with stdin
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "services/gateway/digest.h"
#include "services/gateway/executor.h"
#include "services/gateway/login_guard.h"
#include "services/gateway/users.h"
#include "services/gateway/xmlrpc_listener.h"

namespace weft::gateway {
namespace {

fabric::Answer Servers() {
  using fabric::Type;
  fabric::ResultSet set;
  set.columns = {{"server_uuid", Type::kString}, {"group_id", Type::kString},
                 {"host", Type::kString},        {"port", Type::kInteger},
                 {"mode", Type::kInteger},       {"status", Type::kInteger},
                 {"weight", Type::kFloat}};
  for (int64_t i = 0; i < 6; ++i) {
    set.rows.push_back({{absl::StrCat("a9b52ed6-17e0-4a66-9285-c6c8bdae197", i)},
                        {std::string("G1")},
                        {std::string("127.0.0.1")},
                        {int64_t{35601} + i},
                        {int64_t{i == 0 ? 3 : 1}},
                        {int64_t{i == 0 ? 3 : 2}},
                        {1.0}});
  }
  return {"", {std::move(set)}};
}

class FixedExecutor : public Executor {
 public:
  bool Knows(const std::string& method) const override { return replies_.contains(method); }
  std::vector<std::string> Methods() const override { return {"dump.servers"}; }
  std::string Help(const std::string&) const override { return ""; }
  bool IsAllowed(const Caller&, const std::string&) const override { return true; }
  void Execute(const Caller&, fabric::Call call, Done done) override {
    done(replies_.at(call.method));
  }
  int ttl() const override { return 1; }

 private:
  const std::map<std::string, Reply> replies_ = {{"dump.servers", Reply(Servers())}};
};

class NoGuard : public LoginGuard {
 public:
  bool MayTry(absl::string_view, absl::string_view) override { return true; }
  void Failed(absl::string_view, absl::string_view) override {}
  void Succeeded(absl::string_view, absl::string_view) override {}
};

int Run() {
  FixedExecutor executor;
  NoGuard guard;
  Users users;
  auto snapshot = std::make_shared<UserSnapshot>();
  snapshot->nonce_key = std::string(32, 'k');
  snapshot->users["bench"] = {"bench", Md5Hex("bench:MySQL Fabric:bench"), "", {}};
  users.Set(std::move(snapshot));
  std::vector<std::unique_ptr<XmlrpcListener>> listeners;
  for (const bool authenticate : {false, true}) {
    XmlrpcListener::Options options;
    options.http.listen = "127.0.0.1:0";
    options.authenticate = authenticate;
    options.executor = &executor;
    options.clock = RealClock::Get();
    options.users = &users;
    options.guard = &guard;
    auto listener = XmlrpcListener::Start(std::move(options));
    if (!listener.ok()) {
      std::cerr << listener.status() << "\n";
      return 1;
    }
    listeners.push_back(*std::move(listener));
    std::cout << listeners.back()->port() << std::endl;
  }
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
}

}  // namespace
}  // namespace weft::gateway

int main() { return weft::gateway::Run(); }
