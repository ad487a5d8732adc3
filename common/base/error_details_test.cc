#include "common/base/error_details.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"

namespace weft {
namespace {

ErrorDetail Detail() {
  return {.reason = "GTID_MODE_OFF",
          .expected = "gtid_mode = ON",
          .found = "OFF: 12:34,\n'\"",
          .next_step = "SET GLOBAL gtid_mode = ON_PERMISSIVE",
          .metadata = {{"server", "10.0.0.3:3306"}, {"empty", ""}}};
}

TEST(ErrorDetailsTest, KeepsEveryFieldOfADetail) {
  const absl::Status status = Refusal(absl::StatusCode::kFailedPrecondition, "no", Detail());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "no");
  ASSERT_TRUE(GetErrorDetail(status).has_value());
  EXPECT_EQ(*GetErrorDetail(status), Detail());
}

TEST(ErrorDetailsTest, AStatusWithoutDetailHasNone) {
  EXPECT_FALSE(GetErrorDetail(absl::OkStatus()).has_value());
  EXPECT_FALSE(GetErrorDetail(absl::InternalError("x")).has_value());
  EXPECT_EQ(ErrorReason(absl::InternalError("x")), "");
}

TEST(ErrorDetailsTest, ADamagedPayloadCountsAsNone) {
  for (const char* damaged : {"", "3:abc", "9:abc", "x", "1:a1:b1:c1:d1:e", "-1:a", ":"}) {
    absl::Status status = absl::InternalError("x");
    status.SetPayload("type.weft/error-detail", absl::Cord(damaged));
    EXPECT_FALSE(GetErrorDetail(status).has_value()) << damaged;
  }
}

TEST(ErrorDetailsTest, MetadataIsAddedToWhatIsThere) {
  absl::Status status = Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", "no such group");
  AddErrorMetadata(status, "group", "g1");
  AddErrorMetadata(status, "group", "g2");
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_GROUP");
  EXPECT_EQ(GetErrorDetail(status)->metadata.at("group"), "g2");
}

TEST(ErrorDetailsTest, AnOkStatusTakesNoDetail) {
  absl::Status status;
  SetErrorDetail(status, Detail());
  AddErrorMetadata(status, "a", "b");
  EXPECT_FALSE(GetErrorDetail(status).has_value());
}

TEST(ErrorDetailsTest, AnnotationKeepsCodeAndDetail) {
  const absl::Status status =
      Annotate(Refusal(absl::StatusCode::kAborted, "message", Detail()), "server a");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "server a: message");
  EXPECT_EQ(*GetErrorDetail(status), Detail());
  EXPECT_TRUE(Annotate(absl::OkStatus(), "server a").ok());
}

TEST(ErrorDetailsTest, DescribesOnlyWhatIsKnown) {
  EXPECT_EQ(DescribeError(absl::InternalError("broken")), "broken");
  EXPECT_EQ(DescribeError(Refusal(absl::StatusCode::kInvalidArgument, "BAD_PORT", "bad port",
                                  "1 to 65535", "", "name another port")),
            "bad port\nexpected: 1 to 65535\nto do: name another port");
}

}  // namespace
}  // namespace weft
