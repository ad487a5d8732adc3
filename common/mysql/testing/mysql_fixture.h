#pragma once
// Real servers of each version for the tests of this package.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "common/mysqld/testing/farm_fixture.h"

namespace weft::mysql {

using ::weft::testing::TestFarm;

inline absl::Duration Now() { return RealClock::Get()->MonotonicNow(); }

inline constexpr absl::string_view kWritable = "SET GLOBAL read_only = OFF";

class MysqlTest : public ::testing::TestWithParam<const char*> {
 protected:
  // One farm per version serves all tests, which leave its servers running and without replication.
  static void TearDownTestSuite() { farms().clear(); }

  void SetUp() override {
    std::unique_ptr<TestFarm>& farm = farms()[GetParam()];
    if (farm == nullptr) {
      auto started = TestFarm::Start({.servers = 2, .version = GetParam()});
      ASSERT_TRUE(started.ok()) << started.status();
      farm = *std::move(started);
      for (int i = 0; i < 2; ++i) ASSERT_TRUE(MakeWritable(*farm, i).ok());
    }
    farm_ = farm.get();
  }

  // TestFarm starts its members read only.
  static absl::Status MakeWritable(const TestFarm& farm, int server) {
    return farm.Sql(server, kWritable).status();
  }

  bool IsOld() const { return std::string(GetParam()) == "5.6"; }

  ConnectOptions Root(int server) const {
    ConnectOptions options;
    options.unix_socket = farm_->server(server).socket;
    options.user = "root";
    options.tls = TlsMode::kDisabled;
    return options;
  }

  ConnectOptions App(int server) const {
    ConnectOptions options;
    options.host = farm_->server(server).host;
    options.port = farm_->server(server).port;
    options.user = farm_->app().user;
    options.password = farm_->app().password;
    options.database = farm_->app_database();
    options.tls = TlsMode::kDisabled;
    options.connect_timeout = absl::Seconds(1);
    return options;
  }

  std::unique_ptr<Session> Opened(const ConnectOptions& options) const {
    auto session = Session::Open(options);
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : nullptr;
  }

  static std::string Text(Session& session, absl::string_view sql, const Params& params = {}) {
    const auto rows = session.Query(sql, params);
    EXPECT_TRUE(rows.ok()) << rows.status() << " in " << sql;
    if (!rows.ok() || rows->empty()) return "";
    return rows->rows()[0][0].value_or("NULL");
  }

  TestFarm* farm_ = nullptr;

 private:
  static std::map<std::string, std::unique_ptr<TestFarm>>& farms() {
    static auto* const farms = new std::map<std::string, std::unique_ptr<TestFarm>>;
    return *farms;
  }
};

// To be written once in each file of tests.
inline std::string VersionName(const ::testing::TestParamInfo<const char*>& info) {
  return std::string(info.param) == "9.7" ? "Mysql97" : "Mysql56";
}
#define WEFT_INSTANTIATE_MYSQL_TESTS() \
  INSTANTIATE_TEST_SUITE_P(Versions, MysqlTest, ::testing::Values("9.7", "5.6"), VersionName)

}  // namespace weft::mysql
