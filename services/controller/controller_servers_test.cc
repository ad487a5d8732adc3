// Servers through the API: admission, removal, status, mode, weight and promotion rule.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

class ControllerServersTest : public ControllerFixture {
 protected:
  absl::StatusOr<v1::RemoveServerResponse> Remove(int n, bool surrender = false) {
    v1::RemoveServerRequest request;
    request.set_group("g");
    request.set_server(FakeFarm::UuidOf(n).text());
    request.set_surrender(surrender);
    return Call(*servers_, &v1::Servers::Stub::RemoveServer, request);
  }
  v1::UpdateServerRequest Change(int n, const std::string& field) {
    v1::UpdateServerRequest request;
    request.mutable_server()->set_name(FakeFarm::AddressOf(n).ToString());
    request.mutable_update_mask()->add_paths(field);
    return request;
  }
  absl::StatusOr<v1::Server> Update(const v1::UpdateServerRequest& request) {
    return Call(*servers_, &v1::Servers::Stub::UpdateServer, request);
  }
  bool HasEvent(const std::string& text) {
    const std::vector<std::string> texts = EventTexts("g");
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& one) { return absl::StrContains(one, text); });
  }
  void Lacks(int n, const std::string& code, bool fatal) {
    farm_.Edit(farm_.Add(n), [&](FakeFarm::FakeServer& server) {
      server.problems.push_back({code, "ON", "OFF", "SET GLOBAL x = ON", fatal});
    });
  }
};

TEST_F(ControllerServersTest, AServerThatIsAddedFollowsThePrimary) {
  MakeGroup(2);
  farm_.Add(3);
  const auto added = AddServer("g", 3);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->server().status(), v1::SECONDARY);
  EXPECT_EQ(Wait(added->operation()).state(), v1::Operation::SUCCEEDED);
  EXPECT_EQ(farm_.Get(FakeFarm::UuidOf(3)).source, FakeFarm::UuidOf(1));
  v1::GetServerRequest request;
  request.set_name("s3:3306");
  EXPECT_EQ(Call(*servers_, &v1::Servers::Stub::GetServer, request)->mode(), v1::READ_ONLY);
  const absl::Status taken = AddServer("g", 3).status();
  EXPECT_EQ(ErrorReason(taken), "UUID_TAKEN");
  EXPECT_TRUE(absl::StrContains(taken.message(), FakeFarm::AddressOf(3).ToString())) << taken;
}

TEST_F(ControllerServersTest, EveryFatalProblemIsNamedWithWhatMendsIt) {
  ASSERT_TRUE(CreateGroup("g").ok());
  Lacks(1, "GTID_MODE_OFF", true);
  Lacks(1, "BINARY_LOG_OFF", true);
  Lacks(1, "SMALL_BUFFER", false);
  const absl::Status status = AddServer("g", 1).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  const ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail());
  EXPECT_EQ(detail.reason, "GTID_MODE_OFF");
  EXPECT_TRUE(absl::StrContains(status.message(), "BINARY_LOG_OFF"));
  EXPECT_FALSE(absl::StrContains(status.message(), "SMALL_BUFFER"));
  EXPECT_TRUE(absl::StrContains(detail.next_step, "SET GLOBAL x = ON"));
  EXPECT_EQ(GetGroup("g").servers_size(), 0);
}

TEST_F(ControllerServersTest, WarningsAreNoObstacle) {
  ASSERT_TRUE(CreateGroup("g").ok());
  Lacks(1, "SMALL_BUFFER", false);
  EXPECT_TRUE(AddServer("g", 1).ok());
  v1::CheckServerRequest request;
  request.set_address("s1");
  const auto checked = Call(*servers_, &v1::Servers::Stub::CheckServer, request);
  ASSERT_TRUE(checked.ok()) << checked.status();
  ASSERT_EQ(checked->problems_size(), 1);
  EXPECT_FALSE(checked->problems(0).fatal());
}

