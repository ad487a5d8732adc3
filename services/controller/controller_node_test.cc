// The node: streams, operations, the state store's absence, several controllers, accounts.
#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "gtest/gtest.h"
#include "services/controller/backup_file.h"
#include "services/controller/ports/inventory_rows.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

InventoryImage SixMachines() {
  InventoryImage image = {{"provider", {RowOf("provider", {{"id", "p"}})}}};
  for (int i = 0; i < 6; ++i) {
    image["machine"].push_back(RowOf("machine", {{"uuid", absl::StrCat("m", i)}}));
  }
  return image;
}

class ControllerNodeTest : public ControllerFixture {
 protected:
  v1::NodeStatus Status() {
    return Call(*node_, &v1::Node::Stub::GetNodeStatus, v1::GetNodeStatusRequest())
        .value_or(v1::NodeStatus());
  }
  static v1::HealthReport FirstRound(const std::string& observer,
                                     const std::string& instance = "") {
    v1::HealthReport report;
    report.set_observer(observer);
    report.set_instance(instance);
    report.set_full_round(true);
    return report;
  }
};

TEST_F(ControllerNodeTest, WatchersOfTheTopologyGetAllAndThenWhatChanges) {
  MakeGroup(2);
  grpc::ClientContext context;
  const auto stream = topology_->WatchTopology(&context, v1::WatchTopologyRequest());
  v1::TopologyUpdate update;
  ASSERT_TRUE(stream->Read(&update));
  EXPECT_TRUE(update.complete());
  ASSERT_EQ(update.groups_size(), 1);
  const uint64_t first = update.version();
  ASSERT_TRUE(CreateGroup("h").ok());
  ASSERT_TRUE(stream->Read(&update));
  EXPECT_FALSE(update.complete());
  EXPECT_EQ(update.groups(0).name(), "groups/h");
  EXPECT_GT(update.version(), first);
  context.TryCancel();
  stream->Finish();
}

