// Groups through the API: their life, their changes of primary, what is refused and how.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

class ControllerGroupsTest : public ControllerFixture {
 protected:
  absl::StatusOr<v1::Group> Update(const v1::UpdateGroupRequest& request) {
    return Call(*groups_, &v1::Groups::Stub::UpdateGroup, request);
  }
  v1::ExplainDurabilityResponse Durability() {
    v1::ExplainDurabilityRequest request;
    request.set_name("g");
    const auto proof = Call(*groups_, &v1::Groups::Stub::ExplainDurability, request);
    EXPECT_TRUE(proof.ok()) << proof.status();
    return proof.ok() ? *proof : v1::ExplainDurabilityResponse();
  }
  absl::Status Destroy(const std::string& group, bool force, const std::string& etag = "") {
    v1::DestroyGroupRequest request;
    request.set_name(group);
    request.set_force(force);
    request.set_etag(etag);
    return Call(*groups_, &v1::Groups::Stub::DestroyGroup, request).status();
  }
};

TEST_F(ControllerGroupsTest, AGroupLivesFromCreationToDestruction) {
  const absl::StatusOr<v1::Group> created = CreateGroup("g");
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->name(), "groups/g");
  EXPECT_EQ(created->durability(), v1::LOSSLESS);
  EXPECT_EQ(created->acknowledgements(), 1u);
  EXPECT_EQ(ErrorReason(CreateGroup("g").status()), "GROUP_EXISTS");
  EXPECT_EQ(GetGroup("groups/g").id(), "g");
  EXPECT_TRUE(Destroy("g", false).ok());
  EXPECT_EQ(ErrorReason(Destroy("g", false)), "UNKNOWN_GROUP");
}

TEST_F(ControllerGroupsTest, ARepeatedCreationActsOnce) {
  v1::CreateGroupRequest request;
  request.set_group_id("g");
  request.set_request_id("once");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Call(*groups_, &v1::Groups::Stub::CreateGroup, request).ok());
  }
}

TEST_F(ControllerGroupsTest, NamesThatTheWireCannotCarryAreRefused) {
  for (const std::string& name : {std::string("a\"b"), std::string(65, 'g'), std::string()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CreateGroup(name).status())) << name;
  }
}

TEST_F(ControllerGroupsTest, ValidateOnlyChangesNothing) {
  v1::CreateGroupRequest request;
  request.set_group_id("g");
  request.set_validate_only(true);
  EXPECT_TRUE(Call(*groups_, &v1::Groups::Stub::CreateGroup, request).ok());
  EXPECT_TRUE(CreateGroup("g").ok());
  EXPECT_EQ(ErrorReason(Call(*groups_, &v1::Groups::Stub::CreateGroup, request).status()),
            "GROUP_EXISTS");
}

TEST_F(ControllerGroupsTest, ListsPageByPageInOrder) {
  for (const char* id : {"c", "a", "b"}) ASSERT_TRUE(CreateGroup(id).ok());
  v1::ListGroupsRequest request;
  request.set_page_size(2);
  const auto first = Call(*groups_, &v1::Groups::Stub::ListGroups, request);
  ASSERT_EQ(first->groups_size(), 2);
  EXPECT_EQ(first->groups(0).id() + first->groups(1).id(), "ab");
  request.set_page_token(first->next_page_token());
  const auto second = Call(*groups_, &v1::Groups::Stub::ListGroups, request);
  ASSERT_EQ(second->groups_size(), 1);
  EXPECT_EQ(second->groups(0).id(), "c");
  EXPECT_EQ(second->next_page_token(), "");
  request.set_page_size(-1);
  EXPECT_TRUE(
      absl::IsInvalidArgument(Call(*groups_, &v1::Groups::Stub::ListGroups, request).status()));
}

