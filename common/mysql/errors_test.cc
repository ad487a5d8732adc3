#include "common/mysql/errors.h"

#include <gtest/gtest.h>

#include "common/base/error_details.h"

namespace weft::mysql {
namespace {

using absl::StatusCode;

StatusCode CodeOf(int code) { return FromMysql(code, "HY000", "text").code(); }
Contact ContactOf(int code) { return ClassifyContact(FromMysql(code, "HY000", "text")); }

TEST(MysqlErrorsTest, TranslatesToCanonicalCodes) {
  EXPECT_EQ(CodeOf(2002), StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(2006), StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(2013), StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(1045), StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(1044), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(1142), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(1227), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(1040), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(1205), StatusCode::kAborted);
  EXPECT_EQ(CodeOf(1213), StatusCode::kAborted);
  EXPECT_EQ(CodeOf(3572), StatusCode::kAborted);
  EXPECT_EQ(CodeOf(1290), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(3081), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(1062), StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(1146), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(1064), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(9999), StatusCode::kInternal);
}

// The table is searched by halving: each entry must be found by its own number.
TEST(MysqlErrorsTest, TheFirstAndLastEntriesAreFound) {
  EXPECT_EQ(CodeOf(3), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(4031), StatusCode::kUnavailable);
}

TEST(MysqlErrorsTest, KeepsTheNumberAndTheSqlState) {
  const absl::Status status = FromMysql(1062, "23000", "Duplicate entry '1'");
  EXPECT_EQ(status.message(), "Duplicate entry '1' [MySQL error 1062]");
  EXPECT_EQ(MysqlErrorCode(status), 1062);
  EXPECT_EQ(MysqlSqlState(status), "23000");
  EXPECT_EQ(MysqlErrorCode(Annotate(status, "server a")), 1062);
  EXPECT_EQ(MysqlErrorCode(absl::InternalError("x")), 0);
  EXPECT_EQ(MysqlErrorCode(absl::OkStatus()), 0);
}

TEST(MysqlErrorsTest, SilenceAndRefusalAreNoSignOfLife) {
  for (const int code : {2002, 2003, 2005, 2006, 2013, 2055, 2999}) {
    EXPECT_EQ(ContactOf(code), Contact::kUnreachable) << code;
  }
}

TEST(MysqlErrorsTest, AServerThatKeepsUsOutIsAlive) {
  for (const int code : {1040, 1045, 1129, 1130, 1203, 2026, 3032, 3118, 3159, 1053}) {
    EXPECT_EQ(ContactOf(code), Contact::kRejected) << code;
  }
}

TEST(MysqlErrorsTest, OtherErrorsAreAnswers) {
  for (const int code : {1062, 1064, 1205, 1290, 9999}) {
    EXPECT_EQ(ContactOf(code), Contact::kAnswered) << code;
  }
  EXPECT_EQ(ClassifyContact(absl::OkStatus()), Contact::kAnswered);
  EXPECT_EQ(ClassifyContact(absl::FailedPreconditionError("TLS")), Contact::kAnswered);
}

TEST(MysqlErrorsTest, TellsARefusedPortFromSilence) {
  const absl::Status refused =
      FromMysql(2002, "HY000", "Can't connect to server on '127.0.0.1' (111)");
  EXPECT_TRUE(IsRefused(refused));
  EXPECT_TRUE(IsRefused(Annotate(refused, "127.0.0.1:3306")));
  EXPECT_FALSE(IsTimeout(refused));
  EXPECT_TRUE(IsRefused(FromMysql(2002, "HY000", "through socket '/x (1)/s' (2)")));

  const absl::Status silent =
      FromMysql(2002, "HY000", "Can't connect to server on '10.0.0.1' (110)");
  EXPECT_FALSE(IsRefused(silent));
  EXPECT_TRUE(IsTimeout(silent));

  EXPECT_FALSE(IsRefused(FromMysql(2013, "HY000", "Lost connection (111)")));
  EXPECT_FALSE(IsRefused(FromMysql(2002, "HY000", "no number")));
  EXPECT_FALSE(IsRefused(absl::UnavailableError("(111)")));
}

TEST(MysqlErrorsTest, ADeadlineCanBeMarkedLater) {
  absl::Status status = FromMysql(2013, "HY000", "Lost connection");
  EXPECT_FALSE(IsTimeout(status));
  MarkTimeout(status);
  EXPECT_TRUE(IsTimeout(status));
  EXPECT_EQ(MysqlErrorCode(status), 2013);
  EXPECT_EQ(MysqlSqlState(status), "HY000");
}

}  // namespace
}  // namespace weft::mysql
