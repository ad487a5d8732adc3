// The leading controller dies before each single step by which a server leaves, joins, comes back
// or is rewound, on real servers: one death a run. The next one finishes; who asked asks again.
#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "gtest/gtest.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/controller/controller.h"
#include "services/controller/ports/memory_store.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kRest = absl::Milliseconds(10);
constexpr int kNever = 1'000'000;
// No change takes more steps: a run that is never interrupted ends the test long before.
constexpr int kMostSteps = 80;

// How many steps a controller may take until it is dead. Thread-safe.
class Life {
 public:
  void Give(int steps) { left_ = steps; }
  // Before each step: whether it is alive to take it.
  bool Step() {
    if (!dead_ && left_.fetch_sub(1) <= 0) dead_ = true;
    return !dead_;
  }
  bool dead() const { return dead_; }

 private:
  std::atomic<int> left_{kNever};
  std::atomic<bool> dead_{false};
};

// A rewind has dozens of statements, and is to die in the middle, too: this many are a step.
constexpr int kStatementsAStep = 3;

// The real farm, as a mortal controller uses it.
class MortalFarm : public Farm {
 public:
  MortalFarm(const FarmOptions& options, Life* life)
      : farm_(options, RealClock::Get()), life_(life) {}

  void SetTerm(uint64_t term, std::function<bool()> still) override {
    farm_.SetTerm(term, [this, still] {
      const bool counts = rewinding_ && statements_.fetch_add(1) % kStatementsAStep == 0;
      const bool alive = counts ? life_->Step() : !life_->dead();
      return alive && (!still || still());
    });
  }
  std::map<ServerUuid, Observation> Probe(const Group& group, absl::Duration deadline) override {
    return farm_.Probe(group, deadline);
  }
  absl::Status Apply(const Group& group, const Step& step, absl::Duration deadline) override {
    if (!life_->Step()) return absl::AbortedError("it is dead");
    return farm_.Apply(group, step, deadline);
  }
  absl::StatusOr<Admission> Admit(const Group& group, const HostPort& address,
                                  absl::Duration deadline) override {
    return farm_.Admit(group, address, deadline);
  }
  absl::StatusOr<ServerUuid> Identify(const HostPort& address, absl::Duration deadline) override {
    return farm_.Identify(address, deadline);
  }
  absl::StatusOr<Neighbours> Discover(const HostPort& address, absl::Duration deadline) override {
    return farm_.Discover(address, deadline);
  }
  absl::StatusOr<ServerUuid> Clone(const Group& group, const ServerUuid& recipient,
                                   const ServerUuid& donor, std::function<void(double)> progress,
                                   absl::Duration deadline) override {
    return farm_.Clone(group, recipient, donor, std::move(progress), deadline);
  }
  absl::StatusOr<std::string> SaveTransactions(const Group& group, const ServerUuid& server,
                                               const GtidSet& set,
                                               absl::Duration deadline) override {
    if (!life_->Step()) return absl::AbortedError("it is dead");
    return farm_.SaveTransactions(group, server, set, deadline);
  }
  absl::StatusOr<Rewound> Rewind(const Group& group, const ServerUuid& server,
                                 const GtidSet& errant, bool dry_run,
                                 std::function<void(double)> progress,
                                 absl::Duration deadline) override {
    if (dry_run) return farm_.Rewind(group, server, errant, true, std::move(progress), deadline);
    rewinding_ = true;
    auto rewound = farm_.Rewind(group, server, errant, false, std::move(progress), deadline);
    rewinding_ = false;
    return rewound;
  }
  absl::Status RotatePassword(const Group& group, absl::string_view duty,
                              absl::string_view password, absl::Duration deadline) override {
    return farm_.RotatePassword(group, duty, password, deadline);
  }
  void Forget(const HostPort& address) override { farm_.Forget(address); }

 private:
  MysqlFarm farm_;
  Life* const life_;
  std::atomic<bool> rewinding_{false};
  std::atomic<int> statements_{0};
};

Controller::Options QuickOptions() {
  Controller::Options options;
  options.reconciler.worker.first_rest = absl::Milliseconds(5);
  options.reconciler.worker.period = absl::Milliseconds(200);
  options.reconciler.leadership.period = absl::Milliseconds(20);
  // Progress is a matter of time: it would be a step now and then.
  options.reconciler.board.write_delay = absl::Hours(1);
  options.membership.poll = absl::Milliseconds(20);
  return options;
}

