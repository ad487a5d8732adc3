#include "services/provisioner/providers/kubernetes/restored.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"

namespace weft::provisioner::kubernetes {
namespace {

constexpr char kUuid[] = "0d6f3a1e-7c52-4d0c-9d0e-2f8f6f1b7a11";

Json Below(Json place, const std::vector<std::string>& path) {
  for (const std::string& key : path) place = At(place, {key});
  return place;
}

// A data folder, to which the command is put.
class OwnIdentityTest : public ::testing::Test {
 protected:
  OwnIdentityTest() { std::filesystem::create_directories(folder_); }
  ~OwnIdentityTest() override { std::filesystem::remove_all(folder_); }

  int Run() {
    const pid_t child = fork();
    if (child == 0) {
      std::vector<std::string> words = OwnIdentityCommand(folder_, kUuid);
      std::vector<char*> arguments;
      arguments.reserve(words.size() + 1);
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void Put(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(folder_ + name, text, 0640).ok());
  }
  std::string Get(const std::string& name) { return ReadFile(folder_ + name).value_or("none"); }

  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/data of ", getpid(), "/");
};

TEST_F(OwnIdentityTest, KeepsWhatTheServerWasToldAndStopsItsReplication) {
  struct Case {
    std::string before;
    std::vector<std::string> section;  // that skip_replica_start belongs to
    std::vector<std::string> kept;     // whose Value is "7"
  };
  const std::string is_old = "mysql_server_static_options";
  const std::string is_new = "mysql_static_variables";
  const std::string seven = R"({"Value": "7", "Metadata": {"Timestamp": 1, "User": "a{b}"}})";
  for (const Case& one : std::vector<Case>{
           {"", {"mysql_server", is_old}, {}},
           {R"({"Version": 1, "mysql_server": {}})", {"mysql_server", is_old}, {}},
           {R"({"Version": 1, "mysql_server": {"mysql_server_static_options": {"back_log": )" +
                seven + "}}}",
            {"mysql_server", is_old},
            {"mysql_server", is_old, "back_log"}},
           {R"({"Version":1,"mysql_server":{"max_connections":)" + seven + "}}",
            {"mysql_server", is_old},
            {"mysql_server", "max_connections"}},
           {R"({"Version": 2, "mysql_dynamic_variables": {"max_connections": )" + seven + "}}",
            {is_new},
            {"mysql_dynamic_variables", "max_connections"}},
           {R"({"Version": 2, "mysql_static_variables": {"back_log": )" + seven + "}}",
            {is_new},
            {is_new, "back_log"}},
           {R"({"Version": 2, "mysql_static_variables": {}})", {is_new}, {}}}) {
    SCOPED_TRACE(one.before);
    std::filesystem::remove(folder_ + "mysqld-auto.cnf");
    if (!one.before.empty()) Put("mysqld-auto.cnf", one.before);
    Put("auto.cnf", "[auto]\nserver-uuid=4a5c0000-0000-0000-0000-000000000001\n");
    ASSERT_EQ(Run(), 0);
    EXPECT_EQ(Get("auto.cnf"), absl::StrCat("[auto]\nserver-uuid=", kUuid, "\n"));
    const Json told = Json::parse(Get("mysqld-auto.cnf"), nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(told.is_object()) << Get("mysqld-auto.cnf");
    EXPECT_EQ(NumberAt(told, {"Version"}), one.section.front() == is_new ? 2 : 1);
    const Json section = Below(told, one.section);
    EXPECT_EQ(TextAt(section, {"skip_replica_start", "Value"}), "ON");
    EXPECT_EQ(TextAt(section, {"skip_slave_start", "Value"}), "ON");
    if (one.kept.empty()) continue;
    EXPECT_EQ(TextAt(Below(told, one.kept), {"Value"}), "7");
  }
}

TEST_F(OwnIdentityTest, IsGivenOnce) {
  Put("auto.cnf", absl::StrCat("[auto]\nserver-uuid=", kUuid, "\n"));
  Put("mysqld-auto.cnf", R"({"Version": 2})");  // after RESET PERSIST
  ASSERT_EQ(Run(), 0);
  EXPECT_EQ(Get("mysqld-auto.cnf"), R"({"Version": 2})");
}

TEST_F(OwnIdentityTest, FailsWhereTheDataAreNot) {
  std::filesystem::remove_all(folder_);
  EXPECT_NE(Run(), 0);
}

TEST(GiveOwnIdentityTest, RefusesWhatNoServersUuidCanBe) {
  Json set;
  EXPECT_EQ(ErrorReason(GiveOwnIdentity("one", "/data", set)), "BAD_ORDER");
}

}  // namespace
}  // namespace weft::provisioner::kubernetes
