#include "common/fabric/command_table.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weft::fabric {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// What `mysqlfabric help GROUP` of the original printed for each of its commands, but its order
// and its stray entry `user usercommand`.
// NOLINTBEGIN(bugprone-suspicious-missing-comma): long ones take two lines.
constexpr const char* kSignatures[] = {
    "statistics node  ",
    "statistics group  [--group_id=NONE] ",
    "statistics procedure  [--procedure_name=NONE] ",
    "group activate group_id  [--synchronous] ",
    "group description group_id  [--description=NONE] [--synchronous] ",
    "group deactivate group_id  [--synchronous] ",
    "group create group_id  [--description=NONE] [--synchronous] ",
    "group remove group_id server_id  [--synchronous] ",
    "group add group_id address  [--timeout=NONE] [--update_only] [--synchronous] ",
    "group health group_id  ",
    "group lookup_servers group_id  [--server_id=NONE] [--status=NONE] [--mode=NONE] ",
    "group destroy group_id  [--synchronous] ",
    "group demote group_id  [--update_only] [--synchronous] ",
    "group promote group_id  [--slave_id=NONE] [--update_only] [--synchronous] ",
    "group lookup_groups  [--group_id=NONE] ",
    "dump fabric_nodes  [--protocol=NONE] ",
    "dump shard_index  [--connector_version=NONE] [--patterns=] ",
    "dump sharding_information  [--connector_version=NONE] [--patterns=] ",
    "dump servers  [--connector_version=NONE] [--patterns=] ",
    "dump shard_tables  [--connector_version=NONE] [--patterns=] ",
    "dump shard_maps  [--connector_version=NONE] [--patterns=] ",
    "manage teardown  ",
    "manage stop  ",
    "manage setup  ",
    "manage ping  ",
    "manage start  [--daemonize] ",
    "manage logging_level module level  ",
    "server set_mode server_id mode  [--synchronous] ",
    "server clone group_id destn_address  [--source_id=NONE] [--timeout=NONE] [--synchronous] ",
    "server list provider_id  [--generic_filters=NONE] [--meta_filters=NONE] [--skip_store] ",
    "server set_weight server_id weight  [--synchronous] ",
    "server lookup_uuid address  [--timeout=NONE] ",
    "server set_status server_id status  [--update_only] [--synchronous] ",
    "server destroy provider_id machine_uuid  [--force] [--skip_store] [--synchronous] ",
    "server create provider_id  [--image=NONE] [--flavor=NONE] [--number_machines=1] "
    "[--availability_zone=NONE] [--key_name=NONE] [--security_groups=NONE] "
    "[--private_network=NONE] [--public_network=NONE] [--userdata=NONE] [--swap=NONE] "
    "[--scheduler_hints=NONE] [--meta=NONE] [--datastore=NONE] [--datastore_version=NONE] "
    "[--size=NONE] [--databases=NONE] [--users=NONE] [--configuration=NONE] [--security=NONE] "
    "[--skip_store] [--wait_spawning] [--synchronous] ",
    "role list  ",
    "user roles username  [--protocol=NONE] [--roles=NONE] ",
    "user list  ",
    "user add username  [--protocol=NONE] [--roles=NONE] ",
    "user password username  [--protocol=NONE] ",
    "user delete username  [--protocol=NONE] [--force] ",
    "threat report_error server_id  [--reporter=UNKNOWN] [--error=UNKNOWN] [--update_only] "
    "[--synchronous] ",
    "threat report_failure server_id  [--reporter=UNKNOWN] [--error=UNKNOWN] [--update_only] "
    "[--synchronous] ",
    "provider unregister provider_id  [--synchronous] ",
    "provider register provider_id username password url  [--tenant=NONE] "
    "[--provider_type=OPENSTACK] [--default_image=NONE] [--default_flavor=NONE] [--extra=NONE] "
    "[--synchronous] ",
    "provider list  [--provider_id=NONE] ",
    "sharding list_definitions  ",
    "sharding remove_definition shard_mapping_id  [--synchronous] ",
    "sharding move_shard shard_id group_id  [--update_only] [--synchronous] ",
    "sharding disable_shard shard_id  [--synchronous] ",
    "sharding remove_table table_name  [--synchronous] ",
    "sharding split_shard shard_id group_id  [--split_value=NONE] [--update_only] "
    "[--synchronous] ",
    "sharding create_definition type_name group_id  [--synchronous] ",
    "sharding add_shard shard_mapping_id groupid_lb_list  [--state=DISABLED] [--synchronous] ",
    "sharding add_table shard_mapping_id table_name column_name  [--synchronous] ",
    "sharding lookup_table table_name  ",
    "sharding enable_shard shard_id  [--synchronous] ",
    "sharding remove_shard shard_id  [--synchronous] ",
    "sharding list_tables sharding_type  ",
    "sharding prune_shard table_name  [--synchronous] ",
    "sharding lookup_servers table_name key  [--hint=LOCAL] ",
    "snapshot destroy provider_id machine_uuid  [--skip_store] [--synchronous] ",
    "snapshot create provider_id machine_uuid  [--skip_store] [--wait_spawning] [--synchronous] ",
    "event trigger event  [--locks=NONE] [--args=NONE] [--kwargs=NONE] ",
    "event wait_for_procedures  [--proc_uuids=NONE] ",
};
// NOLINTEND(bugprone-suspicious-missing-comma)

