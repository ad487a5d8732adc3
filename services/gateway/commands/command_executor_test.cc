// Every command with right and wrong arguments; what is of the gateway itself; and what it answers
// while no controller does.
#include "services/gateway/commands/command_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/access/roles.h"
#include "common/base/mutex.h"
#include "common/fabric/command_table.h"
#include "services/gateway/commands/testing/commands_fixture.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::Value;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class CommandExecutorTest : public CommandsTest {
 protected:
  // True for a procedure that fails before it begins, here always.
  static bool IsRefusedBefore(const fabric::Command& command) {
    return command.group == "server" &&
           (command.name == "clone" || command.name == "create" || command.name == "destroy");
  }
};

TEST_F(CommandExecutorTest, RefusesWrongNumbersOfArgumentsAsPythonDoes) {
  for (const fabric::Command& command : fabric::Commands()) {
    if (command.kind == fabric::CommandKind::kLocal) continue;
    const size_t most = command.parameters.size(), least = command.mandatory();
    const bool exactly = most == least;
    EXPECT_EQ(Error(command.method(), List(most + 1, {"x"})),
              absl::StrCat("execute() takes ", exactly ? "exactly " : "at most ", most + 1,
                           " argument", most == 0 ? "" : "s", " (", most + 2, " given)"))
        << command.method();
    if (least == 0) continue;
    EXPECT_EQ(Error(command.method()),
              absl::StrCat("execute() takes ", exactly ? "exactly " : "at least ", least + 1,
                           " arguments (1 given)"))
        << command.method();
  }
}

TEST_F(CommandExecutorTest, AnswersEveryCommandOnceInItsOwnWords) {
  for (const fabric::Command& command : fabric::Commands()) {
    if (command.method() == "manage.stop") continue;
    SCOPED_TRACE(command.method());
    EXPECT_TRUE(executor_->Knows(command.method()));
    EXPECT_NE(executor_->Help(command.method()), "");
    const fabric::Answer answer = Run(command.method(), List(command.mandatory(), {"none"}));
    EXPECT_TRUE(answer.error.empty() || answer.sets.empty());
    EXPECT_EQ(answer.error.find('\n'), std::string::npos);
    for (const fabric::ResultSet& set : answer.sets) {
      for (const List& row : set.rows) EXPECT_EQ(row.size(), set.columns.size());
    }
    if (command.kind != fabric::CommandKind::kProcedure || IsRefusedBefore(command)) continue;
    // An error of a procedure names its class; without one it has a result and its jobs.
    const bool failed = !answer.error.empty();
    EXPECT_THAT(failed ? answer.error : "Error: ", HasSubstr("Error: "));
    EXPECT_THAT(answer.sets, SizeIs(failed ? 0u : 2u));
    List asynchronous(command.parameters.size());
    std::fill_n(asynchronous.begin(), command.mandatory(), Value{"none"});
    asynchronous.back() = {false};
    const fabric::Answer begun = Run(command.method(), asynchronous);
    EXPECT_EQ(begun.error, "");
    ASSERT_THAT(begun.sets, SizeIs(1));
    EXPECT_THAT(begun.sets[0].columns, SizeIs(1));
    EXPECT_THAT(Run("event.wait_for_procedures", {begun.sets[0].rows.at(0)}).error, "");
  }
  EXPECT_FALSE(executor_->Knows("group.nope"));
  EXPECT_THAT(executor_->Methods(), SizeIs(70));
}

TEST_F(CommandExecutorTest, TellsTheTruthOfANodeWithoutShards) {
  const auto columns = [this](const std::string& method) {
    std::vector<std::string> names;
    const fabric::Answer answer = Run(method);
    EXPECT_THAT(answer.sets, SizeIs(1)) << method;
    EXPECT_THAT(answer.sets.at(0).rows, IsEmpty()) << method;
    for (const fabric::Column& column : answer.sets.at(0).columns) names.push_back(column.name);
    return names;
  };
  EXPECT_THAT(columns("dump.shard_tables"),
              ElementsAre("schema_name", "table_name", "column_name", "mapping_id"));
  EXPECT_THAT(columns("dump.shard_maps"),
              ElementsAre("mapping_id", "type_name", "global_group_id"));
  EXPECT_THAT(columns("dump.shard_index"),
              ElementsAre("lower_bound", "mapping_id", "shard_id", "group_id"));
  EXPECT_THAT(columns("dump.sharding_information"),
              ElementsAre("schema_name", "table_name", "column_name", "lower_bound", "shard_id",
                          "type_name", "group_id", "global_group"));
  EXPECT_THAT(columns("sharding.list_definitions"),
              ElementsAre("mapping_id", "type_name", "global_group_id"));
  EXPECT_THAT(Rows("sharding.lookup_table", {{"a.b"}}), ElementsAre("    "));
  EXPECT_THAT(Run("sharding.list_tables", {{"RANGE"}}).sets, IsEmpty());
}

