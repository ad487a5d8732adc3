#include "services/provisioner/dataset/disk_full.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"
#include "common/mysqld/files.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

absl::Status OfServer(int code, absl::string_view text) {
  return Annotate(mysql::FromMysql(code, "HY000", text), "rows of `shop`.`many`");
}

TEST(DiskFullTest, IsSeenInWhatFilesAndServersSay) {
  EXPECT_TRUE(SaysFull(FileError(ENOSPC, "write", "/data/ibdata1")));
  EXPECT_TRUE(SaysFull(FileError(EDQUOT, "write", "/data/ibdata1")));
  EXPECT_TRUE(SaysFull(OfServer(1114, "The table 'many' is full")));
  EXPECT_TRUE(SaysFull(OfServer(1021, "Disk full (/tmp/#sql1); waiting for someone to free some")));
  EXPECT_TRUE(SaysFull(OfServer(3873, "Clone estimated database size is 2.00 GiB.")));
  EXPECT_TRUE(
      SaysFull(OfServer(3, "Error writing file 'b.1' (Errcode: 28 - No space left on device)")));
  EXPECT_TRUE(SaysFull(OfServer(1030, "Got error 28 from storage engine")));
  EXPECT_TRUE(SaysFull(OfServer(1005, "Can't create table 'shop.many' (errno: 28)")));
}

TEST(DiskFullTest, IsNotSeenInOtherFailures) {
  EXPECT_FALSE(SaysFull(absl::OkStatus()));
  EXPECT_FALSE(SaysFull(FileError(EIO, "write", "/data/ibdata1")));
  EXPECT_FALSE(SaysFull(OfServer(1030, "Got error 281 from storage engine")));
  EXPECT_FALSE(SaysFull(OfServer(2013, "Lost connection to MySQL server during query")));
  EXPECT_FALSE(SaysFull(absl::CancelledError("the copy was cancelled")));
}

TEST(DiskFullTest, IsSaidWithTheTargetAndWhatWasFound) {
  const absl::Status refused = DiskTooSmall({"db4", 3306}, "2.0 GB of room", "1.0 GB");
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(ErrorReason(refused), "DISK_TOO_SMALL");
  EXPECT_TRUE(absl::StrContains(refused.message(), "db4:3306")) << refused;
  EXPECT_EQ(GetErrorDetail(refused)->expected, "2.0 GB of room");
  EXPECT_EQ(GetErrorDetail(refused)->found, "1.0 GB");
}

}  // namespace
}  // namespace weft::provisioner