TEST_F(ControllerGroupsTest, AnUpdateChangesWhatItsMaskNamesIfTheEtagHolds) {
  const std::string etag = CreateGroup("g")->etag();
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name("groups/g");
  request.mutable_group()->set_description("new");
  request.mutable_group()->set_durability(v1::ASYNC);
  EXPECT_EQ(ErrorReason(Update(request).status()), "BAD_FIELD_MASK");
  request.mutable_update_mask()->add_paths("description");
  request.mutable_group()->set_etag(etag);
  const absl::StatusOr<v1::Group> updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->description(), "new");
  EXPECT_EQ(updated->durability(), v1::LOSSLESS);
  request.mutable_group()->set_description("newer");
  EXPECT_EQ(ErrorReason(Update(request).status()), "ETAG_MOVED");
  // A mask that names a field without a value must not take a default for it.
  v1::UpdateGroupRequest empty;
  empty.mutable_group()->set_name("g");
  empty.mutable_update_mask()->add_paths("durability");
  EXPECT_EQ(ErrorReason(Update(empty).status()), "BAD_VALUE");
  request.mutable_update_mask()->add_paths("primary");
  EXPECT_EQ(ErrorReason(Update(request).status()), "BAD_FIELD_MASK");
}

TEST_F(ControllerGroupsTest, AGroupWithServersIsDestroyedOnlyByForce) {
  MakeGroup(2);
  EXPECT_EQ(ErrorReason(Destroy("g", false)), "GROUP_NOT_EMPTY");
  EXPECT_TRUE(Destroy("g", true).ok());
  // They go on as they are.
  EXPECT_FALSE(farm_.Get(FakeFarm::UuidOf(1)).super_read_only);
  EXPECT_TRUE(farm_.Get(FakeFarm::UuidOf(2)).receiver_on);
  EXPECT_EQ(GetGroup("g").id(), "");
}

TEST_F(ControllerGroupsTest, APromotionMakesOnePrimaryThatOthersFollow) {
  MakeGroup(3);
  const v1::Group group = GetGroup("g");
  EXPECT_EQ(group.epoch(), 1u);
  EXPECT_EQ(group.effective_durability(), "lossless");
  EXPECT_EQ(Call(*groups_, &v1::Groups::Stub::ListGroups, v1::ListGroupsRequest())
                ->groups(0)
                .effective_durability(),
            "lossless");
  EXPECT_EQ(group.acknowledgers_size(), 2);
  EXPECT_TRUE(IsPrimary("g", 1));
  EXPECT_FALSE(farm_.Get(FakeFarm::UuidOf(1)).super_read_only);
  for (const int n : {2, 3}) {
    EXPECT_EQ(farm_.Get(FakeFarm::UuidOf(n)).source, FakeFarm::UuidOf(1));
    EXPECT_TRUE(farm_.Get(FakeFarm::UuidOf(n)).super_read_only);
  }
}

TEST_F(ControllerGroupsTest, ASwitchoverMovesThePrimaryAndTellsItsFigures) {
  MakeGroup(3);
  const auto promoted = Promote("g", 2);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  const v1::Operation ended = Wait(promoted->operation());
  EXPECT_EQ(ended.state(), v1::Operation::SUCCEEDED) << ended.error_message();
  EXPECT_TRUE(IsPrimary("g", 2));
  EXPECT_EQ(StatusOfServer("g", 1), "SECONDARY");
  EXPECT_NE(ended.result_json().find("\"lost_transactions\":0"), std::string::npos);
  EXPECT_NE(ended.result_json().find("write_stop_ms"), std::string::npos);
  EXPECT_NE(ended.result_json().find(FakeFarm::UuidOf(2).text()), std::string::npos);
}

TEST_F(ControllerGroupsTest, ADryRunShowsThePhasesAndTouchesNothing) {
  MakeGroup(3);
  const size_t applied = farm_.Applied().size();
  v1::PromoteGroupRequest request;
  request.set_name("g");
  request.set_server(FakeFarm::AddressOf(2).ToString());
  request.set_validate_only(true);
  const auto foreseen = Call(*groups_, &v1::Groups::Stub::PromoteGroup, request);
  ASSERT_TRUE(foreseen.ok()) << foreseen.status();
  EXPECT_FALSE(foreseen->has_operation());
  std::vector<std::string> phases;
  for (const v1::PlannedPhase& phase : foreseen->plan()) {
    phases.push_back(phase.phase());
    for (const std::string& step : phase.steps()) {
      EXPECT_FALSE(absl::StrContains(step, "-0000-4000-")) << "a uuid for a name: " << step;
    }
  }
  ASSERT_GE(phases.size(), 4u);
  EXPECT_EQ(phases[0], "begin");
  EXPECT_EQ(phases[1], "move replicas");
  EXPECT_EQ(phases[2], "stop writes");
  EXPECT_EQ(phases.back(), "finish");
  EXPECT_EQ(farm_.Applied().size(), applied);
  EXPECT_TRUE(IsPrimary("g", 1));
}

