#include "services/monitor/detector.h"

#include <tuple>

namespace weft::monitor {
namespace {

// What a change of must be told at once; lag and GTIDs move all the time and travel with rounds.
auto Standing(const Opinion& opinion) {
  const Replication& replication = opinion.last.replication;
  return std::tie(opinion.contact, opinion.refused, replication.receiver,
                  replication.applier_running, replication.error, opinion.last.writable);
}

}  // namespace

bool MayWrite(const Opinion& opinion, absl::Duration now) {
  constexpr absl::Duration kSteady = absl::Seconds(5);
  return opinion.contact == Contact::kAnswered && opinion.last.writable &&
         now - opinion.steady_since >= kSteady;
}

Detector::Detector(Options options, absl::Duration now, absl::Time wall)
    : options_(options), last_heard_(now) {
  opinion_.since = wall;
}

Contact Detector::Judge(const Sample& sample, absl::Duration now) const {
  if (sample.contact != Contact::kUnreachable || sample.refused) return sample.contact;
  const bool silent_long = now - last_heard_ >= options_.patience;
  const bool silent_often = failures_ >= options_.silent_probes;
  if (silent_long && silent_often) return Contact::kUnreachable;
  // Not enough to change a mind that is made up.
  return formed_ ? opinion_.contact : Contact::kAnswered;
}

bool Detector::Take(const Sample& sample, absl::Duration now, absl::Time wall) {
  if (sample.contact == Contact::kUnreachable) {
    ++failures_;
  } else {
    failures_ = 0;
    last_heard_ = now;
  }

  const Contact contact = Judge(sample, now);
  // Silence that is not believed yet says nothing new; the last answer stands.
  const bool doubtful = sample.contact == Contact::kUnreachable && contact != sample.contact;
  if (doubtful) return false;

  Opinion next = opinion_;
  next.contact = contact;
  next.refused = sample.contact == Contact::kUnreachable && sample.refused;
  next.error = sample.contact == Contact::kAnswered ? "" : sample.error;
  if (sample.contact == Contact::kAnswered || !formed_) next.last = sample;

  const bool changed = !formed_ || Standing(next) != Standing(opinion_);
  if (changed) {
    next.since = wall;
    next.steady_since = now;
  }
  formed_ = true;
  opinion_ = std::move(next);
  return changed;
}

}  // namespace weft::monitor