TEST_F(ControllerServersTest, AServerWhoseDataAloneStandInTheWayIsClonedWhenToldTo) {
  MakeGroup(3);
  Lacks(4, "ERRANT_TRANSACTIONS", true);
  farm_.WriteAstray(FakeFarm::UuidOf(4));
  farm_.Edit(FakeFarm::UuidOf(4),
             [](FakeFarm::FakeServer& server) { server.clone_would_help = true; });
  EXPECT_EQ(ErrorReason(AddServer("g", 4).status()), "ERRANT_TRANSACTIONS");
  v1::AddServerRequest request;
  request.set_group("g");
  request.set_address("s4");
  request.set_rebuild(true);
  const auto added = Call(*servers_, &v1::Servers::Stub::AddServer, request);
  ASSERT_TRUE(added.ok()) << added.status();
  const v1::Operation ended = Wait(added->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_EQ(StatusOfServer("g", 4), "SECONDARY");
}

TEST_F(ControllerServersTest, WhatCannotBeAskedIsNotAdded) {
  ASSERT_TRUE(CreateGroup("g").ok());
  EXPECT_TRUE(absl::IsUnavailable(AddServer("g", 1).status()));
  v1::AddServerRequest request;
  request.set_group("g");
  request.set_address("[::1");
  EXPECT_TRUE(
      absl::IsInvalidArgument(Call(*servers_, &v1::Servers::Stub::AddServer, request).status()));
  farm_.Add(1);
  EXPECT_EQ(ErrorReason(AddServer("nosuch", 1).status()), "UNKNOWN_GROUP");
}

TEST_F(ControllerServersTest, AServerThatIsRemovedFollowsNobodyAndStaysReadOnly) {
  MakeGroup(3);
  const auto removed = Remove(3);
  ASSERT_TRUE(removed.ok()) << removed.status();
  const v1::Operation ended = Wait(removed->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  const v1::Group group = GetGroup("g");
  EXPECT_EQ(group.servers_size(), 2);
  EXPECT_EQ(group.acknowledgers_size(), 1);
  EXPECT_TRUE(farm_.Get(FakeFarm::UuidOf(3)).source.empty());
  EXPECT_TRUE(farm_.Get(FakeFarm::UuidOf(3)).super_read_only);
}

TEST_F(ControllerServersTest, ADeadServerIsRemovedAllTheSame) {
  MakeGroup(3);
  farm_.Kill(FakeFarm::UuidOf(3));
  const auto removed = Remove(3);
  ASSERT_TRUE(removed.ok()) << removed.status();
  const v1::Operation ended = Wait(removed->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 1);
}

// A network that cuts 1 and 3 off, with their clients, leaves them acknowledging to each other.
TEST_F(ControllerServersTest, AnAcknowledgerOfASilentPrimaryStaysUnlessItsWritesAreSurrendered) {
  MakeGroup(3);
  farm_.Kill(FakeFarm::UuidOf(1));
  farm_.Kill(FakeFarm::UuidOf(3));
  const absl::Status refused = Remove(3).status();
  EXPECT_EQ(ErrorReason(refused), "PRIMARY_NOT_REACHED") << refused;
  EXPECT_TRUE(absl::StrContains(GetErrorDetail(refused)->next_step,
                                "weft group remove g s3:3306 --surrender"))
      << refused;
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 2);
  EXPECT_EQ(StatusOfServer("g", 3), "SECONDARY");

  const auto removed = Remove(3, /*surrender=*/true);
  ASSERT_TRUE(removed.ok()) << removed.status();
  const v1::Operation ended = Wait(removed->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_EQ(ended.kind(), "remove-with-surrender");
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 1);
  EXPECT_EQ(GetGroup("g").servers_size(), 2);
  EXPECT_TRUE(
      HasEvent("s3:3306 is removed with surrender while it may acknowledge writes of "
               "s1:3306: those of epoch 1 that only it has acknowledged may be lost"));
}

// It falls silent together with the server, after the request was let in.
TEST_F(ControllerServersTest, AnAcknowledgerStaysWhoseRemovalThePrimaryDoesNotSeeToItsEnd) {
  MakeGroup(3);
  Operation begun;
  begun.id = "a-removal";
  begun.kind = "remove";
  begun.group = "g";
  begun.server = FakeFarm::UuidOf(3).text();
  ASSERT_TRUE(process_->store().CreateOperation(begun).ok());
  farm_.Kill(FakeFarm::UuidOf(1));
  farm_.Kill(FakeFarm::UuidOf(3));
  StartAnother("two");  // and goes on with it
  Await("it has ended", [&] { return process_->store().GetOperation(begun.id)->done(); });
  EXPECT_EQ(process_->store().GetOperation(begun.id)->error_reason, "PRIMARY_NOT_REACHED");
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 2);
  EXPECT_EQ(StatusOfServer("g", 3), "SECONDARY");
}