TEST_F(ControllerGroupsTest, APromotionIsRefusedAtOnceWhereItCannotBe) {
  MakeGroup(3);
  farm_.Kill(FakeFarm::UuidOf(2));
  EXPECT_EQ(ErrorReason(Promote("g", 2).status()), "TARGET_NOT_REACHED");
  EXPECT_EQ(ErrorReason(Promote("g", 1).status()), "ALREADY_PRIMARY");
  EXPECT_EQ(ErrorReason(Promote("g", 9).status()), "UNKNOWN_SERVER");
  EXPECT_EQ(ErrorReason(Promote("nosuch").status()), "UNKNOWN_GROUP");
}

TEST_F(ControllerGroupsTest, WhatACallerExpectsIsCompared) {
  MakeGroup(2);
  v1::PromoteGroupRequest request;
  request.set_name("g");
  request.set_expected_epoch(7);
  EXPECT_EQ(ErrorReason(Call(*groups_, &v1::Groups::Stub::PromoteGroup, request).status()),
            "EPOCH_MOVED");
  request.set_expected_epoch(1);
  request.set_expected_primary(absl::StrCat("servers/", FakeFarm::UuidOf(2).text()));
  const absl::Status status = Call(*groups_, &v1::Groups::Stub::PromoteGroup, request).status();
  EXPECT_EQ(ErrorReason(status), "PRIMARY_MOVED");
  EXPECT_TRUE(absl::IsAborted(status));
}

TEST_F(ControllerGroupsTest, ARepeatedPromotionIsOneOperation) {
  MakeGroup(3);
  v1::PromoteGroupRequest request;
  request.set_name("g");
  request.set_request_id("wish");
  const auto first = Call(*groups_, &v1::Groups::Stub::PromoteGroup, request);
  const auto second = Call(*groups_, &v1::Groups::Stub::PromoteGroup, request);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->operation().name(), second->operation().name());
  EXPECT_EQ(Wait(first->operation()).state(), v1::Operation::SUCCEEDED);
  EXPECT_EQ(GetGroup("g").epoch(), 2u);
}

TEST_F(ControllerGroupsTest, ADemotionLeavesNobodyWritable) {
  MakeGroup(2);
  v1::DemoteGroupRequest request;
  request.set_name("g");
  const auto demoted = Call(*groups_, &v1::Groups::Stub::DemoteGroup, request);
  ASSERT_TRUE(demoted.ok()) << demoted.status();
  EXPECT_EQ(Wait(demoted->operation()).state(), v1::Operation::SUCCEEDED);
  EXPECT_EQ(GetGroup("g").primary(), "");
  EXPECT_TRUE(farm_.Get(FakeFarm::UuidOf(1)).super_read_only);
  EXPECT_EQ(ErrorReason(Call(*groups_, &v1::Groups::Stub::DemoteGroup, request).status()),
            "NO_PRIMARY");
}

TEST_F(ControllerGroupsTest, AnExplanationNamesWhatIsWrongAndWhatIsDoneAboutIt) {
  MakeGroup(3);
  v1::ExplainGroupRequest request;
  request.set_name("g");
  EXPECT_TRUE(Call(*groups_, &v1::Groups::Stub::ExplainGroup, request)->settled());
  farm_.Kill(FakeFarm::UuidOf(1));
  const auto explained = Call(*groups_, &v1::Groups::Stub::ExplainGroup, request);
  ASSERT_TRUE(explained.ok());
  ASSERT_GE(explained->findings_size(), 1);
  EXPECT_EQ(explained->findings(0).code(), "PRIMARY_DEAD");
}

