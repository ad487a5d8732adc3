#include "services/gateway/rest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/manual_clock.h"

namespace weft::gateway {
namespace {

using Json = nlohmann::json;

constexpr char kA[] = "aaaaaaaa-0000-0000-0000-000000000001";
constexpr char kB[] = "aaaaaaaa-0000-0000-0000-000000000002";
constexpr char kC[] = "aaaaaaaa-0000-0000-0000-000000000003";

RoutedServer ServerAt(const char* uuid, uint16_t port, ServerStatus status) {
  return {
      .uuid = uuid, .address = {"db.example", port}, .status = status, .mode = DefaultMode(status)};
}

class RestTest : public ::testing::Test {
 protected:
  RestTest() {
    group_.id = "g1";
    group_.active = true;
    group_.primary = kA;
    group_.epoch = 4;
    group_.servers = {ServerAt(kA, 1, ServerStatus::kPrimary),
                      ServerAt(kB, 2, ServerStatus::kSecondary),
                      ServerAt(kC, 3, ServerStatus::kSpare)};
    routes_.SetConnected(true);
    Push();
  }

  void Push() {
    routes_.Set(MakeRouteSnapshot({{"g1", std::make_shared<const RoutedGroup>(group_)}}));
  }
  http::Response Ask(const std::string& target, const std::string& method = "GET") {
    http::Request request{.method = method};
    const std::vector<std::string> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
    request.path = parts[0];
    if (parts.size() == 2) {
      for (absl::string_view parameter : absl::StrSplit(parts[1], '&')) {
        request.query.insert(absl::StrSplit(parameter, absl::MaxSplits('=', 1)));
      }
    }
    return rest_.Answer(request);
  }
  int CodeOf(const std::string& target) { return Ask(target).code; }
  Json JsonOf(const std::string& target) { return Json::parse(*Ask(target).body); }
  std::string ReasonOf(const std::string& target) { return JsonOf(target)["reason"]; }
  static std::string HeaderOf(const http::Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "none";
  }

  ManualClock clock_;
  rpc::Metrics metrics_;
  Routes routes_{&clock_};
  Rest rest_{&routes_, &metrics_};
  RoutedGroup group_;
};

TEST_F(RestTest, NamesThePrimaryOfAGroup) {
  const Json json = JsonOf("/v1/groups/g1/primary");
  EXPECT_EQ(json["uuid"], kA);
  EXPECT_EQ(json["address"], "db.example:1");
  EXPECT_EQ(json["host"], "db.example");
  EXPECT_EQ(json["port"], 1);
  EXPECT_EQ(json["role"], "primary");
  EXPECT_EQ(json["status"], "PRIMARY");
  EXPECT_EQ(json["mode"], "READ_WRITE");
  EXPECT_EQ(json["lag_seconds"], nullptr);
}

TEST_F(RestTest, AGroupWithoutAPrimaryHasNoneToName) {
  group_.primary = "";
  group_.servers[0].status = ServerStatus::kFaulty;
  Push();
  EXPECT_EQ(CodeOf("/v1/groups/g1/primary"), 503);
  EXPECT_EQ(ReasonOf("/v1/groups/g1/primary"), "NO_PRIMARY");
}

TEST_F(RestTest, WhatDoesNotExistIs404) {
  EXPECT_EQ(ReasonOf("/v1/groups/no/primary"), "UNKNOWN_GROUP");
  EXPECT_EQ(ReasonOf("/v1/servers/no/primary"), "UNKNOWN_SERVER");
  for (const char* path :
       {"/", "/v1", "/v1/", "/v2/groups", "/v1/no", "/v1/groups/g1/no", "/v1/groups/g1/role",
        "/v1/groups/", "/v1/groups/g1/", "/v1//g1", "/v1/servers/db.example:1/no",
        "/v1/topology/g1", "/v1/groups/g1/primary/x", "/V1/groups"}) {
    EXPECT_EQ(CodeOf(path), 404) << path;
  }
}

TEST_F(RestTest, ListsTheReplicasThatMayServe) {
  const Json json = JsonOf("/v1/groups/g1/replica");
  EXPECT_EQ(json["group"], "g1");
  EXPECT_EQ(json["epoch"], 4);
  ASSERT_EQ(json["servers"].size(), 1u);
  EXPECT_EQ(json["servers"][0]["uuid"], kB);
  EXPECT_EQ(JsonOf("/v1/groups/g1/reader")["servers"].size(), 2u);
  group_.servers[1].mode = ServerMode::kOffline;
  Push();
  EXPECT_EQ(ReasonOf("/v1/groups/g1/replica"), "NO_REPLICA");
  EXPECT_EQ(CodeOf("/v1/groups/g1/replica"), 503);
}

TEST_F(RestTest, ALimitOfLagAsksForALagThatIsKnownAndSmall) {
  EXPECT_EQ(CodeOf("/v1/groups/g1/replica?lag=5"), 503);
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:2/replica?lag=5"), "LAG_UNKNOWN");
  routes_.SetLag(kB, absl::Milliseconds(1500));
  EXPECT_EQ(CodeOf("/v1/groups/g1/replica?lag=1.5"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/replica?lag=2s"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/replica?lag=1499ms"), 503);
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:2/replica?lag=1"), "TOO_FAR_BEHIND");
  EXPECT_EQ(JsonOf("/v1/servers/db.example:2")["lag_seconds"], 1.5);
  // A primary follows nobody.
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/reader?lag=0"), 200);
}

TEST_F(RestTest, AParameterThatIsNotUnderstoodLetsNothingPass) {
  for (const char* query :
       {"lag=", "lag=x", "lag=-1", "lag=nan", "lag=inf", "lag=-1s", "stale=1y"}) {
    EXPECT_EQ(ReasonOf(std::string("/v1/groups/g1/replica?") + query), "MALFORMED_LIMIT") << query;
    EXPECT_EQ(CodeOf(std::string("/v1/groups/g1/replica?") + query), 400);
  }
  EXPECT_EQ(ReasonOf("/v1/groups/g1/replica?lags=1"), "UNKNOWN_PARAMETER");
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:1/primary?is=replica"), "UNKNOWN_PARAMETER");
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:1/role?is=king"), "UNKNOWN_ROLE");
}

TEST_F(RestTest, AServerIsCheckedForItsRole) {
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/primary"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/replica"), 503);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/reader"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/primary"), 503);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/replica"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/reader"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:3/reader"), 503);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:3/role"), 503);
  EXPECT_EQ(JsonOf("/v1/servers/db.example:2/role")["role"], "replica");
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/role?is=primary"), 503);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:2/role?is=replica"), 200);
  EXPECT_EQ(CodeOf(std::string("/v1/servers/") + kA + "/primary"), 200);
  EXPECT_EQ(CodeOf("/v1/servers/AAAAAAAA-0000-0000-0000-000000000001/primary"), 200);
}

