// Rows that go over pairs of sessions between real servers.
#include "services/provisioner/dataset/part_pump.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/accounts.h"
#include "common/mysql/bulk_session.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/table_plan.h"
#include "services/provisioner/dataset/throttle.h"
#include "tests/integration/clone_engines_sql.h"
#include "tests/integration/clone_farm.h"

namespace weft::provisioner {
namespace {

class PartPumpTest : public CloneFarm {
 protected:
  std::unique_ptr<mysql::Session> Holding(int index, absl::string_view begin,
                                          absl::string_view then) {
    auto session = access_->Open(address(index), Duty::kRestore);
    EXPECT_TRUE(session.ok()) << session.status();
    for (const absl::string_view sql : {begin, then}) {
      const auto held = (*session)->Query(sql);
      EXPECT_TRUE(held.ok()) << held.status();
    }
    return *std::move(session);
  }

  std::unique_ptr<mysql::BulkSession> Bulk(int index) {
    mysql::ConnectOptions options = *access_->For(address(index), Duty::kRestore);
    options.read_timeout = absl::Minutes(1);  // longer than Until waits
    auto session = mysql::BulkSession::Open(options);
    EXPECT_TRUE(session.ok()) << session.status();
    const absl::Status patient = (*session)->Execute(sql::kWaitLongForLocks);
    EXPECT_TRUE(patient.ok()) << patient;
    return *std::move(session);
  }

  static bool Until(const std::function<bool()>& holds) {
    Clock* const clock = RealClock::Get();
    const absl::Duration end = clock->MonotonicNow() + absl::Seconds(20);
    while (!holds() && clock->MonotonicNow() < end) clock->Sleep(absl::Milliseconds(20));
    return holds();
  }

  static Table TableOf(const std::string& name) {
    Table table;
    table.schema = "pump";
    table.name = name;
    table.columns = {{"id", "int"}};
    return table;
  }
};

// Keys of large tables take hours: who has failed meanwhile is not to be told of it then.
TEST_F(PartPumpTest, AFailureEndsTheKeysThatAnotherMakes) {
  ASSERT_NO_FATAL_FAILURE(Start("9.7"));
  for (const int index : {0, 1}) Root(index, sql::kFillPump);
  Root(1, sql::kLetLoad);
  // The keys wait for a reader of the table, and the rows of the other for a lock.
  const auto reader = Holding(1, sql::kBegin, sql::kReadKeyed);
  const auto lock = Holding(0, sql::kUsePump, sql::kLockHeld);
  Table keyed = TableOf("keyed");
  keyed.add_keys = "ADD KEY (id)";
  const Table held = TableOf("held");
  const std::unique_ptr<mysql::BulkSession> readers[] = {Bulk(0), Bulk(0)};
  std::vector<PartPump::Pair> pairs;
  for (const auto& one : readers) pairs.push_back({one.get(), Bulk(1)});
  Throttle throttle(0, RealClock::Get());
  std::vector<Part> parts(2);
  parts[0].table = &keyed;
  parts[1].table = &held;
  PartPump pump(std::move(pairs), std::move(parts), &throttle);
  ASSERT_TRUE(Until([&] { return Root(1, sql::kKeysWait) == "1"; }));
  ASSERT_TRUE(Until([&] { return !Root(0, sql::kReaderOfHeld).empty(); }));
  Root(0, absl::StrCat("KILL ", Root(0, sql::kReaderOfHeld)));
  EXPECT_TRUE(Until([&] { return pump.done(); }));
  EXPECT_TRUE(absl::StrContains(pump.status().message(), "rows of `pump`.`held`")) << pump.status();
}

}  // namespace
}  // namespace weft::provisioner
