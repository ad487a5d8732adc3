#include "common/mysql/client_session.h"

#include <gtest/gtest.h>

#include "common/model/replica_account.h"

namespace weft::mysql {
namespace {

bool IsClient(absl::string_view user, absl::string_view command = "Sleep") {
  return IsClientSession(user, command, {"weft_manage", "weft_monitor"});
}

TEST(ClientSessionTest, IsOfNobodyElse) {
  EXPECT_TRUE(IsClient("app"));
  EXPECT_TRUE(IsClient("root", "Query"));
  EXPECT_TRUE(IsClient("weft_managers"));
}

TEST(ClientSessionTest, IsNotTheServersOwn) {
  for (const char* user :
       {"system user", "event_scheduler", "unauthenticated user", "mysql.session"}) {
    EXPECT_FALSE(IsClient(user)) << user;
  }
  EXPECT_FALSE(IsClient("app", "Daemon"));
}

TEST(ClientSessionTest, IsNeitherWeftsNorAReplicas) {
  EXPECT_FALSE(IsClient("weft_manage", "Query"));
  EXPECT_FALSE(IsClient("weft_monitor"));
  EXPECT_FALSE(IsClient("app", "Binlog Dump GTID"));
  const ServerUuid replica = *ServerUuid::Parse("00000000-0000-0000-0000-000000000001");
  EXPECT_FALSE(IsClient(ReplicaAccount(replica)));
}

}  // namespace
}  // namespace weft::mysql
