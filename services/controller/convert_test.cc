#include "services/controller/convert.h"

#include <string>

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

const ServerUuid kUuid = ServerUuid::Parse("11111111-0000-4000-8000-000000000000").value();

TEST(NamesTest, AreReadWithAndWithoutTheirCollection) {
  EXPECT_EQ(*GroupIdOf("groups/g"), "g");
  EXPECT_EQ(*GroupIdOf("g"), "g");
  EXPECT_EQ(*OperationIdOf("operations/" + kUuid.text()), kUuid.text());
  EXPECT_EQ(ServerReferenceOf("servers/" + kUuid.text())->uuid, kUuid);
  EXPECT_EQ(ServerReferenceOf("11111111-0000-4000-8000-00000000000A")->uuid.text(),
            "11111111-0000-4000-8000-00000000000a");
  EXPECT_EQ(ServerReferenceOf("db1:3307")->address, (HostPort{"db1", 3307}));
  EXPECT_EQ(ServerReferenceOf("[::1]:3307")->address, (HostPort{"::1", 3307}));
}

TEST(NamesTest, SayWhatWasExpected) {
  EXPECT_EQ(ErrorReason(OperationIdOf("17").status()), "MALFORMED_OPERATION");
  EXPECT_EQ(ErrorReason(ServerReferenceOf("").status()), "MALFORMED_SERVER");
  EXPECT_FALSE(GroupIdOf("groups/a b").ok());
}

TEST(ConvertTest, AServerThatIsRewoundOrRebuiltIsFaultyToClientsUntilItIsBack) {
  Group group;
  Server server;
  server.uuid = kUuid;
  server.status = ServerStatus::kConfiguring;
  group.servers = {server};
  EXPECT_EQ(RouteOf(group).servers(0).status(), v1::CONFIGURING);
  group.servers[0].set_aside = "errant";
  EXPECT_EQ(RouteOf(group).servers(0).status(), v1::FAULTY);
}

TEST(ConvertTest, ASecondaryThatTakesNoReadsForNowIsOfflineToClients) {
  Group group;
  Server server;
  server.uuid = kUuid;
  group.servers = {server};
  EXPECT_EQ(RouteOf(group).servers(0).mode(), v1::READ_ONLY);
  EXPECT_EQ(RouteOf(group, {kUuid}).servers(0).mode(), v1::OFFLINE);
  EXPECT_EQ(RouteOf(group, {kUuid}).servers(0).status(), v1::SECONDARY);
  // It has been promoted since.
  group.servers[0].status = ServerStatus::kPrimary;
  group.servers[0].mode = ServerMode::kReadWrite;
  EXPECT_EQ(RouteOf(group, {kUuid}).servers(0).mode(), v1::READ_WRITE);
}

TEST(ConvertTest, ScalarsComeBackAsTheyWere) {
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  EXPECT_EQ(FromProto(ToProto(time)), time);
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(1500), absl::Nanoseconds(7), absl::Hours(30)}) {
    EXPECT_EQ(FromProto(ToProto(duration)), duration);
  }
  for (const ServerStatus status :
       {ServerStatus::kSpare, ServerStatus::kSecondary, ServerStatus::kPrimary,
        ServerStatus::kFaulty, ServerStatus::kConfiguring}) {
    EXPECT_EQ(FromProto(ToProto(status)), status);
  }
  for (const ServerMode mode : {ServerMode::kOffline, ServerMode::kReadOnly, ServerMode::kWriteOnly,
                                ServerMode::kReadWrite}) {
    EXPECT_EQ(FromProto(ToProto(mode)), mode);
  }
  for (const PromotionRule rule : {PromotionRule::kPrefer, PromotionRule::kNeutral,
                                   PromotionRule::kPreferNot, PromotionRule::kMustNot}) {
    EXPECT_EQ(FromProto(ToProto(rule)), rule);
    EXPECT_EQ(v1::PromotionRule_Name(ToProto(rule)), ToString(rule));
  }
  EXPECT_FALSE(FromProto(v1::PROMOTION_RULE_UNSPECIFIED).has_value());
  EXPECT_FALSE(FromProto(v1::SERVER_STATUS_UNSPECIFIED).has_value());
  EXPECT_FALSE(FromProto(v1::SERVER_MODE_UNSPECIFIED).has_value());
  EXPECT_FALSE(FromProto(v1::DURABILITY_UNSPECIFIED).has_value());
}