TEST(CommandTableTest, HoldsTheOriginalsCommandsInItsOrderWithItsSignatures) {
  std::vector<std::string> ours;
  for (const Command& command : Commands()) {
    if (!command.is_addition) ours.push_back(command.Signature());
  }
  EXPECT_EQ(ours.size(), 65u);
  EXPECT_THAT(ours, ::testing::ElementsAreArray(kSignatures));
}

TEST(CommandTableTest, MarksWhatTheForkAdded) {
  std::vector<std::string> additions;
  for (const Command& command : Commands()) {
    if (command.is_addition) additions.push_back(command.method());
  }
  EXPECT_THAT(additions, ElementsAre("group.activate_all", "group.deactivate_all", "dump.health",
                                     "manage.set_ttl", "manage.openfds"));
}

TEST(CommandTableTest, EveryProcedureEndsWithSynchronousAndNothingElseHasIt) {
  for (const Command& command : Commands()) {
    const bool has = std::any_of(command.parameters.begin(), command.parameters.end(),
                                 [](const Parameter& p) { return p.name == "synchronous"; });
    EXPECT_EQ(has, command.kind == CommandKind::kProcedure) << command.method();
    if (has) {
      EXPECT_EQ(command.parameters.back().name, "synchronous") << command.method();
      EXPECT_EQ(command.parameters.back().standard, Value{true}) << command.method();
    }
  }
}

TEST(CommandTableTest, KnowsWhichCommandsNeverLeaveTheMachine) {
  std::set<std::string> local;
  for (const Command& command : Commands()) {
    if (command.kind == CommandKind::kLocal) local.insert(command.method());
  }
  EXPECT_THAT(
      local, ElementsAre("manage.setup", "manage.start", "manage.teardown", "role.list", "user.add",
                         "user.delete", "user.list", "user.password", "user.roles"));
}

TEST(CommandTableTest, KnowsWhichParametersAreLists) {
  std::multiset<std::string> lists;
  for (const Command& command : Commands()) {
    for (const Parameter& parameter : command.parameters) {
      if (parameter.is_list) lists.insert(command.method() + " " + parameter.name);
    }
  }
  EXPECT_THAT(lists,
              ElementsAre("event.trigger args", "event.trigger kwargs", "event.trigger locks",
                          "event.wait_for_procedures proc_uuids", "provider.register extra",
                          "server.create flavor", "server.create image", "server.create meta",
                          "server.create private_network", "server.create scheduler_hints",
                          "server.list generic_filters", "server.list meta_filters"));
}

TEST(CommandTableTest, TypesTheDefaults) {
  const Command* create = FindCommand("server.create");
  ASSERT_NE(create, nullptr);
  EXPECT_EQ(create->mandatory(), 1u);
  std::map<std::string, Value> standard;
  for (const Parameter& parameter : create->parameters) {
    if (!parameter.is_mandatory()) standard[parameter.name] = *parameter.standard;
  }
  EXPECT_EQ(standard["number_machines"], Value{int64_t{1}});
  EXPECT_EQ(standard["image"], Value{Nil{}});
  EXPECT_EQ(standard["skip_store"], Value{false});
  EXPECT_EQ(standard["wait_spawning"], Value{true});
  EXPECT_EQ(FindCommand("dump.servers")->parameters[1].standard, Value{std::string()});
  EXPECT_EQ(FindCommand("threat.report_error")->parameters[1].standard,
            Value{std::string("unknown")});
}

TEST(CommandTableTest, FindsCommandsByTheirNameToTheLetter) {
  for (const Command& command : Commands()) {
    EXPECT_EQ(FindCommand(command.method()), &command);
  }
  for (const char* unknown : {"", "group", "group.", "Group.add", "group.add ", "user.usercommand",
                              "store.dump_servers", "system.listMethods"}) {
    EXPECT_EQ(FindCommand(unknown), nullptr) << unknown;
  }
}

TEST(CommandTableTest, ListsTheGroupsInTheOriginalsOrderWithoutAnyEmptyOne) {
  EXPECT_THAT(CommandGroups(),
              ElementsAre("statistics", "group", "dump", "manage", "server", "role", "user",
                          "threat", "provider", "sharding", "snapshot", "event"));
  std::set<std::string> used;
  for (const Command& command : Commands()) used.insert(command.group);
  EXPECT_EQ(used, std::set<std::string>(CommandGroups().begin(), CommandGroups().end()));
}

TEST(CommandTableTest, ExplainsEveryCommandInOneLineAndMoreWhereNeeded) {
  for (const Command& command : Commands()) {
    EXPECT_THAT(command.summary, Not(HasSubstr("\n"))) << command.method();
    EXPECT_THAT(command.summary, ::testing::EndsWith(".")) << command.method();
    EXPECT_TRUE(command.details.empty() || command.details.back() == '.') << command.method();
  }
}

}  // namespace
}  // namespace weft::fabric
