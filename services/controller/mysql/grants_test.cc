#include "services/controller/mysql/grants.h"

#include <vector>

#include "common/model/accounts.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/grants_test_sql.h"

namespace weft::controller {
namespace {

Grants Of(const std::vector<absl::string_view>& rows) {
  Grants grants;
  for (const absl::string_view row : rows) grants.Add(row);
  return grants;
}

TEST(GrantsTest, FindsWhatIsGrantedOnItsScope) {
  const Grants grants = Of({test_sql::kGlobal, test_sql::kDynamic, test_sql::kTable});
  EXPECT_TRUE(grants.Has("PROCESS", "*.*"));
  EXPECT_TRUE(grants.Has("REPLICATION CLIENT", "*.*"));
  EXPECT_TRUE(grants.Has("CONNECTION_ADMIN", "*.*"));
  EXPECT_TRUE(grants.Has("INSERT", "mysql.plugin"));
  EXPECT_FALSE(grants.Has("INSERT", "mysql.user"));
  EXPECT_FALSE(grants.Has("SUPER", "*.*"));
}

TEST(GrantsTest, AWiderScopeHoldsForANarrowerOne) {
  const Grants grants = Of({test_sql::kDatabase});
  EXPECT_TRUE(grants.Has("SELECT", "mysql.*"));
  EXPECT_TRUE(grants.Has("SELECT", "mysql.plugin"));
  EXPECT_FALSE(grants.Has("SELECT", "*.*"));
  EXPECT_TRUE(Of({test_sql::kGlobal}).Has("PROCESS", "mysql.plugin"));
}

TEST(GrantsTest, AllHoldsForStaticPrivilegesAlone) {
  const Grants grants = Of({test_sql::kAll});
  EXPECT_TRUE(grants.Has("SUPER", "*.*"));
  EXPECT_TRUE(grants.Has("INSERT", "mysql.plugin"));
  EXPECT_FALSE(grants.Has("BACKUP_ADMIN", "*.*"));
}

TEST(GrantsTest, ReadsTheRowsOf56WithTheirPasswordHashes) {
  const Grants grants = Of({test_sql::kOld});
  EXPECT_TRUE(grants.Has("REPLICATION SLAVE", "*.*"));
}

TEST(GrantsTest, PatternsAreScopesOfTheirOwn) {
  const Grants grants = Of({test_sql::kPattern});
  EXPECT_TRUE(grants.Has("CREATE", "`weft\\_%`.*"));
  EXPECT_FALSE(grants.Has("CREATE", "weft.*"));
}

TEST(GrantsTest, ColumnsRolesAndRevocationsGrantNothing) {
  const Grants grants = Of({test_sql::kColumns, test_sql::kRole, test_sql::kRevocation});
  EXPECT_FALSE(grants.Has("SELECT", "mysql.user"));
  EXPECT_TRUE(grants.Has("UPDATE", "mysql.user"));
  EXPECT_FALSE(grants.Has("INSERT", "mysql.*"));
}

TEST(GrantsTest, TellsWhatIsMissingInTheOrderOfTheTable) {
  const std::vector<Privilege> wanted = PrivilegesOf(Duty::kReplicate, 90704);
  ASSERT_EQ(wanted.size(), 1u);
  EXPECT_EQ(Of({}).Missing(wanted), wanted);
  EXPECT_TRUE(Of({test_sql::kOld}).Missing(wanted).empty());
}

}  // namespace
}  // namespace weft::controller
