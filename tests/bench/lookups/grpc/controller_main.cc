// A real controller over a store and six servers in memory, whose group "g1" has a primary.
//   controller_main [--password_file=F]
// With a password its calls need the login of "admin". Prints {"grpc": PORT}, then follows its
// input, whose end is the end. "promote COUNT PORT" changes the primary so often, with --pause
// between, and prints how many milliseconds after each commit a gateway named the new one: its
// XML-RPC is on PORT, without logins, and is asked all the time.
#include <grpcpp/grpcpp.h>

#include <future>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/rpc/auth.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "common/rpc/serve.h"
#include "common/rpc/status.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/controller/controller.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/testing/fake_farm.h"
#include "services/gateway/http/testing/raw_client.h"

ABSL_FLAG(std::string, password_file, "", "File with admin's password; empty: no login.");
ABSL_FLAG(absl::Duration, pause, absl::ZeroDuration(), "Rest before each promotion.");

namespace weft::controller {
namespace {

constexpr int kServers = 6;
constexpr absl::Duration kPatience = absl::Seconds(20);

// Knows when a primary was committed last.
class TimedStore : public MemoryStore {
 public:
  absl::Status Apply(const Group& seen, const Step& step, absl::Time now) override {
    const absl::Status status = MemoryStore::Apply(seen, step, now);
    if (status.ok() && std::holds_alternative<Commit>(step)) {
      MutexLock lock(&mutex_);
      committed_ = RealClock::Get()->MonotonicNow();
    }
    return status;
  }
  absl::Duration committed() const {
    MutexLock lock(&mutex_);
    return committed_;
  }

 private:
  mutable Mutex mutex_;
  absl::Duration committed_ ABSL_GUARDED_BY(mutex_);
};

// Calls the controller as any client would.
class Client {
 public:
  explicit Client(const std::shared_ptr<grpc::Channel>& channel)
      : groups_(v1::Groups::NewStub(channel)),
        servers_(v1::Servers::NewStub(channel)),
        operations_(v1::Operations::NewStub(channel)) {}

  absl::Status MakeGroup(FakeFarm* farm) {
    v1::CreateGroupRequest create;
    create.set_group_id("g1");
    WEFT_RETURN_IF_ERROR(Call(*groups_, &v1::Groups::Stub::CreateGroup, create).status());
    for (int n = 1; n <= kServers; ++n) {
      farm->Add(n);
      v1::AddServerRequest add;
      add.set_group("g1");
      add.set_address(FakeFarm::AddressOf(n).ToString());
      WEFT_ASSIGN_OR_RETURN(const auto added, Call(*servers_, &v1::Servers::Stub::AddServer, add));
      WEFT_RETURN_IF_ERROR(Wait(added.operation()));
    }
    return Promote(1);
  }

  absl::Status Promote(int n) {
    v1::PromoteGroupRequest request;
    request.set_name("g1");
    request.set_server(FakeFarm::UuidOf(n).text());
    WEFT_ASSIGN_OR_RETURN(const auto promoted,
                          Call(*groups_, &v1::Groups::Stub::PromoteGroup, request));
    return Wait(promoted.operation());
  }

 private:
  template <typename Response, typename Stub, typename Request>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    rpc::SetDeadline(context, kPatience);
    Response response;
    WEFT_RETURN_IF_ERROR(rpc::FromGrpc((stub.*method)(&context, request, &response)));
    return response;
  }

  absl::Status Wait(const v1::Operation& operation) {
    v1::WaitOperationRequest request;
    request.set_name(operation.name());
    WEFT_ASSIGN_OR_RETURN(const v1::Operation ended,
                          Call(*operations_, &v1::Operations::Stub::WaitOperation, request));
    if (ended.state() == v1::Operation::SUCCEEDED) return absl::OkStatus();
    return absl::InternalError(ended.error_message());
  }

  const std::unique_ptr<v1::Groups::Stub> groups_;
  const std::unique_ptr<v1::Servers::Stub> servers_;
  const std::unique_ptr<v1::Operations::Stub> operations_;
};

// Asks a gateway which server is the primary.
class Gateway {
 public:
  explicit Gateway(int port)
      : port_(port),
        question_(gateway::http::Post(
            "/RPC2",
            "<methodCall><methodName>group.lookup_groups</methodName><params><param><value>"
            "<string>g1</string></value></param></params></methodCall>")) {}

