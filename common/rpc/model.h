#pragma once
// Values of common/model and times, as the API has them and back.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>

#include "absl/time/time.h"
#include "common/model/server.h"
#include "protos/weft/v1/groups.pb.h"

namespace weft::rpc {

google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);
v1::ServerStatus ToProto(ServerStatus status);
v1::ServerMode ToProto(ServerMode mode);
v1::PromotionRule ToProto(PromotionRule rule);

absl::Time FromProto(const google::protobuf::Timestamp& time);
absl::Duration FromProto(const google::protobuf::Duration& duration);
// nullopt: unspecified, or of a later version of the API.
std::optional<ServerStatus> FromProto(v1::ServerStatus status);
std::optional<ServerMode> FromProto(v1::ServerMode mode);
std::optional<PromotionRule> FromProto(v1::PromotionRule rule);

}  // namespace weft::rpc
