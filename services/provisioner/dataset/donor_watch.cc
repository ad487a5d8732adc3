#include "services/provisioner/dataset/donor_watch.h"

#include <string>

#include "absl/strings/match.h"
#include "common/mysql/clone_statement.h"

namespace weft::provisioner {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(3);
constexpr absl::Duration kBetween = absl::Seconds(1);
// Nothing listens there: a process that died, or one behind a proxy that is away for a moment.
constexpr absl::Duration kRefusing = absl::Seconds(15);
constexpr absl::Duration kSilence = absl::Minutes(1);

bool IsCopying(const mysql::ResultSet& stages) {
  for (const mysql::ResultSet::Row row : stages) {
    const std::string stage = row.StringOr("stage", "");
    const bool before_data = stage == "DROP DATA" || absl::EndsWith(stage, " COPY");
    if (before_data && row.StringOr("state", "") != "Completed") return true;
  }
  return false;
}

}  // namespace

bool DonorWatch::Look(const mysql::ResultSet& stages, absl::Duration now) {
  copying_ = IsCopying(stages);
  const mysql::CloneBytes bytes = mysql::BytesOf(stages);
  estimate_ = bytes.estimate;
  if (!moved_.has_value() || bytes.done != bytes_) {
    bytes_ = bytes.done;
    moved_ = now;
    away_.reset();
    refuses_.reset();
  }
  if (!copying_ || now - *moved_ < kQuiet) return false;
  if (asked_.has_value() && now - *asked_ < kBetween) return false;
  asked_ = now;
  return true;
}

bool DonorWatch::Midway() const { return copying_ && bytes_ < estimate_ / 10 * 9; }

bool DonorWatch::Heard(Answer answer, absl::Duration now) {
  if (answer == Answer::kAnswers) {
    away_.reset();
    refuses_.reset();
    return false;
  }
  if (!away_.has_value()) away_ = now;
  if (answer == Answer::kSilent) refuses_.reset();
  if (answer == Answer::kRefuses && !refuses_.has_value()) refuses_ = now;
  return now - *away_ >= kSilence || (refuses_.has_value() && now - *refuses_ >= kRefusing);
}

}  // namespace weft::provisioner