// One whole controller, and the client that asks it. Dead, it writes and does nothing more; its
// lease is free at once, and what it had to say of the past may still come.
class Leader {
 public:
  Leader(std::shared_ptr<MemoryDatabase> database, const FarmOptions& options)
      : store_(std::move(database)),
        farm_(options, &life_),
        controller_(QuickOptions(), {&farm_, &store_, &metrics_, RealClock::Get()}) {
    store_.SetFaults([this](absl::string_view call, bool is_write) {
      if (absl::StrContains(call, "Lease") || call == "AppendEvent") return StoreFault::kNone;
      const bool alive = is_write ? life_.Step() : !life_.dead();
      return alive ? StoreFault::kNone : StoreFault::kUnavailable;
    });
    grpc::ServerBuilder builder;
    for (grpc::Service* service : controller_.services()) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    channel_ = server_->InProcessChannel({});
    controller_.Start();
    controller_.reconciler().AwaitLeader(kPatience);
  }
  ~Leader() {
    controller_.EndStreams();
    server_->Shutdown(gpr_now(GPR_CLOCK_REALTIME));
    controller_.Stop();
  }

  Life& life() { return life_; }
  Reconciler& reconciler() { return controller_.reconciler(); }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

 private:
  Life life_;
  MemoryStore store_;
  rpc::Metrics metrics_;
  MortalFarm farm_;
  Controller controller_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

class CrashPointMembersTest : public RealFarmTest {
 protected:
  void SetUp() override {
    Start(3);
    Group group = group_;
    const std::vector<Server> servers = std::exchange(group.servers, {});
    group.active = true;
    group.settings.rejoin = RejoinPolicy::kRewind;
    ASSERT_EQ(store_.CreateGroup(group), absl::OkStatus());
    for (Server server : servers) {
      server.status = ServerStatus::kSecondary;
      server.mode = DefaultMode(server.status);
      ASSERT_EQ(store_.AddServer(group_.id, Record().revision, server), absl::OkStatus());
    }
    Next();
    Intent promote;
    promote.goal = Goal::kPromote;
    promote.target = uuid(0);
    Operation operation;
    operation.id = RandomUuid();
    operation.kind = "promote";
    operation.group = group_.id;
    ASSERT_TRUE(leader_->reconciler().Request(group_.id, promote, operation).ok());
    ASSERT_TRUE(Settles());
  }

  Group Record() { return store_.Load(group_.id).value(); }
  void Next() {
    leader_.reset();
    leader_ = std::make_unique<Leader>(database_, real_->options());
  }
  // The leader dies after so many steps from now on.
  void DieAfter(int steps) {
    died_ = false;
    leader_->life().Give(steps);
  }

  // Looks until `done`, and lets the next one lead whenever the leader is dead.
  bool Until(const std::string& what, const std::function<bool()>& done) {
    const Deadline end = Deadline::After(RealClock::Get(), kPatience);
    while (!end.Passed()) {
      if (leader_->life().dead()) {
        died_ = true;
        Next();
      }
      if (done()) return true;
      RealClock::Get()->Sleep(kRest);
    }
    ADD_FAILURE() << "never: " << what;
    return false;
  }
  bool Settles() {
    return Until("settled", [this] {
      return leader_->reconciler().WaitSettled(group_.id, absl::Seconds(2)).ok() &&
             !leader_->life().dead();
    });
  }

  // As the leader sees it: another that looked would end the leader's sessions.
  Observation Seen(int index) {
    const auto look = leader_->reconciler().Look(group_.id);
    return look.ok() ? look->snapshot.Of(uuid(index)) : Observation();
  }

