// MemoryStore keeps the promises of Store, and fails on demand.
#include <memory>
#include <vector>

#include "services/controller/ports/memory_store.h"
#include "tests/contract/store_contract.h"

namespace weft::controller {
namespace {

class MemoryHarness : public StoreHarness {
 public:
  explicit MemoryHarness(const StoreLimits& limits)
      : database_(std::make_shared<MemoryDatabase>(MemoryDatabase::Options{
            .keep_operations = limits.keep_operations, .keep_events = limits.keep_events})) {}

  std::unique_ptr<Store> Open() override { return std::make_unique<MemoryStore>(database_); }

 private:
  const std::shared_ptr<MemoryDatabase> database_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         ::testing::Values(StoreKind{"Memory",
                                                     [](const StoreLimits& limits) {
                                                       return std::make_unique<MemoryHarness>(
                                                           limits);
                                                     }}),
                         [](const auto& info) { return info.param.name; });

Group Named(const std::string& id) {
  Group group;
  group.id = id;
  return group;
}

TEST(MemoryStoreTest, AFaultyCallHasNoEffectOrLosesItsAnswer) {
  MemoryStore store;
  store.FailNextWrite(StoreFault::kUnavailable);
  EXPECT_EQ(Outcome(store.CreateGroup(Named("g"))), "UNAVAILABLE STORE_UNAVAILABLE");
  EXPECT_EQ(Outcome(store.Load("g")), "NOT_FOUND UNKNOWN_GROUP");
  store.FailNextWrite(StoreFault::kAnswerLost);
  EXPECT_EQ(Outcome(store.CreateGroup(Named("g"))), "UNAVAILABLE STORE_OUTCOME_UNKNOWN");
  WEFT_EXPECT_OK(store.Load("g"));
  WEFT_EXPECT_OK(store.CreateGroup(Named("h")));
}

TEST(MemoryStoreTest, AWriteWhoseAnswerIsLostStillCompares) {
  MemoryStore store;
  WEFT_ASSERT_OK(store.CreateGroup(Named("g")));
  Group stale = Named("g");
  stale.active = true;
  store.FailNextWrite(StoreFault::kAnswerLost);
  EXPECT_EQ(Outcome(store.UpdateGroup(stale)), "UNAVAILABLE STORE_OUTCOME_UNKNOWN");
  EXPECT_FALSE(store.Load("g")->active);
}

TEST(MemoryStoreTest, OneControllersTroubleIsNotAnothers) {
  const auto database = std::make_shared<MemoryDatabase>();
  MemoryStore cut_off(database);
  MemoryStore other(database);
  cut_off.SetUnavailable(true);
  EXPECT_EQ(Outcome(cut_off.ListGroups()), "UNAVAILABLE STORE_UNAVAILABLE");
  EXPECT_EQ(Outcome(cut_off.RenewLease(Lease())), "UNAVAILABLE STORE_UNAVAILABLE");
  WEFT_EXPECT_OK(other.ListGroups());
  cut_off.SetUnavailable(false);
  WEFT_EXPECT_OK(cut_off.ListGroups());
}

TEST(MemoryStoreTest, AFaultFunctionSeesEveryCall) {
  MemoryStore store;
  std::vector<std::string> calls;
  store.SetFaults([&](absl::string_view call, bool is_write) {
    calls.push_back(std::string(call) + (is_write ? " writes" : " reads"));
    return call == "Load" ? StoreFault::kUnavailable : StoreFault::kNone;
  });
  WEFT_EXPECT_OK(store.CreateGroup(Named("g")));
  EXPECT_EQ(Outcome(store.Load("g")), "UNAVAILABLE STORE_UNAVAILABLE");
  EXPECT_EQ(calls, (std::vector<std::string>{"CreateGroup writes", "Load reads"}));
}

TEST(MemoryStoreTest, SaysWhatItsSchemaIs) {
  MemoryStore fresh(std::make_shared<MemoryDatabase>(MemoryDatabase::Options{.set_up = false}));
  EXPECT_EQ(fresh.Schema()->found, 0);
  EXPECT_EQ(Outcome(fresh.ListGroups()), "FAILED_PRECONDITION NO_SCHEMA");
  WEFT_ASSERT_OK(fresh.SetUp());
  WEFT_EXPECT_OK(fresh.ListGroups());
  EXPECT_EQ(fresh.Schema()->found, fresh.Schema()->expected);
  WEFT_ASSERT_OK(fresh.TearDown());
  EXPECT_EQ(Outcome(fresh.ReadLease()), "FAILED_PRECONDITION NO_SCHEMA");

  MemoryStore newer(std::make_shared<MemoryDatabase>(MemoryDatabase::Options{.schema = 2}));
  EXPECT_EQ(Outcome(newer.SetUp()), "FAILED_PRECONDITION SCHEMA_NEWER");
  EXPECT_EQ(Outcome(newer.ListGroups()), "FAILED_PRECONDITION SCHEMA_NEWER");
}

}  // namespace
}  // namespace weft::controller