TEST_F(RestTest, TheModeDecidesToo) {
  group_.servers[0].mode = ServerMode::kWriteOnly;
  group_.servers[1].mode = ServerMode::kOffline;
  Push();
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/primary"), 200);
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:1/reader"), "WRONG_MODE");
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/role"), 200);
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:2/replica"), "WRONG_MODE");
  group_.servers[0].mode = ServerMode::kReadOnly;
  Push();
  EXPECT_EQ(CodeOf("/v1/groups/g1/primary"), 503);
}

TEST_F(RestTest, OnlyTheGroupsOwnPrimaryIsOne) {
  group_.primary = kB;
  Push();
  EXPECT_EQ(ReasonOf("/v1/servers/db.example:1/primary"), "WRONG_ROLE");
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/role"), 503);
  EXPECT_EQ(JsonOf("/v1/servers/db.example:1")["role"], "faulty");
}

TEST_F(RestTest, APromotionShowsAtOnce) {
  group_.primary = kB;
  group_.servers[0].status = ServerStatus::kSecondary;
  group_.servers[0].mode = ServerMode::kReadOnly;
  group_.servers[1].status = ServerStatus::kPrimary;
  group_.servers[1].mode = ServerMode::kReadWrite;
  EXPECT_EQ(JsonOf("/v1/topology")["groups"][0]["primary"], kA);
  Push();
  EXPECT_EQ(JsonOf("/v1/groups/g1/primary")["uuid"], kB);
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/primary"), 503);
  EXPECT_EQ(JsonOf("/v1/topology")["groups"][0]["primary"], kB);
}

TEST_F(RestTest, ShowsTheTopologyAsJson) {
  EXPECT_EQ(JsonOf("/v1/groups")["groups"][0]["id"], "g1");
  EXPECT_EQ(JsonOf("/v1/groups/g1")["servers"].size(), 3u);
  EXPECT_EQ(JsonOf("/v1/servers")["servers"].size(), 3u);
  EXPECT_EQ(JsonOf("/v1/topology")["groups"][0]["servers"][2]["role"], "spare");
  EXPECT_EQ(HeaderOf(Ask("/v1/groups"), "Content-Type"), "application/json");
  EXPECT_EQ(HeaderOf(Ask("/v1/groups"), "Cache-Control"), "no-store");
}

