#include "common/mysqld/error_log.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/base/error_details.h"

namespace weft {
namespace {

// As 9.7 and 5.6 wrote them.
constexpr char kPortTaken97[] =
    "2026-01-01T00:00:00.1Z 0 [System] [MY-010116] [Server] mysqld (mysqld 9.7.4) starting\n"
    "2026-01-01T00:00:00.2Z 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP "
    "port: "
    "Address already in use\n"
    "2026-01-01T00:00:00.2Z 0 [ERROR] [MY-010257] [Server] Do you already have another mysqld "
    "server "
    "running on port: 20001 ?\n"
    "2026-01-01T00:00:00.2Z 0 [ERROR] [MY-010119] [Server] Aborting\n";
constexpr char kDiskFull56[] =
    "2026-01-01 00:00:00 1 [ERROR] InnoDB: Write to file ./ibdata1 failed at offset 1048576.\n"
    "2026-01-01 00:00:00 1 [ERROR] InnoDB: Error number 28 means 'No space left on device'.\n";

TEST(ErrorLogTest, SeesThatThePortIsTaken) {
  const absl::Status status = DiagnoseErrorLog(kPortTaken97, "server 127.0.0.1:20001", "/d/log");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(status), "PORT_IN_USE");
  EXPECT_TRUE(absl::StrContains(status.message(), "server 127.0.0.1:20001"));
}

TEST(ErrorLogTest, SeesThatTheDiskIsFull) {
  const absl::Status status = DiagnoseErrorLog(kDiskFull56, "server", "/d/log");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(status), "DISK_FULL");
}

TEST(ErrorLogTest, QuotesTheLastErrorsAndTheLogOfAnythingElse) {
  const absl::Status status =
      DiagnoseErrorLog("x [Note] fine\nx [ERROR] unknown variable 'foo=1'\n", "server", "/d/log");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(absl::StrContains(status.message(), "unknown variable 'foo=1'"));
  EXPECT_FALSE(absl::StrContains(status.message(), "fine"));
  EXPECT_EQ(GetErrorDetail(status)->next_step, "read /d/log");
}

TEST(ErrorLogTest, ASilentDeathIsAnErrorToo) {
  EXPECT_EQ(DiagnoseErrorLog("", "server", "/d/log").code(), absl::StatusCode::kInternal);
}

TEST(ErrorLogTest, ALogWithoutErrorsHasNoErrorLines) {
  EXPECT_EQ(ErrorLines("x [Warning] CA certificate is self signed\n"), "");
  EXPECT_EQ(ErrorLines("x [ERROR] a\ny [ERROR] b\n"), "a; b");
}

}  // namespace
}  // namespace weft
