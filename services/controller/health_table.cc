#include "services/controller/health_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::controller {
namespace {

absl::Status NameTaken(const std::string& observer) {
  return ::weft::Refusal(
      absl::StatusCode::kAlreadyExists, "MONITOR_NAME_TAKEN",
      absl::StrCat("another monitor reports by the name ", observer), "a name of its own", observer,
      "start one of the two with another --name: by one name they have one vote");
}

}  // namespace

HealthTable::HealthTable(Options options, Clock* clock) : options_(options), clock_(clock) {}

bool HealthTable::Live(const Observer& observer, absl::Duration now) const {
  return now - observer.last_round <= options_.live_for;
}

absl::Status HealthTable::Admit(const std::string& observer, const std::string& instance,
                                const void* stream) {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  std::erase_if(speakers_, [&](const auto& speaker) {
    return now - speaker.second.heard > options_.live_for;
  });
  Speaker& speaker = speakers_.try_emplace(observer, Speaker{instance, stream, now}).first->second;
  const bool known = !instance.empty() && !speaker.instance.empty();
  if (known && speaker.instance != instance) return NameTaken(observer);
  speaker = {.instance = instance, .stream = stream, .heard = now};
  return absl::OkStatus();
}

void HealthTable::Leave(const std::string& observer, const void* stream) {
  MutexLock lock(&mutex_);
  const auto speaker = speakers_.find(observer);
  if (speaker != speakers_.end() && speaker->second.stream == stream) speakers_.erase(speaker);
}

std::vector<ServerUuid> HealthTable::Take(const std::string& name, const std::string& zone,
                                          const std::vector<Entry>& entries, bool full_round) {
  std::vector<ServerUuid> changed = Record(name, zone, entries, full_round);
  listeners_.CallAll();
  return changed;
}

std::vector<ServerUuid> HealthTable::Record(const std::string& name, const std::string& zone,
                                            const std::vector<Entry>& entries, bool full_round) {
  const absl::Time received = clock_->Now();
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  auto [it, is_new] = observers_.try_emplace(name);
  Observer& observer = it->second;
  observer.zone = zone;
  // What it said before it fell silent is no vote now.
  const bool was_live = !is_new && Live(observer, now);
  // Only a whole round shows that the monitor looks at everything it should.
  if (is_new && !full_round) observer.last_round = -absl::InfiniteDuration();
  if (full_round) observer.last_round = now;

  std::vector<ServerUuid> changed;
  std::map<ServerUuid, Entry> before;
  if (full_round) std::swap(before, observer.entries);
  for (const Entry& entry : entries) {
    const std::map<ServerUuid, Entry>& old = full_round ? before : observer.entries;
    const auto known = old.find(entry.server);
    const bool same = was_live && known != old.end() && known->second.contact == entry.contact &&
                      known->second.refused == entry.refused;
    if (!same) changed.push_back(entry.server);
    Entry& kept = observer.entries[entry.server];
    kept = entry;
    kept.observer = name;
    kept.zone = zone;
    kept.received = received;
  }
  DropDead(now);
  return changed;
}

void HealthTable::DropDead(absl::Duration now) {
  // Kept for a while for display; forgotten in the end, since names of monitors come and go.
  for (auto it = observers_.begin(); it != observers_.end();) {
    const bool forgotten = now - it->second.last_round > options_.forget_after;
    it = forgotten ? observers_.erase(it) : std::next(it);
  }
}

void HealthTable::TakeClaim(const ServerUuid& server) {
  const absl::Duration now = clock_->MonotonicNow();
  MutexLock lock(&mutex_);
  for (auto it = claimed_.begin(); it != claimed_.end();) {
    it = now - it->second > options_.claimed_for ? claimed_.erase(it) : std::next(it);
  }
  claimed_[server] = now;
}

bool HealthTable::Blind(const Observer& observer) {
  return observer.entries.size() > 1 &&
         std::all_of(observer.entries.begin(), observer.entries.end(), [](const auto& named) {
           return named.second.contact == Contact::kUnreachable && !named.second.refused;
         });
}

// What is wrong with a server that is alive.
void HealthTable::CountGray(const Entry& entry, Report* report) const {
  if (entry.contact == Contact::kRejected) {
    ++report->rejected;
    report->reject_error = entry.error;
  }
  if (entry.contact != Contact::kAnswered || !entry.write_probed) return;
  ++report->writers;
  if (entry.write_failing.value_or(absl::ZeroDuration()) < options_.sick_after) return;
  ++report->write_failing;
  if (!entry.write_error.empty()) report->write_error = entry.write_error;
}

std::map<ServerUuid, Report> HealthTable::Reports(const std::vector<ServerUuid>& servers) const {
  const absl::Duration now = clock_->MonotonicNow();
  std::map<ServerUuid, Report> reports;
  MutexLock lock(&mutex_);
  for (const auto& [name, observer] : observers_) {
    if (!Live(observer, now)) continue;
    const bool blind = Blind(observer);
    for (const ServerUuid& server : servers) {
      const auto entry = observer.entries.find(server);
      if (entry == observer.entries.end()) continue;
      Report& report = reports[server];
      if (blind) {
        ++report.blind;
        continue;
      }
      ++report.observers;
      report.zones.insert(observer.zone);
      CountGray(entry->second, &report);
      if (entry->second.contact == Contact::kAnswered && entry->second.lag.has_value()) {
        report.lag = std::min(report.lag.value_or(absl::InfiniteDuration()), *entry->second.lag);
      }
      if (entry->second.contact != Contact::kUnreachable) continue;
      ++report.unreachable;
      report.lost_in.insert(observer.zone);
    }
  }
  for (auto& [server, report] : reports) {
    const auto claim = claimed_.find(server);
    if (claim == claimed_.end() || now - claim->second > options_.claimed_for) continue;
    ++report.observers;
    ++report.unreachable;
  }
  return reports;
}

std::vector<HealthTable::Entry> HealthTable::Entries(const std::vector<ServerUuid>& servers) const {
  const absl::Duration now = clock_->MonotonicNow();
  std::vector<Entry> entries;
  MutexLock lock(&mutex_);
  for (const ServerUuid& server : servers) {
    for (const auto& [name, observer] : observers_) {
      if (!Live(observer, now)) continue;
      const auto entry = observer.entries.find(server);
      if (entry != observer.entries.end()) entries.push_back(entry->second);
    }
  }
  return entries;
}

std::map<ServerUuid, HealthTable::Vitals> HealthTable::AllVitals() const {
  const absl::Duration now = clock_->MonotonicNow();
  std::map<ServerUuid, Vitals> all;
  std::map<ServerUuid, absl::Time> told;
  MutexLock lock(&mutex_);
  for (const auto& [name, observer] : observers_) {
    if (!Live(observer, now)) continue;
    for (const auto& [server, entry] : observer.entries) {
      Vitals& vitals = all[server];
      vitals.contact = std::min(vitals.contact, entry.contact);
      if (entry.contact != Contact::kAnswered || entry.received <= told[server]) continue;
      told[server] = entry.received;
      const bool replicates = entry.receiver == "on" && entry.applier_running;
      vitals.lag = replicates ? entry.lag : std::nullopt;
    }
  }
  return all;
}

int HealthTable::LiveObservers() const {
  const absl::Duration now = clock_->MonotonicNow();
  int live = 0;
  MutexLock lock(&mutex_);
  for (const auto& [name, observer] : observers_) live += Live(observer, now) ? 1 : 0;
  return live;
}

}  // namespace weft::controller