TEST_F(ControllerServersTest, AnAcknowledgerStaysThatMayStillReceiveWithoutSayingSo) {
  MakeGroup(3);
  farm_.Edit(FakeFarm::UuidOf(3), [](auto& server) { server.rejects = true; });
  const auto removed = Remove(3);
  ASSERT_TRUE(removed.ok()) << removed.status();
  const v1::Operation ended = Wait(removed->operation());
  EXPECT_EQ(ended.error_reason(), "STILL_ACKNOWLEDGER") << ended.error_message();
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 2);
  EXPECT_EQ(StatusOfServer("g", 3), "SECONDARY");
}

TEST_F(ControllerServersTest, AnAcknowledgerIsLetGoInAWindowOfMaintenanceToo) {
  MakeGroup(3);
  const absl::Status opened = WithRecord(&process_->store(), "g", [&](Group record) {
    record.settings.maintenance[""] = {RealClock::Get()->Now() + absl::Hours(1), "disks", "admin"};
    return process_->store().UpdateGroup(record);
  });
  ASSERT_TRUE(opened.ok()) << opened;
  const auto removed = Remove(3);
  ASSERT_TRUE(removed.ok()) << removed.status();
  const v1::Operation ended = Wait(removed->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_EQ(GetGroup("g").acknowledgers_size(), 1);
}

// S25: what hangs there is not waited for.
TEST_F(ControllerServersTest, TheRemovalOfAServerThatHangsDelaysNoFailover) {
  MakeGroup(4);
  v1::UpdateServerRequest request = Change(4, "status");
  request.mutable_server()->set_status(v1::SPARE);
  ASSERT_TRUE(Update(request).ok());
  Await("no acknowledger any more", [&] { return GetGroup("g").acknowledgers_size() == 2; });
  ASSERT_TRUE(Activate("g").ok());
  Report({1, 2, 3, 4}, {});
  farm_.Hang(FakeFarm::UuidOf(4));
  const auto removed = Remove(4);
  ASSERT_TRUE(removed.ok()) << removed.status();
  Await("it is being told", [&] { return farm_.HasHung(FakeFarm::UuidOf(4)); });
  farm_.Kill(FakeFarm::UuidOf(1));
  Report({2, 3}, {1});
  Await("another primary", [this] { return IsPrimary("g", 2) || IsPrimary("g", 3); });
  farm_.Wake(FakeFarm::UuidOf(4));
  EXPECT_EQ(Wait(removed->operation()).state(), v1::Operation::SUCCEEDED);
}

TEST_F(ControllerServersTest, ThePrimaryAndTheLastAcknowledgerStay) {
  MakeGroup(2);
  EXPECT_EQ(ErrorReason(Remove(1).status()), "SERVER_IS_PRIMARY");
  EXPECT_EQ(ErrorReason(Remove(2).status()), "LAST_ACKNOWLEDGER");
  EXPECT_EQ(ErrorReason(Remove(9).status()), "UNKNOWN_SERVER");
}

TEST_F(ControllerServersTest, StatusModeAndWeightChangeAlongTheLegalTransitions) {
  MakeGroup(3);
  v1::UpdateServerRequest request = Change(3, "status");
  request.mutable_server()->set_status(v1::SPARE);
  const auto spare = Update(request);
  ASSERT_TRUE(spare.ok()) << spare.status();
  EXPECT_EQ(spare->status(), v1::SPARE);
  EXPECT_EQ(ErrorReason(Update(request).status()), "ILLEGAL_TRANSITION");
  request.mutable_server()->set_status(v1::PRIMARY);
  EXPECT_EQ(ErrorReason(Update(request).status()), "ILLEGAL_TRANSITION");

  request = Change(2, "mode");
  EXPECT_EQ(ErrorReason(Update(request).status()), "BAD_VALUE");
  request.mutable_server()->set_mode(v1::READ_WRITE);
  EXPECT_EQ(ErrorReason(Update(request).status()), "ILLEGAL_MODE");
  request.mutable_server()->set_mode(v1::OFFLINE);
  EXPECT_EQ(Update(request)->mode(), v1::OFFLINE);

  request = Change(2, "weight");
  request.mutable_server()->set_weight(0.25);
  EXPECT_EQ(Update(request)->weight(), 0.25);
  request.mutable_server()->set_weight(1.5);
  EXPECT_EQ(ErrorReason(Update(request).status()), "WEIGHT_OUT_OF_RANGE");
}

TEST_F(ControllerServersTest, APromotionRuleIsSetAndObeyed) {
  MakeGroup(3);
  v1::UpdateServerRequest request = Change(2, "promotion_rule");
  EXPECT_EQ(ErrorReason(Update(request).status()), "BAD_VALUE");
  request.mutable_server()->set_promotion_rule(v1::MUST_NOT);
  request.mutable_server()->set_weight(0.25);  // not in the mask
  const auto forbidden = Update(request);
  ASSERT_TRUE(forbidden.ok()) << forbidden.status();
  EXPECT_EQ(forbidden->promotion_rule(), v1::MUST_NOT);
  EXPECT_EQ(forbidden->weight(), 1);
  const absl::Status refused = Promote("g", 2).status();
  EXPECT_EQ(ErrorReason(refused), "PROMOTION_FORBIDDEN");
  EXPECT_EQ(GetErrorDetail(refused)->next_step,
            "weft server set s2:3306 --promotion-rule neutral, or name another server");
}

TEST_F(ControllerServersTest, ThePrimaryMayBeForbiddenAndStays) {
  MakeGroup(2);
  v1::UpdateServerRequest request = Change(1, "promotion_rule");
  request.mutable_server()->set_promotion_rule(v1::MUST_NOT);
  const auto forbidden = Update(request);
  ASSERT_TRUE(forbidden.ok()) << forbidden.status();
  EXPECT_EQ(forbidden->status(), v1::PRIMARY);
}

TEST_F(ControllerServersTest, AServerMayBeAddedWithItsPromotionRule) {
  MakeGroup(2);
  farm_.Add(3);
  v1::AddServerRequest request;
  request.set_group("g");
  request.set_address(FakeFarm::AddressOf(3).ToString());
  request.set_promotion_rule(v1::PREFER_NOT);
  const auto added = Call(*servers_, &v1::Servers::Stub::AddServer, request);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->server().promotion_rule(), v1::PREFER_NOT);
}

