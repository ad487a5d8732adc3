// Every command against a controller that keeps its state in memory.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "services/cli/testing/cli_fixture.h"

namespace weft::cli {
namespace {

using Json = nlohmann::json;

class CommandsTest : public CliTest {
 protected:
  // The JSON that a command prints, which must be one line.
  Json RunJson(Words words, int exit_code = kExitOk) {
    words.push_back("--json");
    EXPECT_EQ(Run(words), exit_code) << err();
    const std::string text = out();
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
    Json json = Json::parse(text, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << text;
    return json;
  }
};

TEST_F(CommandsTest, GroupsAreCreatedAndListed) {
  EXPECT_EQ(
      Run({"group", "create", "orders", "--description", "the orders", "--durability", "async"}),
      kExitOk);
  EXPECT_EQ(out(), "group orders created\n");
  EXPECT_EQ(err(), "");
  const v1::Group group = controller_.GroupNow("orders");
  EXPECT_EQ(group.description(), "the orders");
  EXPECT_EQ(group.durability(), v1::ASYNC);
  const Json list = RunJson({"group", "list"});
  ASSERT_EQ(list["groups"].size(), 3u);  // The fake gives one a page.
  EXPECT_EQ(list["groups"][2]["id"], "orders");
  EXPECT_FALSE(list.contains("next_page_token"));
}

TEST_F(CommandsTest, NoGroupWaitsForNobodysAcknowledgement) {
  EXPECT_EQ(Run({"group", "create", "orders", "--acknowledgements", "0"}), kExitUsage);
  EXPECT_NE(err().find("expected: 1 or more"), std::string::npos) << err();
  EXPECT_EQ(Run({"group", "set", "g1", "--acknowledgements", "0"}), kExitUsage);
  EXPECT_EQ(controller_.GroupNow("g1").acknowledgements(), 1u);
}

TEST_F(CommandsTest, ASandboxWithAMalformedGroupNameStartsNothing) {
  EXPECT_EQ(Run({"sandbox", "up", "--dir", "/nonexistent/farm", "--groups", "a b"}), kExitUsage);
  EXPECT_NE(err().find("a group cannot be named 'a b'"), std::string::npos) << err();
}

TEST_F(CommandsTest, ASandboxWithoutWeftHasNoControllersToCount) {
  for (const char* option : {"--controllers", "--monitors"}) {
    EXPECT_EQ(Run({"sandbox", "up", "--dir", "/nonexistent/farm", "--bare", option, "2"}),
              kExitUsage);
    EXPECT_NE(err().find("leave one of them out"), std::string::npos) << err();
    EXPECT_EQ(Run({"sandbox", "up", "--dir", "/nonexistent/farm", option, "6"}), kExitUsage);
    EXPECT_NE(err().find("expected: 1 to 5"), std::string::npos) << err();
  }
}

TEST_F(CommandsTest, AGroupIsShownAsTableJsonAndYaml) {
  EXPECT_EQ(Run({"group", "show", "g1"}), kExitOk);
  EXPECT_NE(out().find("127.0.0.1:21003  SECONDARY  READ_ONLY"), std::string::npos) << out();
  const Json json = RunJson({"group", "show", "groups/g1"});
  EXPECT_EQ(json["name"], "groups/g1");
  EXPECT_EQ(json["epoch"], 0);
  EXPECT_EQ(json["servers"][0]["status"], "SECONDARY");
  EXPECT_TRUE(json["servers"][0]["health"].is_null());
  EXPECT_EQ(Run({"group", "show", "g2", "-o", "yaml"}), kExitOk);
  EXPECT_EQ(out().substr(0, 24), "name: groups/g2\nid: g2\nd");
}

TEST_F(CommandsTest, OnlyGivenFieldsAreChanged) {
  EXPECT_EQ(Run({"group", "set", "g1", "--description", "new"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").description(), "new");
  EXPECT_EQ(controller_.GroupNow("g1").durability(), v1::LOSSLESS);
  EXPECT_EQ(Run({"group", "set", "g1"}), kExitUsage);
  EXPECT_EQ(Run({"server", "set", "127.0.0.1:21002", "--weight", "0.25"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").servers(1).weight(), 0.25);
  EXPECT_EQ(controller_.GroupNow("g1").servers(1).mode(), v1::READ_ONLY);
  EXPECT_EQ(Run({"server", "set", "127.0.0.1:21002"}), kExitUsage);
}

TEST_F(CommandsTest, APromotionRuleIsSetAndShown) {
  const std::string second = "127.0.0.1:21002";
  EXPECT_EQ(Run({"server", "list"}), kExitOk);
  EXPECT_EQ(out().find("PROMOTION"), std::string::npos) << out();
  const Json set = RunJson({"server", "set", second, "--promotion-rule", "must-not"});
  EXPECT_EQ(set["promotion_rule"], "MUST_NOT");
  EXPECT_EQ(set["mode"], "READ_ONLY");
  EXPECT_EQ(controller_.GroupNow("g1").servers(1).promotion_rule(), v1::MUST_NOT);
  EXPECT_EQ(Run({"server", "show", second}), kExitOk);
  EXPECT_NE(out().find("\npromotion:  MUST_NOT\n"), std::string::npos) << out();
  EXPECT_EQ(Run({"server", "list"}), kExitOk);
  EXPECT_NE(out().find("  PROMOTION  "), std::string::npos) << out();
  EXPECT_EQ(RunJson({"server", "set", second, "--zone", "north"})["zone"], "north");
  EXPECT_EQ(Run({"group", "show", "g1"}), kExitOk);
  EXPECT_NE(out().find("  ZONE "), std::string::npos) << out();
  EXPECT_EQ(Run({"server", "set", second, "--promotion-rule", "never"}), kExitUsage);
  EXPECT_NE(err().find("PREFER_NOT"), std::string::npos) << err();
}

TEST_F(CommandsTest, ServersAreNamedInAnyWay) {
  for (const char* name :
       {kFirst, "servers/00000000-0000-4000-8000-000000000001", "127.0.0.1:21001"}) {
    EXPECT_EQ(RunJson({"server", "show", name})["uuid"], kFirst) << name;
  }
  EXPECT_EQ(Run({"server", "lookup-uuid", "127.0.0.1:21001"}), kExitOk);
  EXPECT_EQ(out(), std::string(kFirst) + "\n");
  EXPECT_EQ(Run({"group", "remove", "g1", "127.0.0.1:21003"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").servers_size(), 2);
}

TEST_F(CommandsTest, AServerMayListenOnIpv6) {
  EXPECT_EQ(Run({"group", "add", "g2", "[2001:db8::7]:3306", "--status", "spare"}), kExitOk);
  EXPECT_EQ(out(), "[2001:db8::7]:3306 added to g2 as SPARE\n");
  EXPECT_EQ(RunJson({"server", "show", "[2001:db8::7]:3306"})["status"], "SPARE");
}

TEST_F(CommandsTest, ServersAreFiltered) {
  ASSERT_EQ(Run({"group", "promote", "g1"}), kExitOk);
  EXPECT_EQ(RunJson({"server", "list", "--status", "primary"})["servers"].size(), 1u);
  EXPECT_EQ(RunJson({"server", "list", "g2"})["servers"].size(), 0u);
  EXPECT_EQ(RunJson({"group", "lookup-servers", "g1", "--mode", "read-only"})["servers"].size(),
            2u);
}

TEST_F(CommandsTest, PromotionNamesTheServerAndWaits) {
  EXPECT_EQ(Run({"group", "promote", "g1", "127.0.0.1:21002", "--write-stop-budget", "500ms"}),
            kExitOk);
  EXPECT_EQ(out(), "group g1 has its primary\n");
  EXPECT_EQ(controller_.GroupNow("g1").servers(1).status(), v1::PRIMARY);
  const Json json = RunJson({"group", "promote", "g1", "--expected-epoch", "1"});
  EXPECT_EQ(json["operation"]["state"], "SUCCEEDED");
  const std::string request = controller_.Requests("PromoteGroup").front();
  EXPECT_NE(request.find("write_stop_budget { nanos: 500000000 }"), std::string::npos) << request;
}

TEST_F(CommandsTest, AnExpectationThatFailsIsAConflict) {
  EXPECT_EQ(Run({"group", "promote", "g1", "--expected-epoch", "9"}), kExitConflict);
  ASSERT_EQ(Run({"group", "promote", "g1"}), kExitOk);
  EXPECT_EQ(Run({"group", "promote", "g1", "--expected-primary", "127.0.0.1:21002"}),
            kExitConflict);
}

TEST_F(CommandsTest, ADryRunShowsThePlanAndChangesNothing) {
  EXPECT_EQ(Run({"group", "promote", "g1", "--dry-run"}), kExitOk);
  EXPECT_EQ(out(), "1. commit\n   - commit 127.0.0.1:21001\n");
  EXPECT_EQ(controller_.GroupNow("g1").epoch(), 0u);
  EXPECT_EQ(RunJson({"group", "promote", "g1", "--dry-run"})["plan"][0]["phase"], "commit");
  EXPECT_EQ(Run({"group", "create", "new", "--dry-run"}), kExitOk);
  EXPECT_EQ(out().substr(0, out().find('\n')), "group new can be created");
  EXPECT_EQ(Run({"group", "show", "new"}), kExitNotFound);
  EXPECT_EQ(Run({"group", "add", "g2", "a:1", "--dry-run"}), kExitOk);
  EXPECT_EQ(out(), "a:1 can be added to g2 as SECONDARY\n");
  EXPECT_EQ(controller_.GroupNow("g2").servers_size(), 0);
}

TEST_F(CommandsTest, ADryRunThatWouldBeRefusedFails) {
  v1::Refusal refusal;
  refusal.set_reason("NOT_REACHED_ACKNOWLEDGER");
  refusal.set_message("c is silent");
  controller_.SetRefusal(refusal);
  EXPECT_EQ(Run({"group", "promote", "g1", "--dry-run"}), kExitFailed);
  EXPECT_EQ(out(), "refused: c is silent (NOT_REACHED_ACKNOWLEDGER)\n");
}

TEST_F(CommandsTest, ActivationIsToldInWords) {
  EXPECT_EQ(Run({"group", "activate", "g1"}), kExitOk);
  EXPECT_EQ(out(), "group g1 is active: failures are repaired by themselves\n");
  EXPECT_TRUE(controller_.GroupNow("g1").active());
  EXPECT_EQ(RunJson({"group", "deactivate", "g1"})["active"], false);
}

TEST_F(CommandsTest, AnAdoptedGroupIsNamedByItsAddressUnlessTold) {
  EXPECT_EQ(Run({"group", "adopt", "db1.example.net:3306"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("db1.example.net-3306").servers_size(), 1);
  EXPECT_EQ(Run({"group", "adopt", "[2001:db8::7]:3306", "six"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("six").servers_size(), 1);
  EXPECT_EQ(RunJson({"group", "adopt", "a:1", "--group", "seven"})["group"]["id"], "seven");
  EXPECT_EQ(Run({"group", "adopt", "eight", "a:1"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("eight").servers(0).address(), "a:1");
}

TEST_F(CommandsTest, DestructiveCommandsAskOnATerminalAndNeedYesElsewhere) {
  EXPECT_EQ(Run({"group", "destroy", "g1"}), kExitFailed);  // It has servers.
  EXPECT_EQ(Run({"group", "destroy", "g1", "--force"}), kExitFailed);
  EXPECT_NE(err().find("--yes"), std::string::npos) << err();
  EXPECT_EQ(controller_.GroupNow("g1").id(), "g1");
  UseTerminal();
  console_->Answer("n");
  EXPECT_EQ(Run({"group", "destroy", "g1", "--force"}), kExitFailed);
  EXPECT_EQ(controller_.GroupNow("g1").id(), "g1");
  console_->Answer("y");
  EXPECT_EQ(Run({"group", "destroy", "g1", "--force"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").id(), "");
  console_ = std::make_unique<FakeConsole>();
  EXPECT_EQ(Run({"group", "destroy", "g2"}), kExitOk) << err();  // Nothing is lost: no question.
}

TEST_F(CommandsTest, DemotionNeedsAYes) {
  ASSERT_EQ(Run({"group", "promote", "g1"}), kExitOk);
  EXPECT_EQ(Run({"group", "demote", "g1"}), kExitFailed);
  EXPECT_NE(controller_.GroupNow("g1").primary(), "");
  EXPECT_EQ(Run({"group", "demote", "g1", "--dry-run"}), kExitOk) << err();
  EXPECT_EQ(Run({"group", "demote", "g1", "--yes"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").primary(), "");
}

TEST_F(CommandsTest, ACheckShowsWhatStandsInTheWay) {
  EXPECT_EQ(Run({"server", "check", "a:1", "g1", "--provisioner", "127.0.0.1:1"}), kExitOk);
  EXPECT_NE(
      out().find("the recipe of role member (--role for another):\nnot done, as no provisioner"),
      std::string::npos)
      << out();
  v1::ServerProblem problem;
  problem.set_code("GTID_MODE_OFF");
  problem.set_remedy("SET PERSIST gtid_mode = ON;");
  problem.set_fatal(true);
  controller_.SetProblems({problem});
  EXPECT_EQ(Run({"server", "check", "a:1"}), kExitAttention);
  EXPECT_NE(out().find("SET PERSIST gtid_mode = ON;"), std::string::npos) << out();
  EXPECT_EQ(RunJson({"server", "check", "a:1"}, kExitAttention)["problems"][0]["fatal"], true);
}

TEST_F(CommandsTest, AnErrantServerIsRebuiltOnlyWhenTold) {
  controller_.SetServer("127.0.0.1:21002", [](v1::Server* server) {
    server->set_status(v1::FAULTY);
    server->set_errant("x:1-3");
  });
  EXPECT_EQ(Run({"server", "rejoin", "127.0.0.1:21002"}), kExitFailed);
  EXPECT_EQ(err(),
            "error: the server has transactions of its own\n"
            "  expected: none\n"
            "  found:    x:1-3\n"
            "  to do:    weft server rejoin --rebuild\n");
  EXPECT_EQ(Run({"server", "rejoin", "127.0.0.1:21002", "--rebuild"}), kExitOk) << err();
  EXPECT_EQ(out(), "127.0.0.1:21002 was rebuilt and is back in its group\n");
}

TEST_F(CommandsTest, WhyTellsByItsExitCodeWhetherAllIsWell) {
  v1::ExplainGroupResponse explanation;
  explanation.set_settled(true);
  controller_.SetExplanation(explanation);
  EXPECT_EQ(Run({"why", "g1"}), kExitOk);
  v1::Finding* finding = explanation.add_findings();
  finding->set_code("DEAD_PRIMARY");
  finding->set_severity(v1::Finding::CRITICAL);
  controller_.SetExplanation(explanation);
  EXPECT_EQ(Run({"why", "g1"}), kExitAttention);
  explanation.clear_findings();
  explanation.set_settled(false);
  controller_.SetExplanation(explanation);
  EXPECT_EQ(RunJson({"why", "g1"}, kExitAttention)["settled"], false);
}

TEST_F(CommandsTest, DurabilityTellsByItsExitCodeWhetherItIsProven) {
  v1::ExplainDurabilityResponse proof;
  proof.set_proven(true);
  controller_.SetProof(proof);
  EXPECT_EQ(Run({"group", "durability", "g1"}), kExitOk) << err();
  EXPECT_EQ(out().substr(0, out().find('\n')),
            "proven: a failover of group g1 now would lose no acknowledged commit");
  proof.set_proven(false);
  proof.set_reason("NOT_LOSSLESS");
  v1::DurabilityWitness* witness = proof.add_witnesses();
  witness->set_server("servers/b");
  witness->set_lacks(3);
  controller_.SetProof(proof);
  const Json json = RunJson({"group", "durability", "groups/g1"}, kExitAttention);
  EXPECT_EQ(json["proven"], false);
  EXPECT_EQ(json["group"], "groups/g1");
  EXPECT_EQ(json["witnesses"][0]["lacks"], 3);
  EXPECT_EQ(Run({"group", "durability", "nosuch"}), kExitNotFound);
  EXPECT_EQ(Run({"group", "durability"}), kExitUsage);
}

TEST_F(CommandsTest, HealthTellsByItsExitCodeWhetherServersAreWell) {
  EXPECT_EQ(Run({"health", "g1"}), kExitOk) << out();
  EXPECT_EQ(RunJson({"group", "health", "g1"})["reports"].size(), 3u);
  controller_.SetServer("127.0.0.1:21002", [](v1::Server* server) {
    server->mutable_health()->set_contact("unreachable");
  });
  const Json json = RunJson({"health", "g1"}, kExitAttention);
  EXPECT_EQ(json["healthy"], false);
  EXPECT_EQ(json["servers"][1]["health"]["contact"], "unreachable");
}

TEST_F(CommandsTest, TopologyDrawsOneGroupOrAll) {
  EXPECT_EQ(Run({"topology", "g2"}), kExitOk);
  EXPECT_EQ(out(), "g2  inactive  lossless  epoch 0\nno servers\n");
  EXPECT_EQ(RunJson({"topology"})["groups"].size(), 2u);
}

TEST_F(CommandsTest, ColoursAreForTerminalsThatWantThem) {
  UseTerminal();
  EXPECT_EQ(Run({"topology", "g2"}), kExitOk);
  EXPECT_NE(out().find("\x1b[1mg2\x1b[0m"), std::string::npos) << out();
  EXPECT_EQ(Run({"topology", "g2", "--no-color"}), kExitOk);
  EXPECT_EQ(out().find('\x1b'), std::string::npos) << out();
  variables_["NO_COLOR"] = "1";
  EXPECT_EQ(Run({"topology", "g2"}), kExitOk);
  EXPECT_EQ(out().find('\x1b'), std::string::npos) << out();
}

TEST_F(CommandsTest, OperationsAreListedNewestFirstUpToTheLimit) {
  const Json all = RunJson({"operation", "list"});
  ASSERT_EQ(all["operations"].size(), 3u);  // The fake gives two a page.
  EXPECT_EQ(RunJson({"operation", "list", "g2"})["operations"].size(), 0u);
  EXPECT_EQ(RunJson({"operation", "list", "--limit", "1"})["operations"].size(), 1u);
  const std::string name = all["operations"][0]["name"];
  const Json shown = RunJson({"operation", "show", name.substr(name.find('/') + 1)});
  EXPECT_EQ(shown["name"], name);
  EXPECT_EQ(RunJson({"operation", "wait", name})["state"], "SUCCEEDED");
  EXPECT_EQ(Run({"operation", "show", "nothing"}), kExitNotFound);
  controller_.End(name, v1::Operation::SUCCEEDED,
                  absl::StrCat(R"({"new_primary":")", kFirst, R"("})"));
  EXPECT_EQ(Run({"operation", "show", name}), kExitOk);
  EXPECT_NE(out().find("new primary 127.0.0.1:21001"), std::string::npos) << out();
  EXPECT_EQ(RunJson({"events"})["events"].size(), 3u);
}

TEST_F(CommandsTest, AReportOfAFailureIsTold) {
  EXPECT_EQ(Run({"threat", "report-error", "127.0.0.1:21001", "--error", "lost"}), kExitOk);
  EXPECT_EQ(Run({"threat", "report-failure", "127.0.0.1:21001"}), kExitOk);
  EXPECT_NE(out().find("no failover began"), std::string::npos) << out();
  controller_.SetServer("127.0.0.1:21001", [](v1::Server* server) { server->set_weight(0); });
  EXPECT_EQ(Run({"threat", "report-failure", "127.0.0.1:21001"}), kExitOk) << err();
  EXPECT_EQ(out(), "failover of g1\n");
}

TEST_F(CommandsTest, TheNodeIsShownAlsoWhileItsStoreIsDown) {
  v1::NodeStatus node;
  node.set_store_error("refused");
  node.set_schema_expected(3);
  controller_.SetNode(node);
  EXPECT_EQ(Run({"node", "status"}), kExitUnavailable);
  EXPECT_NE(out().find("unreachable: refused"), std::string::npos) << out();
  node.set_store_reachable(true);
  controller_.SetNode(node);
  EXPECT_EQ(RunJson({"manage", "setup"})["schema_found"], 3);
  EXPECT_EQ(Run({"manage", "status"}), kExitOk);
  EXPECT_EQ(Run({"manage", "teardown"}), kExitFailed);
  EXPECT_EQ(controller_.GroupNow("g1").id(), "g1");
  EXPECT_EQ(Run({"manage", "teardown", "--yes"}), kExitOk) << err();
  EXPECT_EQ(controller_.GroupNow("g1").id(), "");
}

TEST_F(CommandsTest, AccountsAreListedWithoutAController) {
  variables_.clear();
  const Json json = RunJson({"account", "list"});
  ASSERT_EQ(json["accounts"].size(), 5u);
  EXPECT_EQ(json["accounts"][1]["duty"], "replicate");
  EXPECT_FALSE(json["accounts"][1]["privileges"].empty());
  EXPECT_EQ(Run({"account", "list", "--mysql", "five"}), kExitUsage);
}

TEST_F(CommandsTest, ARotationThatCannotReachAllIsRefused) {
  EXPECT_EQ(Run({"account", "rotate", "manage"}), kExitOk) << err();
  EXPECT_EQ(out(), "the password of the account for manage is new on 3 servers\n");
  controller_.SetServer("127.0.0.1:21001",
                        [](v1::Server* server) { server->set_status(v1::FAULTY); });
  EXPECT_EQ(Run({"account", "rotate", "manage"}), kExitFailed);
  EXPECT_NE(err().find("127.0.0.1:21001"), std::string::npos) << err();
  EXPECT_EQ(Run({"account", "rotate", "everything"}), kExitUsage);
}

TEST_F(CommandsTest, ARequestIsMarkedSoThatItActsOnce) {
  EXPECT_EQ(Run({"group", "activate", "g1", "--request-id", "wish-1"}), kExitOk);
  EXPECT_EQ(controller_.Requests("ActivateGroup").back(),
            "name: \"groups/g1\" request_id: \"wish-1\" ");
  ASSERT_EQ(Run({"group", "promote", "g1"}), kExitOk);
  EXPECT_NE(controller_.Requests("PromoteGroup").back().find("request_id: \""), std::string::npos);
}

TEST_F(CommandsTest, VersionNeedsNobody) {
  variables_.clear();
  EXPECT_EQ(Run({"version"}), kExitOk);
  EXPECT_EQ(out().substr(0, 5), "weft ");
  const std::string text = out();
  EXPECT_EQ(Run({"--version"}), kExitOk);
  EXPECT_EQ(out(), text);
}

}  // namespace
}  // namespace weft::cli
