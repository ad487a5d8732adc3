#include "tests/contract/inventory_contract.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/error_details.h"
#include "services/provisioner/ports/inventory_errors.h"

namespace weft::provisioner {
namespace {

constexpr char kMachine[] = "aaaaaaaa-0000-0000-0000-000000000001";
constexpr char kOther[] = "aaaaaaaa-0000-0000-0000-000000000002";

// "OK", or the code and reason of the error.
std::string Outcome(const absl::Status& status) {
  if (status.ok()) return "OK";
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ErrorReason(status));
}
template <typename T>
std::string Outcome(const absl::StatusOr<T>& result) {
  return Outcome(result.status());
}

// With a fraction: nothing of it may be lost.
absl::Time At(int second) {
  return absl::FromUnixSeconds(1'700'000'000 + second) + absl::Microseconds(123456);
}

ProviderEntry MakeProvider(const std::string& id) {
  ProviderEntry entry;
  entry.record = {.id = id,
                  .type = "docker",
                  .url = "unix:///run/a 'quoted' \"path\"",
                  .user = "",
                  .password = "sealed:äöü",
                  .tenant = "t",
                  .default_image = "mysql:9.7",
                  .default_flavor = "",
                  .extra = {{"network", "back\\slash"}, {"z", ""}}};
  entry.created = At(1);
  return entry;
}

MachineEntry MakeMachine(const std::string& uuid, const std::string& provider = "here") {
  MachineEntry entry;
  entry.machine.uuid = uuid;
  entry.machine.provider_id = provider;
  entry.machine.native_id = "c0ffee";
  entry.machine.zone = "z1";
  entry.machine.host = "h";
  entry.machine.addresses = {{"net", "10.0.0.1", 3306, false}, {"", "::1", 0, true}};
  entry.machine.meta = {{"role", "it's \"one\""}};
  entry.operation = "job";
  entry.created = At(2);
  return entry;
}

SnapshotEntry MakeSnapshot(const std::string& machine, int second,
                           const std::string& provider = "here") {
  SnapshotEntry entry;
  entry.snapshot = {.name = absl::StrCat("snapshot-", machine, "-", second),
                    .machine_uuid = machine,
                    .native_id = "s",
                    .created = At(second),
                    .bytes = uint64_t{5} << 40};
  entry.provider_id = provider;
  return entry;
}

Job MakeJob(const std::string& id, const std::string& request_id) {
  Job job;
  job.id = id;
  job.kind = "clone";
  job.group = "g";
  job.request_id = request_id;
  job.user = "somebody";
  job.phase = "begin";
  job.created = At(3);
  job.updated = At(3);
  job.holder = "one";
  job.request = R"({"target":"a \"name\""})";
  return job;
}

std::vector<std::string> IdsOf(const std::vector<Job>& jobs) {
  std::vector<std::string> ids;
  ids.reserve(jobs.size());
  for (const Job& job : jobs) ids.push_back(job.id);
  return ids;
}

}  // namespace

void InventoryContract::AddProvider(const std::string& id) {
  ASSERT_EQ(Outcome(inventory().AddProvider(MakeProvider(id))), "OK");
}

Job InventoryContract::Begun(const std::string& id, const std::string& request_id) {
  EXPECT_EQ(Outcome(inventory().BeginJob(MakeJob(id, request_id))), "OK");
  return inventory().GetJob(id).value_or(Job());
}

TEST_P(InventoryContract, IsThere) { EXPECT_EQ(Outcome(inventory().Check()), "OK"); }

TEST_P(InventoryContract, ProvidersAreKeptWholeAndOrderedById) {
  AddProvider("b");
  AddProvider("a");
  EXPECT_EQ(*another().GetProvider("b"), MakeProvider("b"));
  const auto all = another().ListProviders();
  ASSERT_EQ(Outcome(all), "OK");
  EXPECT_EQ(*all, (std::vector<ProviderEntry>{MakeProvider("a"), MakeProvider("b")}));
}

