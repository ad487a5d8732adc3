#include "common/model/accounts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weft {
namespace {

constexpr int kVersions[] = {50624, 50744, 80036, 80400, 90704};

bool Has(Duty duty, int version, absl::string_view name, absl::string_view scope) {
  for (const Privilege& privilege : PrivilegesOf(duty, version)) {
    if (privilege.name == name && privilege.scope == scope) return true;
  }
  return false;
}

TEST(AccountsTest, SuperIsAskedForOnlyWhereNothingSmallerExists) {
  EXPECT_TRUE(Has(Duty::kManage, 50624, "SUPER", "*.*"));
  EXPECT_FALSE(Has(Duty::kManage, 50624, "CONNECTION_ADMIN", "*.*"));
  EXPECT_FALSE(Has(Duty::kManage, 90704, "SUPER", "*.*"));
  EXPECT_TRUE(Has(Duty::kManage, 90704, "CONNECTION_ADMIN", "*.*"));
}

TEST(AccountsTest, ManagingNeverReadsPeoplesTables) {
  for (const int version : kVersions) {
    EXPECT_FALSE(Has(Duty::kManage, version, "SELECT", "*.*")) << version;
  }
}

TEST(AccountsTest, ReplicatingNeedsOneRight) {
  for (const int version : kVersions) {
    const auto privileges = PrivilegesOf(Duty::kReplicate, version);
    ASSERT_EQ(privileges.size(), 1u) << version;
    EXPECT_EQ(privileges[0].name, "REPLICATION SLAVE");
  }
}

TEST(AccountsTest, MonitoringChangesNothingButItsHeartbeat) {
  for (const int version : kVersions) {
    for (const Privilege& privilege : PrivilegesOf(Duty::kMonitor, version)) {
      if (privilege.scope == "`weft\\_%`.*") continue;
      EXPECT_TRUE(privilege.name == "SELECT" || privilege.name == "REPLICATION CLIENT")
          << privilege.name;
      if (privilege.name == "SELECT") {
        EXPECT_TRUE(absl::StartsWith(privilege.scope, "performance_schema.replication_"));
      }
    }
  }
}

TEST(AccountsTest, CloneNeedsADonorAndARecipientWhereItExists) {
  EXPECT_TRUE(Has(Duty::kBackup, 90704, "BACKUP_ADMIN", "*.*"));
  EXPECT_TRUE(Has(Duty::kRestore, 90704, "CLONE_ADMIN", "*.*"));
  EXPECT_FALSE(Has(Duty::kRestore, 80016, "CLONE_ADMIN", "*.*"));
}

TEST(AccountsTest, EachPrivilegeIsNamedOnceAndSaysWhatItIsFor) {
  for (const Duty duty : kDuties) {
    for (const int version : kVersions) {
      std::set<std::string> seen;
      for (const Privilege& privilege : PrivilegesOf(duty, version)) {
        EXPECT_TRUE(seen.insert(absl::StrCat(privilege.name, " ", privilege.scope)).second)
            << DutyName(duty) << " " << privilege.name << " on " << version;
        EXPECT_FALSE(privilege.purpose.empty());
      }
    }
  }
}

TEST(AccountsTest, PrivilegesOfOneScopeStandTogether) {
  for (const Duty duty : kDuties) {
    for (const int version : kVersions) {
      std::set<std::string> closed;
      std::string current;
      for (const Privilege& privilege : PrivilegesOf(duty, version)) {
        if (privilege.scope == current) continue;
        closed.insert(current);
        current = std::string(privilege.scope);
        EXPECT_FALSE(closed.contains(current)) << DutyName(duty) << " " << current;
      }
    }
  }
}

TEST(AccountsTest, EveryDutyHasANameAndAUser) {
  std::set<std::string> users;
  for (const Duty duty : kDuties) {
    EXPECT_FALSE(DutyName(duty).empty());
    EXPECT_EQ(DefaultUserOf(duty), absl::StrCat("weft_", DutyName(duty)));
    users.insert(std::string(DefaultUserOf(duty)));
  }
  EXPECT_EQ(users.size(), kDuties.size());
}

}  // namespace
}  // namespace weft
