// The leading controller dies before each single step by which a server leaves, joins, comes back
// or is rewound or rebuilt, on real servers: one death a run. The next one finishes; who asked asks
// again.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/rpc/channel.h"
#include "gtest/gtest.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/controller/ports/memory_store.h"
#include "tests/integration/mortal_leader.h"
#include "tests/integration/real_farm_test.h"

namespace weft::controller {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kRest = absl::Milliseconds(10);
// No change takes more steps: a run that is never interrupted ends the test long before.
constexpr int kMostSteps = 80;

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
    const auto agree = [](const Group&) { return absl::OkStatus(); };
    ASSERT_TRUE(leader_->reconciler().Request(group_.id, promote, operation, agree).ok());
    ASSERT_TRUE(Settles());
  }

  Group Record() { return store_.Load(group_.id).value(); }
  void Next() {
    leader_.reset();
    leader_ = std::make_unique<Leader>(database_, real_->options());
  }
  // Makes `changes` again and again, the leader dying one step later in each of them every time,
  // until it lives through them all. There must have been more than `more_than` points.
  void DieAtEachPoint(int more_than, const std::function<void()>& changes) {
    some_died_ = true;
    for (point_ = 0; some_died_ && point_ < kMostSteps; ++point_) {
      SCOPED_TRACE(absl::StrCat("dead after ", point_, " steps"));
      some_died_ = false;
      changes();
      if (HasFailure()) return;
    }
    std::printf("%d points\n", point_);
    EXPECT_GT(point_, more_than);
    EXPECT_LT(point_, kMostSteps);
  }
  // The leader dies at this round's point, counted from now.
  void DieFromHere() {
    died_ = false;
    leader_->life().Give(point_);
  }

  // Looks until `done`, and lets the next one lead whenever the leader is dead.
  bool Until(const std::string& what, const std::function<bool()>& done) {
    const Deadline end = Deadline::After(RealClock::Get(), kPatience);
    while (!end.Passed()) {
      if (leader_->life().dead()) {
        died_ = some_died_ = true;
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
    leader_->life().Give(Life::kNever);
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
  bool Rejoin(int index, bool rebuild = false) {
    v1::RejoinServerRequest request;
    request.set_server(uuid(index).text());
    request.set_rebuild(rebuild);
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
  int point_ = 0;           // steps that the leader lives for
  bool died_ = false;       // since DieFromHere
  bool some_died_ = false;  // in this round
};

TEST_F(CrashPointMembersTest, RemoveAddAndRejoin) {
  DieAtEachPoint(/*more_than=*/5, [this] {
    DieFromHere();
    ASSERT_TRUE(Remove(2));
    ExpectOut(2);
    DieFromHere();
    ASSERT_TRUE(Add(2));
    ExpectInService(2);
    ASSERT_TRUE(PutAside(2));
    DieFromHere();
    ASSERT_TRUE(Rejoin(2));
    ExpectInService(2);
  });
}

TEST_F(CrashPointMembersTest, Rebuild) {
  DieAtEachPoint(/*more_than=*/5, [this] {
    ASSERT_TRUE(PutAside(2));
    DieFromHere();
    ASSERT_TRUE(Rejoin(2, /*rebuild=*/true));
    ExpectInService(2);
  });
}

TEST_F(CrashPointMembersTest, SettingAsideSavingAndRewinding) {
  Root(0, "CREATE TABLE app.kept (id INT PRIMARY KEY); INSERT INTO app.kept VALUES (1)");
  DieAtEachPoint(/*more_than=*/10, [this] {
    ASSERT_TRUE(
        Until("it has the row", [&] { return Root(2, "SELECT COUNT(*) FROM app.kept") == "1"; }));
    DieFromHere();
    Root(2,
         "SET GLOBAL super_read_only = 0; DELETE FROM app.kept;"
         " SET GLOBAL super_read_only = 1");
    ASSERT_TRUE(Until("it is back", [&] {
      const Server server = *Record().Find(uuid(2));
      return server.status == ServerStatus::kSecondary && server.errant.empty() &&
             Root(2, "SELECT COUNT(*) FROM app.kept") == "1" && Seen(2).replication.configured;
    }));
    ASSERT_TRUE(Settles());
    leader_->life().Give(Life::kNever);
    ExpectInService(2);
  });
}

}  // namespace
}  // namespace weft::controller