TEST_F(ControllerServersTest, OnlyWhatIsAwayCanRejoin) {
  MakeGroup(2);
  v1::RejoinServerRequest request;
  request.set_server("s2:3306");
  EXPECT_EQ(ErrorReason(Call(*servers_, &v1::Servers::Stub::RejoinServer, request).status()),
            "NOT_SET_ASIDE");
}

TEST_F(ControllerServersTest, ListsByGroupStatusAndMode) {
  MakeGroup(3);
  v1::ListServersRequest request;
  request.set_status(v1::SECONDARY);
  request.set_page_size(1);
  const auto first = Call(*servers_, &v1::Servers::Stub::ListServers, request);
  ASSERT_EQ(first->servers_size(), 1);
  EXPECT_EQ(first->servers(0).address(), "s2:3306");
  request.set_page_token(first->next_page_token());
  const auto second = Call(*servers_, &v1::Servers::Stub::ListServers, request);
  ASSERT_EQ(second->servers_size(), 1);
  EXPECT_EQ(second->servers(0).address(), "s3:3306");
  EXPECT_EQ(second->next_page_token(), "");
  request.set_group("nosuch");
  EXPECT_EQ(ErrorReason(Call(*servers_, &v1::Servers::Stub::ListServers, request).status()),
            "UNKNOWN_GROUP");
}

TEST_F(ControllerServersTest, ATopologyThatRunsIsAdoptedAsItIs) {
  for (const int n : {1, 2, 3}) farm_.Add(n);
  farm_.Edit(FakeFarm::UuidOf(1), [](auto& server) { server.super_read_only = false; });
  for (const int n : {2, 3}) {
    farm_.Edit(FakeFarm::UuidOf(n), [](auto& server) {
      server.source = FakeFarm::UuidOf(1);
      server.receiver_on = true;
    });
  }
  ASSERT_TRUE(farm_.WriteOn(FakeFarm::UuidOf(1)));
  v1::AdoptGroupRequest request;
  request.set_group_id("g");
  request.set_address("s3");
  request.set_validate_only(true);
  const auto foreseen = Call(*groups_, &v1::Groups::Stub::AdoptGroup, request);
  ASSERT_TRUE(foreseen.ok()) << foreseen.status();
  EXPECT_EQ(foreseen->group().servers_size(), 3);
  EXPECT_EQ(GetGroup("g").id(), "");
  request.set_validate_only(false);
  const auto adopted = Call(*groups_, &v1::Groups::Stub::AdoptGroup, request);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  const v1::Operation ended = Wait(adopted->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_TRUE(IsPrimary("g", 1));
  EXPECT_EQ(GetGroup("g").effective_durability(), "lossless");
  for (const std::string& step : farm_.Applied()) {
    EXPECT_FALSE(absl::StrContains(step, "fence " + FakeFarm::UuidOf(1).text())) << step;
  }
}

}  // namespace
}  // namespace weft::controller
