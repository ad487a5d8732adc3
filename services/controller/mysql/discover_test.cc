#include "services/controller/mysql/discover.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ServerUuid Uuid(char digit) {
  return *ServerUuid::Parse("00000000-0000-0000-0000-00000000000" + std::string(1, digit));
}

class LocateTest : public ::testing::Test {
 protected:
  Farm::Neighbours Find() {
    return Locate(around_, [this](const HostPort& address) -> absl::StatusOr<ServerUuid> {
      const auto found = servers_.find(address);
      if (found == servers_.end()) return absl::UnavailableError("nobody");
      return found->second;
    });
  }

  Around around_;
  std::map<HostPort, ServerUuid> servers_;
};

TEST_F(LocateTest, BelievesAReportThatIsTrue) {
  around_.replicas = {{{"db2", 3306}, Uuid('2')}};
  servers_[{"db2", 3306}] = Uuid('2');
  EXPECT_THAT(Find().replicas, ElementsAre(HostPort{"db2", 3306}));
}

TEST_F(LocateTest, LooksWhereTheConnectionComesFromWhenNothingIsReported) {
  around_.replicas = {{{"", 3307}, Uuid('2')}, {{"", 3307}, Uuid('3')}};
  around_.dump_hosts = {"10.0.0.2", "10.0.0.3"};
  servers_[{"10.0.0.2", 3307}] = Uuid('2');
  servers_[{"10.0.0.3", 3307}] = Uuid('3');
  EXPECT_THAT(Find().replicas, ElementsAre(HostPort{"10.0.0.2", 3307}, HostPort{"10.0.0.3", 3307}));
}

TEST_F(LocateTest, DoesNotTakeAnotherServerForTheReplica) {
  around_.replicas = {{{"localhost", 3306}, Uuid('2')}};
  around_.dump_hosts = {"10.0.0.2"};
  servers_[{"localhost", 3306}] = Uuid('1');  // the one that was asked
  servers_[{"10.0.0.2", 3306}] = Uuid('2');
  EXPECT_THAT(Find().replicas, ElementsAre(HostPort{"10.0.0.2", 3306}));
}

TEST_F(LocateTest, KeepsTheReportOfAReplicaThatCannotBeAsked) {
  around_.source = {"db1", 3306};
  around_.replicas = {{{"db2", 3306}, Uuid('2')}};
  EXPECT_THAT(Find().replicas, ElementsAre(HostPort{"db2", 3306}));
  EXPECT_EQ(Find().source, (HostPort{"db1", 3306}));
  around_.replicas = {{{"", 3306}, Uuid('2')}};
  EXPECT_THAT(Find().replicas, IsEmpty());
}

}  // namespace
}  // namespace weft::controller
