#include "services/provisioner/providers/persisted.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"
#include "services/provisioner/http/json.h"

namespace weft::provisioner {
namespace {

Json With(const std::string& text) {
  const auto file = WithSkipReplicaStart(text, kBothSkipReplicaStarts);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? Json::parse(*file) : Json();
}

TEST(PersistedTest, TellsAServerThatWasToldNothingYet) {
  const Json file = With("");
  EXPECT_EQ(NumberAt(file, {"Version"}), 1);
  const Json& told = At(file, {"mysql_server", "mysql_server_static_options"});
  EXPECT_EQ(TextAt(told, {"skip_replica_start", "Value"}), "ON");
  EXPECT_EQ(TextAt(told, {"skip_slave_start", "Value"}), "ON");
}

TEST(PersistedTest, TellsAServerOfAKnownVersionNothingThatItDoesNotKnow) {
  const auto file = WithSkipReplicaStart("", {"skip_slave_start"});
  ASSERT_TRUE(file.ok()) << file.status();
  const Json told = Json::parse(*file)["mysql_server"]["mysql_server_static_options"];
  EXPECT_EQ(told.size(), 1u);
  EXPECT_EQ(TextAt(told, {"skip_slave_start", "Value"}), "ON");
}

TEST(PersistedTest, KeepsWhatTheServerWasTold) {
  const Json before = {{"Version", 2},
                       {"mysql_dynamic_variables", {{"server_id", {{"Value", "7"}}}}},
                       {"mysql_static_variables", {{"back_log", {{"Value", "99"}}}}}};
  const Json file = With(before.dump());
  EXPECT_EQ(TextAt(file, {"mysql_dynamic_variables", "server_id", "Value"}), "7");
  EXPECT_EQ(TextAt(file, {"mysql_static_variables", "back_log", "Value"}), "99");
  EXPECT_EQ(TextAt(file, {"mysql_static_variables", "skip_replica_start", "Value"}), "ON");
}

TEST(PersistedTest, RefusesWhatNoServerHasWritten) {
  for (const char* const text : {"{", "[]", "{}"}) {
    EXPECT_EQ(ErrorReason(WithSkipReplicaStart(text, kBothSkipReplicaStarts).status()),
              "SNAPSHOT_DAMAGED");
  }
}

}  // namespace
}  // namespace weft::provisioner