TEST_F(RestTest, AListIsMadeOnceForASnapshot) {
  EXPECT_EQ(Ask("/v1/topology").body, Ask("/v1/topology").body);
  const auto before = Ask("/v1/topology").body;
  Push();
  EXPECT_NE(Ask("/v1/topology").body, before);
}

TEST_F(RestTest, HeadAndOptionsGetTheCodeThatGetWould) {
  for (const char* method : {"HEAD", "OPTIONS"}) {
    EXPECT_EQ(Ask("/v1/servers/db.example:1/primary", method).code, 200);
    EXPECT_EQ(Ask("/v1/servers/db.example:2/primary", method).code, 503);
  }
  EXPECT_EQ(HeaderOf(Ask("/healthz", "OPTIONS"), "Allow"), "GET, HEAD, OPTIONS");
  const http::Response refused = Ask("/v1/groups", "POST");
  EXPECT_EQ(refused.code, 405);
  EXPECT_EQ(HeaderOf(refused, "Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(RestTest, TellsHowStaleItIs) {
  EXPECT_EQ(HeaderOf(Ask("/v1/groups"), "Weft-Staleness"), "0.000");
  routes_.SetConnected(false);
  clock_.Advance(absl::Milliseconds(2500));
  EXPECT_EQ(HeaderOf(Ask("/v1/groups/g1/primary"), "Weft-Staleness"), "2.500");
  EXPECT_EQ(JsonOf("/readyz")["staleness_seconds"], 2.5);
  EXPECT_EQ(CodeOf("/readyz"), 200);
  EXPECT_EQ(CodeOf("/v1/groups/g1/primary?stale=3"), 200);
  EXPECT_EQ(ReasonOf("/v1/groups/g1/primary?stale=2s"), "STALE");
  EXPECT_EQ(CodeOf("/v1/groups/g1/primary?stale=2s"), 503);
}

TEST_F(RestTest, IsAliveBeforeItKnowsAnythingButNotReady) {
  routes_.Set(nullptr);
  EXPECT_EQ(CodeOf("/healthz"), 200);
  EXPECT_EQ(CodeOf("/readyz"), 503);
  EXPECT_EQ(ReasonOf("/v1/groups"), "NO_SNAPSHOT");
  EXPECT_EQ(CodeOf("/v1/servers/db.example:1/primary"), 503);
  EXPECT_EQ(CodeOf("/metrics"), 200);
}

TEST_F(RestTest, ShowsMetrics) {
  metrics_.GetCounter("seen_total", "Seen.").Increment();
  const http::Response response = Ask("/metrics");
  EXPECT_NE(response.body->find("weft_seen_total 1"), std::string::npos);
}

TEST_F(RestTest, ManyWhoAreSlowToTakeTheMetricsHoldFewTexts) {
  std::vector<http::Response> held;
  std::set<const std::string*> texts;
  const absl::Duration begun = RealClock::Get()->MonotonicNow();
  for (int i = 0; i < 100; ++i) {
    held.push_back(Ask("/metrics"));
    texts.insert(held.back().body.get());
  }
  const absl::Duration took = RealClock::Get()->MonotonicNow() - begun;
  EXPECT_LE(static_cast<double>(texts.size()), 2 + absl::ToDoubleSeconds(took));
  held.clear();
  metrics_.GetCounter("seen_total", "Seen.").Increment();
  EXPECT_NE(Ask("/metrics").body->find("weft_seen_total 1"), std::string::npos);
}

TEST_F(RestTest, CountsItsAnswersByCode) {
  Ask("/healthz");
  Ask("/v1/servers/db.example:2/primary");
  Ask("/v1/servers/db.example:2/primary");
  const std::string metrics = *Ask("/metrics").body;
  EXPECT_NE(metrics.find("weft_gateway_http_answers_total{code=\"200\"} 1"), std::string::npos);
  EXPECT_NE(metrics.find("weft_gateway_http_answers_total{code=\"503\"} 2"), std::string::npos);
}

TEST_F(RestTest, AnErrorSaysWhatToDo) {
  const Json json = JsonOf("/v1/servers/db.example:3/replica");
  EXPECT_EQ(json["reason"], "WRONG_ROLE");
  for (const char* field : {"message", "expected", "found", "next_step"}) {
    EXPECT_NE(json[field], "") << field;
  }
}

TEST_F(RestTest, BytesThatAreNoTextAreEchoedAsText) {
  EXPECT_EQ(ReasonOf("/v1/groups/\xff\xfe"), "UNKNOWN_GROUP");
}

}  // namespace
}  // namespace weft::gateway
