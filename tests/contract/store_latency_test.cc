// How long the state store's calls take on a server that keeps what it was told, beside the least
// that such a server can do: one commit of one row. Prints a table, and fails only at what is
// plainly wrong, since other programs share the machine.
#include <algorithm>
#include <cstdio>
#include <functional>

#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/store.h"
#include "tests/contract/store_server.h"
#include "tests/contract/store_server_sql.h"
#include "tests/contract/store_values.h"

namespace weft::controller {
namespace {

constexpr int kRuns = 300;

struct Figures {
  double p50_ms = 0;
  double p99_ms = 0;
};

Figures Measure(const char* what, const std::function<absl::Status(int)>& call) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Outcome(call(-1 - i)), "OK") << what;
  std::vector<double> taken;
  for (int i = 0; i < kRuns; ++i) {
    const absl::Duration start = RealClock::Get()->MonotonicNow();
    const absl::Status status = call(i);
    taken.push_back(absl::ToDoubleMilliseconds(RealClock::Get()->MonotonicNow() - start));
    EXPECT_EQ(Outcome(status), "OK") << what;
  }
  std::sort(taken.begin(), taken.end());
  const Figures figures{taken[kRuns / 2], taken[kRuns * 99 / 100]};
  std::printf("%-34s min %7.3f  p50 %7.3f  p99 %7.3f ms\n", what, taken.front(), figures.p50_ms,
              figures.p99_ms);
  return figures;
}

Group ThreeServers() {
  Group group;
  group.id = "g";
  group.primary = Uuid('a');
  group.acknowledgers.servers = {Uuid('b'), Uuid('c')};
  group.servers = {MakeServer('a', 3301), MakeServer('b', 3302), MakeServer('c', 3303)};
  return group;
}

TEST(StoreLatencyTest, ACommitCostsLittleMoreThanTheServersOwnCommit) {
  StoreServer server(/*durable=*/true);
  std::printf("%s", server.Sql(std::string(store_server_sql::kShowDurability)).c_str());
  const MysqlStoreOptions options = server.NewStore();
  MysqlStore store(options);
  WEFT_ASSERT_OK(store.SetUp());
  WEFT_ASSERT_OK(store.CreateGroup(ThreeServers()));

  mysql::ConnectOptions connect = options.connect;
  connect.database = options.database;
  const auto bare = mysql::Session::Open(connect);
  WEFT_ASSERT_OK(bare);
  Measure("round trip (DO 0)", [&](int) { return (*bare)->Ping(); });
  const Figures floor = Measure("one row, one commit, no more", [&](int) {
    return (*bare)->Execute(store_server_sql::kLeastWrite);
  });

  Group group = *store.Load("g");
  const GtidSet executed = Gtids("aaaaaaaa-0000-0000-0000-000000000000:1-1000000");
  const Figures commit = Measure("Apply(Commit)", [&](int i) {
    const Commit step{Uuid(i % 2 == 0 ? 'b' : 'a'), {Uuid('c')}, executed};
    const absl::Status status = store.Apply(group, step, At(1));
    ++group.epoch;
    ++group.acknowledgers.version;
    return status;
  });
  Measure("Load (3 servers, 32 reigns)", [&](int) { return store.Load("g").status(); });
  Measure("Apply(SetAcknowledgers)", [&](int) {
    const absl::Status status = store.Apply(group, SetAcknowledgers{{Uuid('b')}, {}}, At(1));
    ++group.acknowledgers.version;
    return status;
  });
  Lease lease = *store.ReadLease();
  Measure("RenewLease", [&](int) {
    const absl::StatusOr<Lease> renewed = store.RenewLease(lease);
    lease = renewed.value_or(lease);
    return renewed.status();
  });
  Measure("AppendEvent", [&](int) { return store.AppendEvent({.text = "an event"}); });
  Measure("Load by a store without sessions",
          [&](int) { return MysqlStore(options).Load("g").status(); });
  EXPECT_LT(commit.p50_ms, 20 * floor.p50_ms + 10);
}

}  // namespace
}  // namespace weft::controller