TEST(ConvertTest, AReportOfAMonitorComesBackAsItWas) {
  v1::ServerReport report;
  report.set_uuid(kUuid.text());
  report.set_address("db1:3306");
  report.set_contact(v1::ServerReport::UNREACHABLE);
  report.set_refused(true);
  report.set_error("gone");
  report.set_receiver("on");
  *report.mutable_lag() = ToProto(absl::Seconds(3));
  const absl::StatusOr<HealthTable::Entry> entry = FromProto(report);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(entry->contact, Contact::kUnreachable);
  const v1::ServerReport again = ToProto(*entry).report();
  EXPECT_EQ(again.address(), "db1:3306");
  EXPECT_TRUE(again.refused());
  EXPECT_EQ(FromProto(again.lag()), absl::Seconds(3));
  report.set_uuid("nonsense");
  EXPECT_FALSE(FromProto(report).ok());
}

TEST(ConvertTest, AContactThatIsNotKnownIsNoProofOfDeath) {
  v1::ServerReport report;
  report.set_uuid(kUuid.text());
  report.set_contact(static_cast<v1::ServerReport::Contact>(99));
  EXPECT_EQ(FromProto(report)->contact, Contact::kRejected);
}

TEST(ConvertTest, OnlyWhatWasLookedAtHasHealth) {
  Group group;
  group.id = "g";
  Server server;
  server.uuid = kUuid;
  group.servers = {server};
  EXPECT_FALSE(ToProto(group).servers(0).has_health());
  Snapshot look;
  look.group = group;
  look.seen[kUuid].contact = Contact::kAnswered;
  look.seen[kUuid].replication.configured = true;
  look.seen[kUuid].replication.receiver = ThreadState::kConnecting;
  const v1::Group seen = ToProto(group, &look, absl::UnixEpoch());
  EXPECT_EQ(seen.servers(0).health().contact(), "answered");
  EXPECT_EQ(seen.servers(0).health().receiver(), "connecting");
  EXPECT_FALSE(seen.effective_durability().empty());
}

TEST(ConvertTest, AGroupThatWasNotLookedAtHasTheDurabilityThatItsRecordKnows) {
  Group group;
  group.id = "g";
  EXPECT_EQ(ToProto(group).effective_durability(), "async: the group has no primary");
  group.durability = Durability::kAsync;
  EXPECT_EQ(ToProto(group).effective_durability(), "async");
}

TEST(ConvertTest, APlanThatWaitsSaysForWhat) {
  Plan plan;
  plan.waiting_for = "the cool-down";
  const v1::PlannedPhase phase = PhaseOf(plan, Group());
  EXPECT_EQ(phase.phase(), "wait");
  ASSERT_EQ(phase.steps_size(), 1);
  EXPECT_EQ(phase.steps(0), "for the cool-down");
}

TEST(ConvertTest, ARefusalBecomesAStatusWithItsReasonAndServers) {
  const absl::Status status = StatusOf(Refusal{"NO_CANDIDATE", "none is fit", "add one", {kUuid}});
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  const ErrorDetail detail = *GetErrorDetail(status);
  EXPECT_EQ(detail.reason, "NO_CANDIDATE");
  EXPECT_EQ(detail.next_step, "add one");
  EXPECT_EQ(detail.metadata.at("servers"), kUuid.text());
}

TEST(ConvertTest, AnOperationThatNobodyAskedForIsWefts) {
  Operation operation;
  operation.state = OperationState::kFailed;
  operation.error_reason = "X";
  const v1::Operation proto = ToProto(operation);
  EXPECT_EQ(proto.user(), "weft");
  EXPECT_EQ(proto.state(), v1::Operation::FAILED);
  EXPECT_NE(proto.error_code(), 0);
}

}  // namespace
}  // namespace weft::controller