  // Asks as a client does: with one request id, again and again while there is no answer; then
  // until what was begun has ended.
  template <typename Service, typename Request, typename Response>
  bool Ask(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
           Request request) {
    request.set_request_id(RandomUuid());
    Response response;
    grpc::Status status;
    const bool answered = Until("an answer", [&] {
      grpc::ClientContext context;
      rpc::SetDeadline(context, absl::Seconds(20));
      const auto stub = Service::NewStub(leader_->channel());
      status = ((*stub).*method)(&context, request, &response);
      if (leader_->life().dead()) return status.ok();
      return true;
    });
    if (!answered) return false;
    // It was done, and its answer lost with the leader.
    if (status.error_code() == grpc::StatusCode::ALREADY_EXISTS && died_) return Settles();
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return false;
    const std::string id = response.operation().name().substr(sizeof("operations/") - 1);
    Operation ended;
    const bool over = Until("the operation's end", [&] {
      const auto read = store_.GetOperation(id);
      if (read.ok()) ended = *read;
      return ended.done();
    });
    EXPECT_EQ(ended.state, OperationState::kSucceeded) << ended.kind << ": " << ended.error_message;
    const bool settled = over && Settles();
    leader_->life().Give(kNever);
    return settled;
  }
  template <typename Response, typename Request>
  bool AskServers(grpc::Status (v1::Servers::Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                  const Request& request) {
    return Ask<v1::Servers, Request, Response>(method, request);
  }

  bool Remove(int index) {
    v1::RemoveServerRequest request;
    request.set_group(group_.id);
    request.set_server(uuid(index).text());
    return AskServers<v1::RemoveServerResponse>(&v1::Servers::Stub::RemoveServer, request);
  }
  bool Add(int index) {
    v1::AddServerRequest request;
    request.set_group(group_.id);
    request.set_address(group_.servers.at(index).address.ToString());
    return AskServers<v1::AddServerResponse>(&v1::Servers::Stub::AddServer, request);
  }
  bool Rejoin(int index) {
    v1::RejoinServerRequest request;
    request.set_server(uuid(index).text());
    return AskServers<v1::RejoinServerResponse>(&v1::Servers::Stub::RejoinServer, request);
  }

  // Nobody wrote to it, and a person has set it aside.
  bool PutAside(int index) {
    Server server = *Record().Find(uuid(index));
    server.status = ServerStatus::kFaulty;
    server.mode = DefaultMode(server.status);
    server.set_aside = "looked at by hand";
    store_.SetTerm(store_.ReadLease()->term);
    EXPECT_EQ(store_.UpdateServer(group_.id, Record().revision, server.uuid, server),
              absl::OkStatus());
    leader_->reconciler().Wake(group_.id);
    return Until("it is out",
                 [&] { return Seen(index).reached() && !Seen(index).replication.configured; }) &&
           Settles();
  }

  // It follows the primary, acknowledges, and is on record for it.
  void ExpectInService(int index) {
    // Just after its receiver was started it knows no source yet.
    Until("it acknowledges", [&] {
      const Observation seen = Seen(index);
      return seen.semi_sync.replica_active && seen.replication.source_uuid == uuid(0);
    });
    const Group record = Record();
    const Server* const server = record.Find(uuid(index));
    ASSERT_NE(server, nullptr);
    EXPECT_EQ(server->status, ServerStatus::kSecondary);
    EXPECT_EQ(server->set_aside, "");
    EXPECT_TRUE(record.acknowledgers.servers.contains(uuid(index)));
    const Observation seen = Seen(index);
    EXPECT_TRUE(seen.super_read_only);
    EXPECT_FALSE(seen.offline);
    ExpectServes();
  }
  // It neither follows nor may acknowledge.
  void ExpectOut(int index) {
    EXPECT_EQ(Record().Find(uuid(index)), nullptr);
    EXPECT_FALSE(Record().acknowledgers.servers.contains(uuid(index)));
    const Observation seen = Seen(index);
    EXPECT_FALSE(seen.replication.configured);
    EXPECT_FALSE(seen.semi_sync.replica_enabled);
    ExpectServes();
  }
  void ExpectServes() {
    EXPECT_EQ(Record().primary, uuid(0));
    EXPECT_EQ(real_->Write(uuid(0), absl::Seconds(10)), absl::OkStatus());
  }

  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
  MemoryStore store_{database_};  // as people see it
  std::unique_ptr<Leader> leader_;
  bool died_ = false;
};

TEST_F(CrashPointMembersTest, RemoveAddAndRejoin) {
  int point = 0;
  for (bool died = true; died && point < kMostSteps; ++point) {
    SCOPED_TRACE(absl::StrCat("dead after ", point, " steps"));
    DieAfter(point);
    ASSERT_TRUE(Remove(2));
    died = died_;
    ExpectOut(2);
    DieAfter(point);
    ASSERT_TRUE(Add(2));
    died = died || died_;
    ExpectInService(2);
    ASSERT_TRUE(PutAside(2));
    DieAfter(point);
    ASSERT_TRUE(Rejoin(2));
    died = died || died_;
    ExpectInService(2);
    if (HasFailure()) return;
  }
  std::printf("%d points\n", point);
  EXPECT_GT(point, 5);
  EXPECT_LT(point, kMostSteps);
}

TEST_F(CrashPointMembersTest, SettingAsideSavingAndRewinding) {
  Root(0, "CREATE TABLE app.kept (id INT PRIMARY KEY); INSERT INTO app.kept VALUES (1)");
  int point = 0;
  for (bool died = true; died && point < kMostSteps; ++point) {
    SCOPED_TRACE(absl::StrCat("dead after ", point, " steps"));
    ASSERT_TRUE(
        Until("it has the row", [&] { return Root(2, "SELECT COUNT(*) FROM app.kept") == "1"; }));
    DieAfter(point);
    Root(2,
         "SET GLOBAL super_read_only = 0; DELETE FROM app.kept;"
         " SET GLOBAL super_read_only = 1");
    ASSERT_TRUE(Until("it is back", [&] {
      const Server server = *Record().Find(uuid(2));
      return server.status == ServerStatus::kSecondary && server.errant.empty() &&
             Root(2, "SELECT COUNT(*) FROM app.kept") == "1" && Seen(2).replication.configured;
    }));
    ASSERT_TRUE(Settles());
    leader_->life().Give(kNever);
    died = died_;
    ExpectInService(2);
    if (HasFailure()) return;
  }
  std::printf("%d points\n", point);
  EXPECT_GT(point, 10);
  EXPECT_LT(point, kMostSteps);
}

}  // namespace
}  // namespace weft::controller