TEST_F(ControllerGroupsTest, TheProofNamesWhoCouldAcknowledgeAndWhoIsMissing) {
  MakeGroup(3);
  const v1::ExplainDurabilityResponse settled = Durability();
  EXPECT_TRUE(settled.proven()) << settled.message();
  EXPECT_EQ(settled.group(), "groups/g");
  EXPECT_EQ(settled.effective_durability(), "lossless");
  EXPECT_EQ(settled.policy(), v1::LOSSLESS);
  EXPECT_EQ(settled.acknowledgements(), 1u);
  EXPECT_EQ(settled.epoch(), 1u);
  EXPECT_TRUE(settled.primary_reached() && settled.has_look_time());
  ASSERT_EQ(settled.witnesses_size(), 2);
  for (const v1::DurabilityWitness& witness : settled.witnesses()) {
    EXPECT_TRUE(witness.in_group() && witness.may_acknowledge() && witness.acknowledges_now());
    EXPECT_TRUE(witness.reached() && witness.counts());
    EXPECT_EQ(witness.lacks(), 0u);
  }
  farm_.Kill(FakeFarm::UuidOf(2));
  const v1::ExplainDurabilityResponse missing = Durability();
  EXPECT_FALSE(missing.proven());
  EXPECT_EQ(missing.reason(), "NOT_REACHED_ACKNOWLEDGER");
  ASSERT_EQ(missing.missing_size(), 1);
  EXPECT_EQ(missing.missing(0), "servers/" + FakeFarm::UuidOf(2).text());
  EXPECT_EQ(missing.witnesses(0).address(), "s2:3306");
  EXPECT_EQ(missing.witnesses(0).unproven(), "does not answer: connection refused");
  process_->store().SetUnavailable(true);
  EXPECT_EQ(Durability().reason(), "NOT_REACHED_ACKNOWLEDGER") << "by the last look";
}

TEST_F(ControllerGroupsTest, AForeignAcknowledgerTakesTheClaimAwayAndGivesItBackWhenItGoes) {
  MakeGroup(2);
  farm_.Edit(farm_.Add(7), [](FakeFarm::FakeServer& server) {
    server.source = FakeFarm::UuidOf(1);
    server.receiver_on = server.replica_enabled = true;
  });
  Await("it stays", [&] { return Durability().reason() == "UNKNOWN_ACKNOWLEDGER"; });
  const v1::ExplainDurabilityResponse proof = Durability();
  ASSERT_EQ(proof.witnesses_size(), 2);
  EXPECT_EQ(proof.witnesses(1).server(), "servers/" + FakeFarm::UuidOf(7).text());
  EXPECT_FALSE(proof.witnesses(1).in_group());
  EXPECT_TRUE(proof.witnesses(1).may_acknowledge());
  EXPECT_TRUE(absl::StartsWith(GetGroup("g").effective_durability(), "async: 2 semi-sync"));
  farm_.Kill(FakeFarm::UuidOf(7));
  EXPECT_TRUE(Durability().proven());
  EXPECT_EQ(GetGroup("g").effective_durability(), "lossless");
}

TEST_F(ControllerGroupsTest, RaisingTheAcknowledgementsPutsWhatWasWrittenBelowTheWatermark) {
  MakeGroup(3);
  ASSERT_TRUE(farm_.WriteOn(FakeFarm::UuidOf(1)));
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name("groups/g");
  request.mutable_group()->set_acknowledgements(2);
  request.mutable_update_mask()->add_paths("acknowledgements");
  ASSERT_TRUE(Update(request).ok());
  const v1::Group group = GetGroup("g");
  EXPECT_EQ(group.acknowledgements(), 2u);
  EXPECT_EQ(group.watermark(), farm_.Get(FakeFarm::UuidOf(1)).executed.ToString());
  EXPECT_EQ(farm_.Get(FakeFarm::UuidOf(1)).wait_for, 2u);
  request.mutable_group()->set_acknowledgements(3);
  EXPECT_EQ(ErrorReason(Update(request).status()), "NOT_ENOUGH_ACKNOWLEDGERS");
}

// Its primary still waits for one, and the record does not say yet that nobody counts.
TEST_F(ControllerGroupsTest, ItIsRefusedWhileThePrimaryOfAGroupMadeAsynchronousIsSilent) {
  MakeGroup(3);
  farm_.Kill(FakeFarm::UuidOf(1));
  v1::UpdateGroupRequest request;
  request.mutable_group()->set_name("groups/g");
  request.mutable_group()->set_durability(v1::ASYNC);
  request.mutable_update_mask()->add_paths("durability");
  ASSERT_TRUE(Update(request).ok());
  request.mutable_group()->set_acknowledgements(2);
  request.mutable_update_mask()->add_paths("acknowledgements");
  EXPECT_FALSE(Update(request).ok());
  EXPECT_EQ(GetGroup("g").acknowledgements(), 1u);
}

}  // namespace
}  // namespace weft::controller