TEST_P(InventoryContract, AProviderIsRegisteredOnceAndForgottenOnce) {
  AddProvider();
  EXPECT_EQ(Outcome(another().AddProvider(MakeProvider("here"))), "ALREADY_EXISTS PROVIDER_EXISTS");
  EXPECT_EQ(Outcome(inventory().RemoveProvider("here")), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveProvider("here")), "NOT_FOUND UNKNOWN_PROVIDER");
  EXPECT_EQ(Outcome(inventory().GetProvider("here")), "NOT_FOUND UNKNOWN_PROVIDER");
}

TEST_P(InventoryContract, AProviderWithAMachineOrASnapshotStays) {
  AddProvider();
  ASSERT_EQ(Outcome(inventory().PutMachine(MakeMachine(kMachine))), "OK");
  ASSERT_EQ(Outcome(inventory().PutSnapshot(MakeSnapshot(kMachine, 1))), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveProvider("here")), "FAILED_PRECONDITION PROVIDER_IN_USE");
  ASSERT_EQ(Outcome(inventory().RemoveMachine(kMachine)), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveProvider("here")), "FAILED_PRECONDITION PROVIDER_IN_USE");
  ASSERT_EQ(Outcome(inventory().RemoveSnapshot(MakeSnapshot(kMachine, 1).snapshot.name)), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveProvider("here")), "OK");
}

TEST_P(InventoryContract, MachinesAreKeptWholeButForWhatTheirProviderSays) {
  AddProvider();
  MachineEntry entry = MakeMachine(kMachine);
  entry.machine.state = MachineState::kRunning;
  ASSERT_EQ(Outcome(inventory().PutMachine(entry)), "OK");
  EXPECT_EQ(*another().GetMachine(kMachine), MakeMachine(kMachine));
}

TEST_P(InventoryContract, PuttingAMachineAgainReplacesAllButWhenItWasAskedFor) {
  AddProvider();
  ASSERT_EQ(Outcome(inventory().PutMachine(MakeMachine(kMachine))), "OK");
  MachineEntry changed = MakeMachine(kMachine);
  changed.stage = Stage::kOrphan;
  changed.machine.detail = "lost";
  changed.machine.addresses.clear();
  changed.machine.meta.clear();
  changed.operation = "another";
  changed.created = At(99);
  ASSERT_EQ(Outcome(inventory().PutMachine(changed)), "OK");
  changed.created = MakeMachine(kMachine).created;
  EXPECT_EQ(*another().GetMachine(kMachine), changed);
}

TEST_P(InventoryContract, MachinesAreListedByUuidOfOneProviderOrOfAll) {
  AddProvider();
  AddProvider("there");
  ASSERT_EQ(Outcome(inventory().PutMachine(MakeMachine(kOther))), "OK");
  ASSERT_EQ(Outcome(inventory().PutMachine(MakeMachine(kMachine, "there"))), "OK");
  EXPECT_EQ(*inventory().ListMachines(""),
            (std::vector<MachineEntry>{MakeMachine(kMachine, "there"), MakeMachine(kOther)}));
  EXPECT_EQ(*inventory().ListMachines("here"), std::vector<MachineEntry>{MakeMachine(kOther)});
}

TEST_P(InventoryContract, AMachineNeedsItsProviderAndMayBeRemovedTwice) {
  EXPECT_EQ(Outcome(inventory().PutMachine(MakeMachine(kMachine))), "NOT_FOUND UNKNOWN_PROVIDER");
  EXPECT_EQ(Outcome(inventory().GetMachine(kMachine)), "NOT_FOUND UNKNOWN_MACHINE");
  AddProvider();
  ASSERT_EQ(Outcome(inventory().PutMachine(MakeMachine(kMachine))), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveMachine(kMachine)), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveMachine(kMachine)), "OK");
  EXPECT_EQ(Outcome(inventory().GetMachine(kMachine)), "NOT_FOUND UNKNOWN_MACHINE");
}

