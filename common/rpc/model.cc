#include "common/rpc/model.h"

#include <cstdint>
#include <initializer_list>

namespace weft::rpc {
namespace {

// The one that the API calls so.
template <typename Value, typename Proto>
std::optional<Value> OneOf(std::initializer_list<Value> all, Proto proto) {
  for (const Value value : all) {
    if (ToProto(value) == proto) return value;
  }
  return std::nullopt;
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t nanos = absl::ToUnixNanos(time);
  proto.set_seconds(nanos / 1'000'000'000);
  proto.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return proto;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

v1::ServerStatus ToProto(ServerStatus status) {
  switch (status) {
    case ServerStatus::kSpare:
      return v1::SPARE;
    case ServerStatus::kSecondary:
      return v1::SECONDARY;
    case ServerStatus::kPrimary:
      return v1::PRIMARY;
    case ServerStatus::kFaulty:
      return v1::FAULTY;
    case ServerStatus::kConfiguring:
      return v1::CONFIGURING;
  }
  return v1::SERVER_STATUS_UNSPECIFIED;
}

v1::ServerMode ToProto(ServerMode mode) {
  switch (mode) {
    case ServerMode::kOffline:
      return v1::OFFLINE;
    case ServerMode::kReadOnly:
      return v1::READ_ONLY;
    case ServerMode::kWriteOnly:
      return v1::WRITE_ONLY;
    case ServerMode::kReadWrite:
      return v1::READ_WRITE;
  }
  return v1::SERVER_MODE_UNSPECIFIED;
}

v1::PromotionRule ToProto(PromotionRule rule) {
  switch (rule) {
    case PromotionRule::kPrefer:
      return v1::PREFER;
    case PromotionRule::kNeutral:
      return v1::NEUTRAL;
    case PromotionRule::kPreferNot:
      return v1::PREFER_NOT;
    case PromotionRule::kMustNot:
      return v1::MUST_NOT;
  }
  return v1::PROMOTION_RULE_UNSPECIFIED;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

std::optional<ServerStatus> FromProto(v1::ServerStatus status) {
  return OneOf({ServerStatus::kSpare, ServerStatus::kSecondary, ServerStatus::kPrimary,
                ServerStatus::kFaulty, ServerStatus::kConfiguring},
               status);
}

std::optional<ServerMode> FromProto(v1::ServerMode mode) {
  return OneOf(
      {ServerMode::kOffline, ServerMode::kReadOnly, ServerMode::kWriteOnly, ServerMode::kReadWrite},
      mode);
}

std::optional<PromotionRule> FromProto(v1::PromotionRule rule) {
  return OneOf({PromotionRule::kPrefer, PromotionRule::kNeutral, PromotionRule::kPreferNot,
                PromotionRule::kMustNot},
               rule);
}

}  // namespace weft::rpc