TEST_F(CommandExecutorTest, FindsNoShardInFabricsWords) {
  const std::pair<const char*, std::pair<List, const char*>> kCalls[] = {
      {"sharding.list_tables", {{{"range"}}, "Invalid Sharding Type range"}},
      {"sharding.lookup_servers", {{{"a.b"}, {int64_t{1}}}, "Table name a.b not found"}},
      {"sharding.lookup_servers", {{{"1"}, {""}, {"global"}}, "list index out of range"}},
      {"sharding.lookup_servers", {{{"1"}, {""}, {"x"}}, "Unknown lookup hint"}},
      {"sharding.create_definition",
       {{{"wrong"}, {"g"}}, "ShardingError: Invalid Sharding Type WRONG"}},
      {"sharding.remove_definition",
       {{{int64_t{1}}},
        "ShardingError: Shard Mapping Definition with shard_mapping_id 1 not found"}},
      {"sharding.add_shard",
       {{{"1"}, {"g/1"}}, "ShardingError: Shard Mapping with shard_mapping_id 1 not found"}},
      {"sharding.remove_table", {{{"a.b"}}, "ShardingError: Table name a.b not found"}},
      {"sharding.enable_shard", {{{int64_t{7}}}, "ShardingError: Shard 7 not found"}},
      {"sharding.move_shard", {{{"7"}, {"g"}}, "ShardingError: Shard 7 not found"}},
  };
  for (const auto& [method, call] : kCalls) EXPECT_EQ(Error(method, call.first), call.second);
  EXPECT_THAT(Error("sharding.create_definition", {{"hash"}, {"g"}}),
              StartsWith("ShardingError: This version of Weft does not shard data."));
}

TEST_F(CommandExecutorTest, HasNoProviderInFabricsWords) {
  EXPECT_THAT(Rows("provider.list"), IsEmpty());
  EXPECT_EQ(Error("provider.list", {{"p"}}), "Provider (p) does not exist.");
  EXPECT_EQ(Error("provider.register", {{"p"}, {"u"}, {"s"}, {"url"}}),
            "ProviderError: Provider type (OPENSTACK) is not supported yet.");
  EXPECT_EQ(Error("provider.register",
                  {{"p"}, {"u"}, {"s"}, {"url"}, {}, {}, {}, {}, {List{{"a=b"}, {"wrong"}}}}),
            "ConfigurationError: Invalid parameter (['a=b', 'wrong']).");
  EXPECT_EQ(Error("provider.unregister", {{"p"}}), "ProviderError: Provider (p) does not exist.");
  EXPECT_EQ(Error("server.list", {{"p"}}), "Provider (p) does not exist.");
  EXPECT_EQ(Error("server.create", {{"p"}}), "Provider (p) does not exist.");
  EXPECT_EQ(Error("server.destroy", {{"p"}, {"m"}}), "Provider (p) does not exist.");
  EXPECT_EQ(Error("snapshot.create", {{"p"}, {"m"}}),
            "ProviderError: Provider (p) does not exist.");
}

TEST_F(CommandExecutorTest, ManagesTheGatewayItself) {
  EXPECT_THAT(Run("manage.ping").sets, IsEmpty());
  EXPECT_EQ(Error("manage.ping"), "");
  EXPECT_EQ(Error("manage.logging_level", {{"mysql.fabric.executor"}, {"info"}}), "");
  EXPECT_EQ(Error("manage.logging_level", {{"mysql.fabric"}, {"europe"}}), "'EUROPE'");
  EXPECT_EQ(Error("manage.logging_level", {{"sys"}, {"INFO"}}), "No module named sys");
  EXPECT_EQ(Error("manage.setup"), "Unimplemented execute method");
  EXPECT_THAT(Error("user.add", {{"bob"}}), EndsWith("Please, use: weft user add"));
  EXPECT_EQ(executor_->ttl(), 1);
  EXPECT_EQ(Error("manage.set_ttl", {{"7"}}), "");
  EXPECT_EQ(executor_->ttl(), 7);
  EXPECT_NE(Error("manage.set_ttl", {{"-1"}}), "");
  EXPECT_THAT(Rows("manage.openfds"), SizeIs(1));
  EXPECT_THAT(Rows("dump.fabric_nodes"), ElementsAre("db.example 32275", "db.example 32274"));
  EXPECT_THAT(Rows("dump.fabric_nodes", {{"protocol.xmlrpc"}}), ElementsAre("db.example 32274"));
  EXPECT_EQ(Error("dump.fabric_nodes", {{"x"}}), "Protocol (x) is not supported.");
  EXPECT_EQ(Error("manage.stop"), "");
  Await("the stop", [this] { return stopped_.load(); });
}