TEST_P(InventoryContract, SnapshotsAreListedOldestFirstOfOneMachineOrProviderOrOfAll) {
  EXPECT_EQ(Outcome(inventory().PutSnapshot(MakeSnapshot(kMachine, 1))),
            "NOT_FOUND UNKNOWN_PROVIDER");
  AddProvider();
  AddProvider("there");
  const SnapshotEntry late = MakeSnapshot(kMachine, 3);
  const SnapshotEntry early = MakeSnapshot(kMachine, 1);
  const SnapshotEntry other = MakeSnapshot(kOther, 2, "there");
  for (const SnapshotEntry& entry : {late, early, other}) {
    ASSERT_EQ(Outcome(inventory().PutSnapshot(entry)), "OK");
  }
  EXPECT_EQ(*another().GetSnapshot(late.snapshot.name), late);
  using Entries = std::vector<SnapshotEntry>;
  EXPECT_EQ(*another().ListSnapshots("", ""), (Entries{early, other, late}));
  EXPECT_EQ(*another().ListSnapshots("", kMachine), (Entries{early, late}));
  EXPECT_EQ(*another().ListSnapshots("there", ""), Entries{other});
  EXPECT_EQ(*another().ListSnapshots("there", kMachine), Entries{});
  EXPECT_EQ(Outcome(inventory().RemoveSnapshot(late.snapshot.name)), "OK");
  EXPECT_EQ(Outcome(inventory().RemoveSnapshot(late.snapshot.name)), "OK");
  EXPECT_EQ(Outcome(inventory().GetSnapshot(late.snapshot.name)), "NOT_FOUND UNKNOWN_SNAPSHOT");
}

TEST_P(InventoryContract, AJobIsKeptWholeAndFoundByItsRequest) {
  Job job = MakeJob("job", "request");
  ASSERT_EQ(Outcome(inventory().BeginJob(job)), "OK");
  job.renewal = 1;
  EXPECT_EQ(*another().GetJob("job"), job);
  EXPECT_EQ(*another().FindByRequest("request"), std::optional<Job>(job));
  EXPECT_EQ(*another().FindByRequest("nobody's"), std::nullopt);
  EXPECT_EQ(Outcome(another().GetJob("nobody's")), "NOT_FOUND UNKNOWN_OPERATION");
}

TEST_P(InventoryContract, AJobMayBeBegunTwiceButARequestHasOneJob) {
  Begun();
  EXPECT_EQ(Outcome(another().BeginJob(MakeJob("job", "request"))), "OK");
  EXPECT_EQ(Outcome(another().BeginJob(MakeJob("second", "request"))),
            "ALREADY_EXISTS REQUEST_KNOWN");
  EXPECT_EQ(IdsOf(*inventory().ListJobs()), std::vector<std::string>{"job"});
}

TEST_P(InventoryContract, WhatRunsIsListedOldestFirstUntilItEnds) {
  Begun("z", "first");
  Job second = Begun("a", "second");
  EXPECT_EQ(IdsOf(*another().ListJobs()), (std::vector<std::string>{"z", "a"}));
  second.state = JobState::kSucceeded;
  ASSERT_EQ(Outcome(inventory().ReportJob(second)), "OK");
  EXPECT_EQ(IdsOf(*another().ListJobs()), std::vector<std::string>{"z"});
}

TEST_P(InventoryContract, EachSignOfLifeOfItsHolderRaisesTheRenewal) {
  const Job job = Begun();
  ASSERT_EQ(Outcome(inventory().RenewJob("job", "one")), "OK");
  const uint64_t renewed = inventory().GetJob("job")->renewal;
  EXPECT_GT(renewed, job.renewal);
  ASSERT_EQ(Outcome(inventory().KeepNotes("job", "one", R"({"made":1})")), "OK");
  const Job kept = *another().GetJob("job");
  EXPECT_EQ(kept.notes, R"({"made":1})");
  EXPECT_GT(kept.renewal, renewed);
  EXPECT_EQ(Outcome(inventory().KeepNotes("job", "one", R"({"made":1})")), "OK");
}

TEST_P(InventoryContract, OnlyItsHolderWritesAJob) {
  Job job = Begun();
  for (const std::string& id : {std::string("job"), std::string("nobody's")}) {
    EXPECT_EQ(Outcome(inventory().RenewJob(id, "two")), "ABORTED CLAIM_MOVED");
    EXPECT_EQ(Outcome(inventory().KeepNotes(id, "two", "{}")), "ABORTED CLAIM_MOVED");
    EXPECT_EQ(Outcome(inventory().YieldJob(id, "two")), "ABORTED CLAIM_MOVED");
    job.id = id;
    job.holder = "two";
    EXPECT_EQ(Outcome(inventory().ReportJob(job)), "ABORTED CLAIM_MOVED");
  }
  EXPECT_EQ(inventory().GetJob("job")->notes, "");
}