  // When it had said so, once it does. It may be starting.
  absl::StatusOr<absl::Duration> AwaitPrimary(const std::string& uuid) {
    Clock* const clock = RealClock::Get();
    const Deadline deadline = Deadline::After(clock, kPatience);
    while (!deadline.Passed()) {
      if (wire_ == nullptr || !wire_->connected()) {
        wire_ = std::make_unique<gateway::http::RawClient>(port_);
        if (!wire_->connected()) clock->Sleep(absl::Milliseconds(50));
        continue;
      }
      if (absl::StrContains(wire_->Ask(question_).body, uuid)) return clock->MonotonicNow();
    }
    return absl::DeadlineExceededError(absl::StrCat("no gateway names ", uuid));
  }

 private:
  const int port_;
  const std::string question_;
  std::unique_ptr<gateway::http::RawClient> wire_;
};

// Milliseconds from each commit to the gateway's answer.
absl::StatusOr<std::vector<double>> Promote(int count, int port, Client& client,
                                            const TimedStore& store, Controller& controller) {
  Gateway gateway(port);
  std::vector<double> seen;
  int n = 1;  // of the primary
  WEFT_RETURN_IF_ERROR(gateway.AwaitPrimary(FakeFarm::UuidOf(n).text()).status());
  while (static_cast<int>(seen.size()) < count) {
    WEFT_RETURN_IF_ERROR(controller.reconciler().WaitSettled("g1", kPatience));
    RealClock::Get()->Sleep(absl::GetFlag(FLAGS_pause));
    n = n % kServers + 1;
    std::future<absl::Status> promoted =
        std::async(std::launch::async, [&client, n] { return client.Promote(n); });
    const auto named = gateway.AwaitPrimary(FakeFarm::UuidOf(n).text());
    WEFT_RETURN_IF_ERROR(promoted.get());
    WEFT_RETURN_IF_ERROR(named.status());
    seen.push_back(absl::ToDoubleMilliseconds(*named - store.committed()));
  }
  return seen;
}

absl::Status Run() {
  log::Options quiet;
  quiet.level = log::Level::kError;
  log::Initialize(quiet);
  Controller::Options options;
  options.reconciler.leadership.name = "bench";
  if (!absl::GetFlag(FLAGS_password_file).empty()) {
    options.logins.admin.user = "admin";
    WEFT_ASSIGN_OR_RETURN(options.logins.admin.password,
                          rpc::ReadSecretFile(absl::GetFlag(FLAGS_password_file)));
  }
  FakeFarm farm;
  TimedStore store;
  rpc::Metrics metrics;
  Controller controller(options, {&farm, &store, &metrics, RealClock::Get()});
  rpc::Server::Options serve;
  serve.name = "weft-controller";
  serve.listen = "127.0.0.1:0";
  serve.metrics = &metrics;
  serve.services = controller.services();
  serve.on_drain = [&controller] { controller.EndStreams(); };
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                        rpc::Server::Start(std::move(serve)));
  controller.Start();
  controller.reconciler().AwaitLeader(kPatience);
  rpc::ChannelOptions connect;
  connect.address = server->address();
  connect.credentials = options.logins.admin;
  WEFT_ASSIGN_OR_RETURN(const auto channel, rpc::Connect(connect));
  Client client(channel);
  WEFT_RETURN_IF_ERROR(client.MakeGroup(&farm));
  std::cout << absl::StrFormat("{\"grpc\": %d}", server->port()) << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    int count = 0;
    int port = 0;
    if (!(words >> command >> count >> port) || command != "promote") continue;
    WEFT_ASSIGN_OR_RETURN(const auto seen, Promote(count, port, client, store, controller));
    std::cout << "[" << absl::StrJoin(seen, ", ") << "]" << std::endl;
  }
  server->Drain();
  controller.Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::controller

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = weft::controller::Run();
  if (status.ok()) return 0;
  std::cerr << weft::DescribeError(status) << "\n";
  return 1;
}