TEST_F(ControllerNodeTest, StreamsEndWhenTheProcessDrains) {
  grpc::ClientContext context;
  const auto stream = topology_->WatchTopology(&context, v1::WatchTopologyRequest());
  v1::TopologyUpdate update;
  ASSERT_TRUE(stream->Read(&update));
  process_->controller().EndStreams();
  EXPECT_FALSE(stream->Read(&update));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ControllerNodeTest, AnOperationIsWatchedToItsEnd) {
  MakeGroup(2);
  const auto promoted = Promote("g", 2);
  ASSERT_TRUE(promoted.ok()) << promoted.status();
  v1::GetOperationRequest request;
  request.set_name(promoted->operation().name());
  grpc::ClientContext context;
  const auto stream = operations_->WatchOperation(&context, request);
  v1::Operation operation;
  double progress = -1;
  while (stream->Read(&operation)) {
    EXPECT_GE(operation.progress(), progress);
    progress = operation.progress();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(operation.state(), v1::Operation::SUCCEEDED);
  EXPECT_EQ(operation.progress(), 1);
}

TEST_F(ControllerNodeTest, WatchingWhatIsNotThereSaysSo) {
  v1::GetOperationRequest request;
  request.set_name("00000000-0000-4000-8000-00000000000f");
  grpc::ClientContext context;
  v1::Operation operation;
  const auto stream = operations_->WatchOperation(&context, request);
  EXPECT_FALSE(stream->Read(&operation));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ControllerNodeTest, WithoutTheStoreReadsGoOnAndChangesFailAtOnce) {
  MakeGroup(2);
  process_->store().SetUnavailable(true);
  EXPECT_EQ(GetGroup("g").servers_size(), 2);
  EXPECT_TRUE(Call(*topology_, &v1::Topology::Stub::GetTopology, v1::GetTopologyRequest()).ok());
  EXPECT_EQ(Call(*groups_, &v1::Groups::Stub::ListGroups, v1::ListGroupsRequest())->groups_size(),
            1);
  EXPECT_TRUE(absl::IsUnavailable(CreateGroup("h").status()));
  EXPECT_TRUE(absl::IsUnavailable(Promote("g", 2).status()));
  EXPECT_FALSE(Status().store_reachable());
  process_->store().SetUnavailable(false);
  Await("it leads again", [this] { return Status().leading(); });
  EXPECT_TRUE(CreateGroup("h").ok());
}

TEST_F(ControllerNodeTest, ANodeWithoutSchemaSaysWhatToDoAndIsSetUp) {
  MemoryDatabase::Options options;
  options.set_up = false;
  database_ = std::make_shared<MemoryDatabase>(options);
  process_.reset();
  process_ = std::make_unique<TestController>("bare", database_, &farm_);
  groups_ = v1::Groups::NewStub(process_->channel());
  node_ = v1::Node::NewStub(process_->channel());
  Await("the store was asked",
        [this] { return ErrorReason(CreateGroup("g").status()) == "NO_SCHEMA"; });
  EXPECT_EQ(Status().schema_found(), 0);
  const auto set_up = Call(*node_, &v1::Node::Stub::SetUpStore, v1::SetUpStoreRequest());
  ASSERT_TRUE(set_up.ok()) << set_up.status();
  EXPECT_TRUE(set_up->leading());
  EXPECT_TRUE(CreateGroup("g").ok());
}

TEST_F(ControllerNodeTest, ATearDownHasToBeConfirmedAndForgetsEverything) {
  ASSERT_TRUE(CreateGroup("g").ok());
  v1::TearDownStoreRequest request;
  EXPECT_EQ(ErrorReason(Call(*node_, &v1::Node::Stub::TearDownStore, request).status()),
            "NOT_CONFIRMED");
  request.set_confirm("destroy all state");
  EXPECT_TRUE(Call(*node_, &v1::Node::Stub::TearDownStore, request).ok());
  EXPECT_EQ(GetGroup("g").id(), "");
}

TEST_F(ControllerNodeTest, ATearDownForgetsMachinesOnlyWhenToldTo) {
  const auto backup = Call(*node_, &v1::Node::Stub::BackUpStore, v1::BackUpStoreRequest());
  ASSERT_TRUE(backup.ok()) << backup.status();
  auto image = DecodeBackup(backup->backup());
  ASSERT_TRUE(image.ok()) << image.status();
  image->inventory = SixMachines();
  v1::RestoreStoreRequest restore;
  restore.set_backup(EncodeBackup(*image));
  const auto restored = Call(*node_, &v1::Node::Stub::RestoreStore, restore);
  ASSERT_TRUE(restored.ok()) << restored.status();
  v1::TearDownStoreRequest request;
  request.set_confirm("destroy all state");
  const absl::Status refused = Call(*node_, &v1::Node::Stub::TearDownStore, request).status();
  EXPECT_EQ(ErrorReason(refused), "MACHINES_LISTED");
  EXPECT_EQ(GetErrorDetail(refused)->found, "m0, m1, m2, m3, m4 and 1 more");
  request.set_abandon_machines(true);
  EXPECT_TRUE(Call(*node_, &v1::Node::Stub::TearDownStore, request).ok());
  EXPECT_EQ(Status().schema_found(), 0);
}

TEST_F(ControllerNodeTest, OneOfTwoLeadsAndTheOtherAnswersReads) {
  MakeGroup(2);
  TestController other("two", database_, &farm_);
  const auto groups = v1::Groups::NewStub(other.channel());
  v1::GetGroupRequest get;
  get.set_name("g");
  Await("the other has read the groups",
        [&] { return Call(*groups, &v1::Groups::Stub::GetGroup, get).ok(); });
  v1::CreateGroupRequest create;
  create.set_group_id("h");
  const absl::Status refused = Call(*groups, &v1::Groups::Stub::CreateGroup, create).status();
  EXPECT_EQ(ErrorReason(refused), "NOT_LEADING");
  EXPECT_EQ(GetErrorDetail(refused)->metadata.at("leader"), "one");
  const auto node = v1::Node::NewStub(other.channel());
  v1::TearDownStoreRequest tear_down;
  tear_down.set_confirm("destroy all state");
  EXPECT_EQ(ErrorReason(Call(*node, &v1::Node::Stub::TearDownStore, tear_down).status()),
            "NOT_LEADING");
  // The leader dies without a word.
  process_->Cut();
  Await("the other leads",
        [&] { return Call(*groups, &v1::Groups::Stub::CreateGroup, create).ok(); });
}

TEST_F(ControllerNodeTest, APasswordIsRotatedOnTheServersAndThenInItsFile) {
  const std::string file = ::testing::TempDir() + "/manage-secret";
  std::ofstream(file) << "old\n";
  chmod(file.c_str(), 0600);
  process_.reset();
  process_ = std::make_unique<TestController>("rotating", database_, &farm_,
                                              std::map<std::string, std::string>{{"manage", file}});
  Connect();
  MakeGroup(2);
  v1::RotateAccountRequest request;
  request.set_duty("sweep");
  EXPECT_EQ(ErrorReason(Call(*node_, &v1::Node::Stub::RotateAccount, request).status()),
            "UNKNOWN_DUTY");
  request.set_duty("backup");
  EXPECT_EQ(ErrorReason(Call(*node_, &v1::Node::Stub::RotateAccount, request).status()),
            "NO_PASSWORD_FILE");
  request.set_duty("manage");
  const auto rotated = Call(*node_, &v1::Node::Stub::RotateAccount, request);
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_EQ(rotated->changed_size(), 2);
  std::string now;
  std::ifstream(file) >> now;
  EXPECT_NE(now, "old");
  farm_.Kill(FakeFarm::UuidOf(2));
  EXPECT_EQ(ErrorReason(Call(*node_, &v1::Node::Stub::RotateAccount, request).status()),
            "SERVERS_SILENT");
  unlink(file.c_str());
}

TEST_F(ControllerNodeTest, MonitorsAreToldToWatchTheServersOfActiveGroups) {
  MakeGroup(2);
  grpc::ClientContext context;
  const auto stream = health_->Report(&context);
  ASSERT_TRUE(stream->Write(FirstRound("m")));
  v1::WatchList list;
  ASSERT_TRUE(stream->Read(&list));
  EXPECT_EQ(list.servers_size(), 0);
  EXPECT_EQ(list.term(), process_->controller().reconciler().lease().term);
  EXPECT_TRUE(list.leading());
  ASSERT_TRUE(Activate("g").ok());
  ASSERT_TRUE(stream->Read(&list));
  ASSERT_EQ(list.servers_size(), 2);
  EXPECT_EQ(list.servers(0).group(), "groups/g");
  v1::HealthReport report = FirstRound("m");
  report.add_servers()->set_uuid(FakeFarm::UuidOf(1).text());
  report.mutable_servers(0)->set_contact(v1::ServerReport::ANSWERED);
  ASSERT_TRUE(stream->Write(report));
  v1::GetHealthRequest request;
  request.set_group("g");
  Await("the report is there",
        [&] { return Call(*health_, &v1::Health::Stub::GetHealth, request)->reports_size() == 1; });
  report.mutable_servers(0)->set_uuid("nonsense");
  ASSERT_TRUE(stream->Write(report));
  while (stream->Read(&list)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ControllerNodeTest, AFollowersWatchListIsOfTheLeadersTermAndSaysThatItFollows) {
  MakeGroup(2);
  ASSERT_TRUE(Activate("g").ok());
  TestController follower("two", database_, &farm_);
  ASSERT_TRUE(follower.controller().reconciler().AwaitReady(absl::Seconds(10)));
  grpc::ClientContext context;
  const auto stream = v1::Health::NewStub(follower.channel())->Report(&context);
  ASSERT_TRUE(stream->Write(FirstRound("m")));
  v1::WatchList list;
  ASSERT_TRUE(stream->Read(&list));
  EXPECT_EQ(list.servers_size(), 2);
  EXPECT_EQ(list.term(), process_->controller().reconciler().lease().term);
  EXPECT_FALSE(list.leading());
  context.TryCancel();
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(ControllerNodeTest, ASecondMonitorOfOneNameIsRefusedUntilTheFirstHasEnded) {
  v1::WatchList list;
  grpc::ClientContext context;
  const auto first = health_->Report(&context);
  ASSERT_TRUE(first->Write(FirstRound("m", "one")));
  ASSERT_TRUE(first->Read(&list));

  grpc::ClientContext of_second;
  const auto second = health_->Report(&of_second);
  ASSERT_TRUE(second->Write(FirstRound("m", "two")));
  EXPECT_FALSE(second->Read(&list)) << "it would watch and write all the same";
  const absl::Status refused = rpc::FromGrpc(second->Finish());
  EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
  EXPECT_EQ(ErrorReason(refused), "MONITOR_NAME_TAKEN");

  context.TryCancel();
  EXPECT_FALSE(first->Finish().ok());
  Await("its name is free", [&] {
    grpc::ClientContext again;
    const auto stream = health_->Report(&again);
    stream->Write(FirstRound("m", "two"));
    const bool told = stream->Read(&list);
    again.TryCancel();
    stream->Finish();
    return told;
  });
}

TEST_F(ControllerNodeTest, RoutersHearOfLagAndOfNothingElse) {
  MakeGroup(2);
  grpc::ClientContext watching;
  const auto updates = health_->WatchHealth(&watching, v1::WatchHealthRequest());
  v1::HealthUpdate update;
  ASSERT_TRUE(updates->Read(&update));
  EXPECT_TRUE(update.complete());
  EXPECT_EQ(update.servers_size(), 0);

  grpc::ClientContext reporting;
  const auto reports = health_->Report(&reporting);
  v1::HealthReport report;
  report.set_observer("m");
  report.set_full_round(true);
  v1::ServerReport* const replica = report.add_servers();
  replica->set_uuid(FakeFarm::UuidOf(1).text());
  replica->set_contact(v1::ServerReport::ANSWERED);
  replica->set_receiver("on");
  replica->set_applier_running(true);
  replica->mutable_lag()->set_nanos(250'000'000);
  ASSERT_TRUE(reports->Write(report));
  ASSERT_TRUE(updates->Read(&update));
  EXPECT_FALSE(update.complete());
  ASSERT_EQ(update.servers_size(), 1);
  EXPECT_EQ(update.servers(0).lag().nanos(), 300'000'000);

  // A round that says the same is no news; what comes next is the one after it.
  replica->mutable_lag()->set_nanos(210'000'000);
  ASSERT_TRUE(reports->Write(report));
  report.clear_servers();
  ASSERT_TRUE(reports->Write(report));
  ASSERT_TRUE(updates->Read(&update));
  EXPECT_EQ(update.servers_size(), 0);
  ASSERT_EQ(update.removed_size(), 1);
  watching.TryCancel();
  reporting.TryCancel();
  EXPECT_FALSE(updates->Read(&update));
  EXPECT_FALSE(updates->Finish().ok());
  EXPECT_FALSE(reports->Finish().ok());
}

}  // namespace
}  // namespace weft::controller
