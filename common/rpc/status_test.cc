#include "common/rpc/status.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error_details.h"

namespace weft::rpc {
namespace {

absl::Status RoundTrip(const absl::Status& status) { return FromGrpc(ToGrpc(status)); }

TEST(RpcStatusTest, KeepsCodeMessageAndDetail) {
  const ErrorDetail detail{.reason = "UNKNOWN_GROUP",
                           .expected = "a group",
                           .found = "none",
                           .next_step = "weft group list",
                           .metadata = {{"group", "g1"}}};
  const absl::Status status =
      RoundTrip(Refusal(absl::StatusCode::kNotFound, "no group g1", detail));
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no group g1");
  ASSERT_TRUE(GetErrorDetail(status).has_value());
  EXPECT_EQ(*GetErrorDetail(status), detail);
}

TEST(RpcStatusTest, EveryCodeSurvives) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "message");
    EXPECT_EQ(RoundTrip(status), status) << code;
  }
}

TEST(RpcStatusTest, AStatusWithoutDetailCarriesNone) {
  EXPECT_EQ(ToGrpc(absl::InternalError("x")).error_details(), "");
  EXPECT_FALSE(GetErrorDetail(RoundTrip(absl::InternalError("x"))).has_value());
}

TEST(RpcStatusTest, ForeignDetailsAreDropped) {
  const grpc::Status foreign(grpc::StatusCode::ABORTED, "m", "\xff\xff no protobuf");
  EXPECT_EQ(FromGrpc(foreign), absl::AbortedError("m"));
}

TEST(RpcStatusTest, LongTextsAreCutBetweenCharacters) {
  std::string text;
  while (text.size() < 10'000) text += "\xc3\xa4";  // an a with dots
  const absl::Status status =
      RoundTrip(Refusal(absl::StatusCode::kInternal, "R", text, text, text, text));
  EXPECT_LE(status.message().size(), 4096u);
  EXPECT_LE(GetErrorDetail(status)->found.size(), 4096u);
  const absl::string_view kept = status.message().substr(0, status.message().size() - 4);
  EXPECT_EQ(kept.size() % 2, 0u);
  EXPECT_EQ(status.message().substr(kept.size()), " ...");
}

}  // namespace
}  // namespace weft::rpc
