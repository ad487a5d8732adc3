#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/core/plan.h"
#include "services/controller/mysql/farm.h"
#include "tests/contract/real_farm.h"

namespace weft::controller {

// Real servers, a farm that acts on them, and what tests do to them behind its back.
class RealFarmTest : public ::testing::Test {
 protected:
  void Start(const weft::testing::TestFarmOptions& options) {
    auto made = RealFarm::Make(options);
    ASSERT_TRUE(made.ok()) << made.status();
    real_ = *std::move(made);
    group_ = real_->group();
  }
  void Start(int servers) { Start({.servers = servers, .version = "9.7"}); }

  ServerUuid uuid(int index) const { return group_.servers.at(index).uuid; }
  Farm& farm() { return real_->farm(); }
  Observation See(Farm& farm, int index) {
    return farm.Probe(group_, absl::Seconds(1))[uuid(index)];
  }
  Observation See(int index) { return See(farm(), index); }
  absl::Status Do(const Step& step, absl::Duration deadline = absl::Seconds(10)) {
    return farm().Apply(group_, step, deadline);
  }
  Follow FollowStep(int replica, int source, bool acknowledge) const {
    return {uuid(replica), uuid(source), group_.servers.at(source).address, acknowledge};
  }
  // A second controller on the same servers.
  std::unique_ptr<MysqlFarm> AnotherFarm(uint64_t term) {
    auto farm = std::make_unique<MysqlFarm>(real_->options(), RealClock::Get());
    farm->SetTerm(term, nullptr);
    return farm;
  }
  std::unique_ptr<mysql::Session> ManageSession(int index) {
    auto session = real_->Connect(index, real_->options().manage.user, real_->ManagePassword());
    EXPECT_TRUE(session.ok()) << session.status();
    return session.ok() ? *std::move(session) : nullptr;
  }
  std::string Root(int index, absl::string_view sql) {
    const auto output = real_->servers().Sql(index, sql);
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? std::string(absl::StripAsciiWhitespace(*output)) : "";
  }
  Observation Until(int index, const std::function<bool(const Observation&)>& holds) {
    Observation seen;
    for (int i = 0; i < 200; ++i) {
      seen = See(index);
      if (holds(seen)) break;
      real_->Wait(absl::Milliseconds(50));
    }
    return seen;
  }

  std::unique_ptr<RealFarm> real_;
  Group group_;
};

}  // namespace weft::controller
