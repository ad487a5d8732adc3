#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

namespace weft::cli {

inline absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

inline absl::Duration SpanOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

inline void SetSpan(absl::Duration span, google::protobuf::Duration* duration) {
  duration->set_seconds(absl::IDivDuration(span, absl::Seconds(1), &span));
  duration->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(span)));
}

}  // namespace weft::cli
