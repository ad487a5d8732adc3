#pragma once
// A whole controller over a store and a farm in memory, called through gRPC within the process.
#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "common/rpc/status.h"
#include "gtest/gtest.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "protos/weft/v1/node.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "protos/weft/v1/threats.grpc.pb.h"
#include "protos/weft/v1/topology.grpc.pb.h"
#include "services/controller/controller.h"
#include "services/controller/ports/memory_store.h"
#include "services/controller/testing/fake_farm.h"

namespace weft::controller {

// Looks at a settled group every 50 ms, and does not answer with older looks.
GroupWorker::Options QuickWorker();

// One controller process, so to speak.
class TestController {
 public:
  TestController(const std::string& name, std::shared_ptr<MemoryDatabase> database, FakeFarm* farm,
                 const std::map<std::string, std::string>& password_files = {},
                 const GroupWorker::Options& worker = QuickWorker(),
                 const rpc::Credentials& admin = {});
  ~TestController();

  MemoryStore& store() { return store_; }
  Controller& controller() { return *controller_; }
  rpc::Metrics& metrics() { return metrics_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  // The same by TCP: "127.0.0.1:PORT".
  const std::string& address() const { return address_; }
  // As a crash: nothing is finished, nothing given back.
  void Cut() { store_.SetUnavailable(true); }

 private:
  MemoryStore store_;
  rpc::Metrics metrics_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string address_;
};

class ControllerFixture : public ::testing::Test {
 protected:
  ControllerFixture();

  // Calls `method` of a stub; the response, or the status as weft says it.
  template <typename Response, typename Stub, typename Request>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    rpc::SetDeadline(context, absl::Seconds(30));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return rpc::FromGrpc(status);
    return response;
  }

  // --- the usual requests, with what matters alone
  absl::StatusOr<v1::Group> CreateGroup(const std::string& id);
  absl::StatusOr<v1::AddServerResponse> AddServer(const std::string& group, int n);
  absl::StatusOr<v1::PromoteGroupResponse> Promote(const std::string& group, int n = 0);
  absl::StatusOr<v1::Group> Activate(const std::string& group);
  v1::Group GetGroup(const std::string& group);
  v1::Operation Wait(const v1::Operation& operation);
  // "groups/g" with servers 1..count, the first of them the primary, settled.
  void MakeGroup(int count);

  // --- a monitor that reports to the controller
  // Says of each server of 1..count whether it can be reached; keeps saying so until the next call.
  void Report(const std::vector<int>& reachable, const std::vector<int>& unreachable);
  void StopReporting();

  // Polls until `done`, at most 10 s; the test fails otherwise.
  void Await(const std::string& what, const std::function<bool()>& done);
  bool IsPrimary(const std::string& group, int n);
  std::string StatusOfServer(const std::string& group, int n);
  std::vector<std::string> EventTexts(const std::string& group);

  // Makes another controller over the same store and farm, and talks to that one from now on.
  void StartAnother(const std::string& name, const GroupWorker::Options& worker = QuickWorker());
  // The same, where calls need a login, and this is the admin's.
  void StartGuarded(const rpc::Credentials& admin);
  void Connect();

  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
  FakeFarm farm_;
  std::unique_ptr<TestController> process_;
  std::unique_ptr<v1::Groups::Stub> groups_;
  std::unique_ptr<v1::Servers::Stub> servers_;
  std::unique_ptr<v1::Operations::Stub> operations_;
  std::unique_ptr<v1::Topology::Stub> topology_;
  std::unique_ptr<v1::Health::Stub> health_;
  std::unique_ptr<v1::Threats::Stub> threats_;
  std::unique_ptr<v1::Node::Stub> node_;

  ~ControllerFixture() override;

 private:
  class Monitor;
  std::unique_ptr<Monitor> monitor_;
};

}  // namespace weft::controller