TEST_F(CommandExecutorTest, CountsWhatWasCalled) {
  MakeKnownGroup(3);
  EXPECT_EQ(Error("group.promote", {{"g"}, {Uuid(2)}}), "");
  EXPECT_NE(Error("group.create", {{"g"}}), "");
  EXPECT_NE(Error("dump.servers", List(9)), "");
  EXPECT_THAT(Rows("statistics.procedure"),
              ElementsAre("dump.servers 1 1", "group.create 1 1", "group.promote 1 0",
                          "statistics.procedure 1 0"));
  EXPECT_THAT(Rows("statistics.procedure", {{"group."}}), SizeIs(2));
  // The promotion of MakeKnownGroup had nobody to demote.
  EXPECT_THAT(Rows("statistics.group"), ElementsAre("g 2 1"));
  EXPECT_THAT(Rows("statistics.group", {{"x"}}), IsEmpty());
  EXPECT_THAT(Rows("statistics.node").at(0), AllOf(StartsWith("0 0:00:"), HasSubstr(" 20")));
  EXPECT_THAT(
      metrics_.Expose(),
      HasSubstr("weft_gateway_commands_total{command=\"group.create\",result=\"error\"} 1"));
}

TEST_F(CommandExecutorTest, TriggersEventsAndWaitsForThem) {
  MakeKnownGroup(3);
  EXPECT_THAT(Rows("event.trigger", {{"NOSUCH"}}), IsEmpty());
  const fabric::Answer begun =
      Run("event.trigger", {{"FAIL_OVER"}, {List{{"lock"}}}, {List{{"g"}}}});
  ASSERT_THAT(begun.sets.at(0).rows, SizeIs(1));
  const fabric::Answer ended = Run("event.wait_for_procedures", {begun.sets[0].rows[0]});
  EXPECT_EQ(ended.error, "");
  EXPECT_THAT(ended.sets, SizeIs(2));
  EXPECT_EQ(
      Rows("event.trigger", {{"REPORT_ERROR"}, {}, {}, {List{{"server_id=" + Uuid(1)}}}}).size(),
      1u);
  EXPECT_EQ(Error("event.trigger", {{"REPORT_ERROR"}, {}, {}, {List{{"x"}}}}),
            "Invalid parameter (['x']).");
  EXPECT_EQ(Error("event.trigger", {{"FAIL_OVER"}}),
            "execute() takes at least 2 arguments (1 given)");
}

TEST_F(CommandExecutorTest, WaitsForOperationsOfWeftToo) {
  MakeKnownGroup(2);
  const auto promoted = Promote("g", 2);
  ASSERT_TRUE(promoted.ok());
  const std::string uuid = promoted->operation().name().substr(11);
  const fabric::Answer ended = Run("event.wait_for_procedures", {{uuid}});
  EXPECT_EQ(ended.error, "");
  EXPECT_THAT(ended.sets, SizeIs(2));
  EXPECT_EQ(Error("event.wait_for_procedures"),
            "Please, specify which procedure(s) you will be waiting for.");
  EXPECT_EQ(Error("event.wait_for_procedures", {{"x"}}), "badly formed hexadecimal UUID string");
  EXPECT_EQ(Error("event.wait_for_procedures", {{Uuid(9)}}),
            absl::StrCat("Procedure (", Uuid(9), ") was not found."));
}

TEST_F(CommandExecutorTest, AnswersLookupsWhileNoControllerDoes) {
  MakeKnownGroup(3);
  const std::vector<std::string> servers = Rows("dump.servers");
  EXPECT_THAT(servers, ElementsAre(absl::StrCat(Uuid(1), " g s1 3306 3 3 1.0"),
                                   absl::StrCat(Uuid(2), " g s2 3306 1 2 1.0"),
                                   absl::StrCat(Uuid(3), " g s3 3306 1 2 1.0")));
  const std::string address = process_->address();
  process_.reset();
  EXPECT_EQ(Rows("dump.servers"), servers);
  EXPECT_THAT(Rows("group.lookup_servers", {{"g"}}), SizeIs(3));
  EXPECT_THAT(Rows("server.lookup_uuid", {{Address(2)}}), ElementsAre(Uuid(2)));
  EXPECT_EQ(Error("manage.ping"), "");
  EXPECT_THAT(Error("group.create", {{"x"}}), StartsWith("ServiceError: No controller answers"));
  EXPECT_EQ(Error("group.health", {{"g"}}),
            absl::StrCat("No controller answers at ", address, ". Please, start a controller."));
}

