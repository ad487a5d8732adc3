// A load generator for gRPC: so many connections, each asking Topology.GetTopology again as soon as
// it has its answer. As expensive as the library that real clients use; one thread of its own.
//   load_main --port=32280 --connections=64 --seconds=5 [--user=U --password_file=F]
// prints one line of JSON.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/rpc/auth.h"
#include "protos/weft/v1/topology.grpc.pb.h"

ABSL_FLAG(int, port, 32280, "Of a controller's gRPC on 127.0.0.1, in plain text.");
ABSL_FLAG(int, connections, 64, "How many ask at once.");
ABSL_FLAG(double, seconds, 5, "For how long.");
ABSL_FLAG(std::string, user, "", "Who asks; empty: no login.");
ABSL_FLAG(std::string, password_file, "", "File with the password.");

namespace weft {
namespace {

int64_t Microseconds() { return absl::ToInt64Microseconds(RealClock::Get()->MonotonicNow()); }

struct Tally {
  std::vector<uint32_t> latencies;  // microseconds
  int64_t errors = 0;
};

// The metadata "authorization"; empty: none.
std::string LoginFromFlags() {
  if (absl::GetFlag(FLAGS_user).empty()) return "";
  const auto password = rpc::ReadSecretFile(absl::GetFlag(FLAGS_password_file));
  if (!password.ok()) {
    std::cerr << password.status() << "\n";
    std::exit(2);
  }
  return rpc::Authorization({.user = absl::GetFlag(FLAGS_user), .password = *password});
}

// One connection, with at most one call under way.
class Client {
 public:
  Client(int number, const std::string* login, grpc::CompletionQueue* queue, Tally* tally)
      : login_(login), queue_(queue), tally_(tally) {
    grpc::ChannelArguments arguments;
    // Otherwise channels to one address share a connection.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt("weft.bench.client", number);
    channel_ = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", absl::GetFlag(FLAGS_port)),
                                         grpc::InsecureChannelCredentials(), arguments);
    topology_ = v1::Topology::NewStub(channel_);
  }

  bool Connect() { return channel_->WaitForConnected(gpr_time_from_seconds(10, GPR_TIMESPAN)); }

  void Ask() {
    call_ = std::make_unique<Call>();
    if (!login_->empty()) call_->context.AddMetadata("authorization", *login_);
    call_->asked = Microseconds();
    call_->reader = topology_->AsyncGetTopology(&call_->context, {}, queue_);
    call_->reader->Finish(&call_->answer, &call_->status, this);
  }

  // The answer is there.
  void Finish() {
    if (call_->status.ok() && call_->answer.groups_size() == 1) {
      tally_->latencies.push_back(static_cast<uint32_t>(Microseconds() - call_->asked));
    } else {
      ++tally_->errors;
    }
  }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::TopologyUpdate answer;
    grpc::Status status;
    int64_t asked = 0;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::TopologyUpdate>> reader;
  };

  const std::string* const login_;
  grpc::CompletionQueue* const queue_;
  Tally* const tally_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Topology::Stub> topology_;
  std::unique_ptr<Call> call_;
};

void Print(Tally* tally, double seconds) {
  std::vector<uint32_t>& all = tally->latencies;
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty() ? 0 : all[std::min(all.size() - 1, static_cast<size_t>(share * all.size()))];
  };
  std::cout << absl::StrFormat(
                   "{\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
                   "\"calls\": %d, \"errors\": %d}",
                   all.size() / seconds, at(0.5) / 1e3, at(0.99) / 1e3, at(1) / 1e3, all.size(),
                   tally->errors)
            << std::endl;
}

int Run() {
  const std::string login = LoginFromFlags();
  grpc::CompletionQueue queue;
  Tally tally;
  tally.latencies.reserve(1 << 20);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < absl::GetFlag(FLAGS_connections); ++i) {
    clients.push_back(std::make_unique<Client>(i, &login, &queue, &tally));
    if (!clients.back()->Connect()) {
      std::cerr << "cannot connect to port " << absl::GetFlag(FLAGS_port) << "\n";
      return 1;
    }
  }
  const int64_t start = Microseconds();
  const int64_t end = start + static_cast<int64_t>(absl::GetFlag(FLAGS_seconds) * 1e6);
  for (const auto& client : clients) client->Ask();
  double seconds = 0;
  for (size_t under_way = clients.size(); under_way > 0;) {
    void* tag = nullptr;
    bool ok = false;
    if (!queue.Next(&tag, &ok)) break;
    auto* const client = static_cast<Client*>(tag);
    client->Finish();
    if (Microseconds() < end) {
      client->Ask();
    } else {
      --under_way;
    }
  }
  seconds = static_cast<double>(Microseconds() - start) / 1e6;
  Print(&tally, seconds);
  queue.Shutdown();
  return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return weft::Run();
}