TEST_P(InventoryContract, AJobIsTakenByWhoSawItStandStill) {
  const Job seen = Begun();
  ASSERT_EQ(Outcome(inventory().RenewJob("job", "one")), "OK");
  EXPECT_EQ(Outcome(another().TakeJob(seen, "two")), "ABORTED CLAIM_MOVED");
  const Job now = *another().GetJob("job");
  ASSERT_EQ(Outcome(another().TakeJob(now, "two")), "OK");
  EXPECT_EQ(Outcome(inventory().TakeJob(now, "three")), "ABORTED CLAIM_MOVED");
  EXPECT_EQ(another().GetJob("job")->holder, "two");
  EXPECT_EQ(Outcome(inventory().RenewJob("job", "one")), "ABORTED CLAIM_MOVED");
}

TEST_P(InventoryContract, WhatIsGivenUpIsTakenAtOnce) {
  Begun();
  ASSERT_EQ(Outcome(inventory().YieldJob("job", "one")), "OK");
  const Job free = *another().GetJob("job");
  EXPECT_EQ(free.holder, "");
  EXPECT_EQ(Outcome(another().TakeJob(free, "two")), "OK");
}

TEST_P(InventoryContract, NewsOfARunningJobLeaveItsClaimAlone) {
  Job job = Begun();
  ASSERT_EQ(Outcome(inventory().KeepNotes("job", "one", "{}")), "OK");
  const uint64_t renewal = inventory().GetJob("job")->renewal;
  job.progress = 0.25;
  job.phase = "copy";
  job.updated = At(7);
  ASSERT_EQ(Outcome(inventory().ReportJob(job)), "OK");
  job.renewal = renewal;
  job.notes = "{}";
  EXPECT_EQ(*another().GetJob("job"), job);
}

TEST_P(InventoryContract, AnEndTakesTheClaimWithItAndMayBeWrittenTwice) {
  Job job = Begun();
  job.state = JobState::kFailed;
  job.progress = 0.5;
  job.error_reason = "DISK_FULL";
  job.error_message = "no room\nexpected: some";
  job.updated = At(8);
  ASSERT_EQ(Outcome(inventory().ReportJob(job)), "OK");
  EXPECT_EQ(Outcome(inventory().ReportJob(job)), "OK");
  const Job ended = *another().GetJob("job");
  EXPECT_EQ(ended.holder, "");
  EXPECT_EQ(ended.renewal, 0u);
  EXPECT_EQ(ended.request, "");
  job.holder = "";
  job.renewal = 0;
  job.request = "";
  EXPECT_EQ(ended, job);
  job.holder = "one";
  job.state = JobState::kSucceeded;
  EXPECT_EQ(Outcome(inventory().ReportJob(job)), "ABORTED CLAIM_MOVED");
  EXPECT_EQ(Outcome(inventory().RenewJob("job", "one")), "ABORTED CLAIM_MOVED");
}

TEST_P(InventoryContract, OperationsWhoseClaimsAreGoneAreEndedByTheirKinds) {
  Begun();
  under_test().LoseClaims();
  EXPECT_TRUE(inventory().ListJobs()->empty());
  ASSERT_EQ(Outcome(inventory().EndUnclaimed({"something-else"}, At(9))), "OK");
  EXPECT_EQ(inventory().GetJob("job")->state, JobState::kRunning);
  ASSERT_EQ(Outcome(inventory().EndUnclaimed({"something-else", "clone"}, At(9))), "OK");
  const Job ended = *another().GetJob("job");
  EXPECT_EQ(ended.state, JobState::kFailed);
  EXPECT_EQ(ended.error_reason, kInterruptedReason);
  EXPECT_EQ(ended.updated, At(9));
}

TEST_P(InventoryContract, WhatIsClaimedIsNotEnded) {
  Begun();
  ASSERT_EQ(Outcome(inventory().EndUnclaimed({"clone"}, At(9))), "OK");
  EXPECT_EQ(inventory().GetJob("job")->state, JobState::kRunning);
}

}  // namespace weft::provisioner