TEST_F(CommandExecutorTest, AsksTheControllerThatLeads) {
  CommandExecutor::Options options = DefaultOptions();
  rpc::ChannelOptions nobody;
  nobody.address = "127.0.0.1:1";
  options.controllers.insert(options.controllers.begin(), nobody);
  executor_ =
      CommandExecutor::Create(options, {routes_.get(), &users_, &metrics_, RealClock::Get()})
          .value();
  EXPECT_EQ(Error("group.create", {{"g"}}), "");
  process_.reset();
  EXPECT_THAT(Error("group.create", {{"h"}}),
              AllOf(StartsWith("ServiceError: No controller could serve this (127.0.0.1:"),
                    HasSubstr("127.0.0.1:1: "), EndsWith("Please, start a controller.")));
}

TEST_F(CommandExecutorTest, RefusesWhatItCannotHold) {
  EXPECT_EQ(Error("group.create", {{"g"}}), "");
  farm_.Add(1);
  EXPECT_EQ(Error("group.add", {{"g"}, {Address(1)}}), "");
  farm_.SlowLooks(absl::Milliseconds(200));
  CommandExecutor::Options options = DefaultOptions();
  options.threads = 1;
  options.max_waiting = 1;
  executor_ =
      CommandExecutor::Create(options, {routes_.get(), &users_, &metrics_, RealClock::Get()})
          .value();
  Mutex mutex;
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    executor_->Execute({"", ""}, {"group.health", {{"g"}}, {}}, [&](const Reply& reply) {
      MutexLock lock(&mutex);
      refused += absl::StartsWith(reply->error, "Too many commands at once: 1 wait") ? 1 : 0;
    });
  }
  EXPECT_EQ(Run("dump.servers").error, "");
  EXPECT_THAT(Error("threat.report_error", {{Address(1)}}), IsEmpty());
  executor_.reset();
  EXPECT_GE(refused, 7);
}

TEST_F(CommandExecutorTest, RefusesAddressesThatNobodyCanReach) {
  CommandExecutor::Options options = DefaultOptions();
  const CommandExecutor::Ports ports = {routes_.get(), &users_, &metrics_, RealClock::Get()};
  options.xmlrpc_address = "a:b:c:d";
  options.mysql_address = "db:port";
  EXPECT_TRUE(absl::IsInvalidArgument(CommandExecutor::Create(options, ports).status()));
  options = DefaultOptions();
  options.controllers.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(CommandExecutor::Create(options, ports).status()));
}

TEST_F(CommandExecutorTest, LetsEachUserDoWhatItsRolesSay) {
  auto snapshot = std::make_shared<UserSnapshot>();
  snapshot->users["app"] = {"app", "", "", {std::string(access::kConnector)}};
  users_.Set(snapshot);
  EXPECT_TRUE(executor_->IsAllowed({"", ""}, "group.create"));
  EXPECT_TRUE(executor_->IsAllowed({"app", ""}, "dump.servers"));
  EXPECT_TRUE(executor_->IsAllowed({"app", ""}, "threat.report_failure"));
  EXPECT_FALSE(executor_->IsAllowed({"app", ""}, "group.create"));
  EXPECT_FALSE(executor_->IsAllowed({"nobody", ""}, "dump.servers"));
}

TEST_F(CommandExecutorTest, HandsTheSameAnswerOutUntilTheTopologyChanges) {
  MakeKnownGroup(2);
  const auto bytes = [this] {
    std::shared_ptr<const std::string> made;
    executor_->Execute({"", ""}, {"dump.servers", {{int64_t{0}}}, {}}, [&](const Reply& reply) {
      made = reply.Bytes(Wire::kXmlRpc, 1, [] { return std::string("once"); });
    });
    return made;
  };
  const auto first = bytes();
  EXPECT_EQ(bytes(), first);
  EXPECT_EQ(Error("server.set_weight", {{Uuid(2)}, {0.5}}), "");
  EXPECT_NE(bytes(), first);
}

TEST_F(CommandExecutorTest, EndsWhatIsUnderWayWhenItEnds) {
  EXPECT_EQ(Error("group.create", {{"g"}}), "");
  farm_.Add(1);
  farm_.SlowLooks(absl::Seconds(2));
  int answered = 0;
  Mutex mutex;
  for (int i = 0; i < 200; ++i) {
    executor_->Execute({"", ""}, {"group.health", {{"g"}}, {}}, [&](const Reply&) {
      MutexLock lock(&mutex);
      ++answered;
    });
  }
  executor_.reset();
  EXPECT_EQ(answered, 200);
}

}  // namespace
}  // namespace weft::gateway
