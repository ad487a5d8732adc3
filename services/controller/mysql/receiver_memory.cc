#include "services/controller/mysql/receiver_memory.h"

#include <algorithm>

#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {

absl::Duration HeartbeatPeriodOf(const mysql::ResultSet& status) {
  for (const mysql::ResultSet::Row row : status) {
    if (row.StringOr("Variable_name", "") != sql::kHeartbeatPeriod) continue;
    const double period = row.Double("Value").value_or(0);
    return period > 0 ? absl::Seconds(period) : absl::InfiniteDuration();
  }
  return absl::InfiniteDuration();
}

std::optional<absl::Duration> ReceiverMemory::Heard(const Signs& signs, absl::Duration now) {
  const bool another_source = last_.has_value() && last_->source != signs.source;
  if (another_source) moved_.reset();
  const bool first = !last_.has_value() || another_source;
  const bool moved =
      !first && (last_->position != signs.position || last_->heartbeats != signs.heartbeats ||
                 (signs.receiving && !last_->receiving));
  // A connected receiver may have heard something a moment before the first look: claim the least.
  if (moved || (first && signs.receiving)) moved_ = now;
  last_ = signs;
  if (!moved_.has_value()) return std::nullopt;
  return now - *moved_;
}

std::optional<absl::Duration> LastSign(std::optional<absl::Duration> own_word,
                                       std::optional<absl::Duration> moved) {
  if (!own_word.has_value() || *own_word < absl::ZeroDuration()) return moved;
  return moved.has_value() ? std::min(*own_word, *moved) : own_word;
}

}  // namespace weft::controller
