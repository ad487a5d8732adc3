#include "services/controller/core/fixture.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace weft::controller::testing {
namespace {

std::string UuidText(char letter) {
  const auto digits = [&](int count) { return std::string(count, letter); };
  return absl::StrCat(digits(8), "-", digits(4), "-", digits(4), "-", digits(4), "-", digits(12));
}

}  // namespace

ServerUuid Id(char letter) {
  return letter == '\0' ? ServerUuid() : *ServerUuid::Parse(UuidText(letter));
}

GtidSet Gtids(absl::string_view text) {
  std::string expanded;
  for (absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    absl::StrAppend(&expanded, expanded.empty() ? "" : ",", UuidText(part[0]), part.substr(1));
  }
  return *GtidSet::Parse(expanded);
}

std::string WithLetters(absl::string_view text) {
  std::string result(text);
  for (const char letter : absl::string_view("abcdef")) {
    result = absl::StrReplaceAll(
        result, {{UuidText(letter), std::string(1, letter)},
                 {absl::StrCat(std::string(1, letter), ":3306"), std::string(1, letter)}});
  }
  return result;
}

std::string Text(const Step& step) { return WithLetters(ToString(step)); }

std::string Text(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) absl::StrAppend(&text, Text(step), "\n");
  if (plan.refusal.has_value()) absl::StrAppend(&text, "refused ", plan.refusal->reason, "\n");
  if (!plan.waiting_for.empty()) absl::StrAppend(&text, "waiting\n");
  return plan.settled() ? "settled" : std::string(absl::StripTrailingAsciiWhitespace(text));
}

Scene::Scene(absl::string_view letters) {
  Group& group = snapshot_.group;
  group.id = "g";
  group.active = true;
  group.epoch = 1;
  group.primary = Id(letters.front());
  group.watermark = Gtids("a:1-10");
  group.history = {Epoch{.number = 1,
                         .primary = group.primary,
                         .at_start = Gtids("a:1-10"),
                         .started = absl::UnixEpoch()}};
  group.revision = 1;
  for (const char letter : letters) {
    Server server;
    server.uuid = Id(letter);
    server.address = HostPort{.host = std::string(1, letter), .port = 3306};
    server.group = "g";
    group.servers.push_back(server);
    Observation& seen = Of(letter);
    seen.contact = Contact::kAnswered;
    seen.uuid = Id(letter);
    seen.version = "9.7.4";
    seen.can_semi_sync = seen.receiver_only_change = seen.semi_sync.installed = true;
    seen.executed = seen.received = Gtids("a:1-100");
    snapshot_.reports[Id(letter)] = Report{.observers = 2, .unreachable = 0};
  }
  std::sort(group.servers.begin(), group.servers.end(),
            [](const Server& a, const Server& b) { return a.uuid < b.uuid; });
  Record(letters.front()).status = ServerStatus::kPrimary;
  Record(letters.front()).mode = ServerMode::kReadWrite;
  Observation& primary = Of(letters.front());
  primary.received = GtidSet();
  primary.semi_sync.source_enabled = primary.semi_sync.source_endless = true;
  primary.semi_sync.source_active = true;
  primary.semi_sync.source_wait_for = 1;
  for (const char letter : letters.substr(1)) {
    Fenced(letter);
    Follow(letter, letters.front());
    Of(letter).semi_sync.replica_enabled = Of(letter).semi_sync.replica_active = true;
    group.acknowledgers.servers.insert(Id(letter));
    primary.streaming_to.push_back(Id(letter));
  }
  primary.semi_sync.source_clients = letters.size() - 1;
}

Server& Scene::Record(char letter) { return *snapshot_.group.Find(Id(letter)); }

void Scene::Follow(char replica, char source) {
  Replication& replication = Of(replica).replication;
  replication.configured = replication.auto_position = replication.applier_running = true;
  replication.source = Record(source).address;
  replication.source_uuid = Id(source);
  replication.receiver = ThreadState::kOn;
  replication.heard_ago = absl::Milliseconds(200);
}

Scene& Scene::Dead(char letter) {
  Silent(letter);
  Of(letter).refused = true;
  Of(letter).error = "connection refused";
  for (auto& [uuid, seen] : snapshot_.seen) {
    if (seen.replication.configured && seen.replication.source_uuid == Id(letter)) {
      seen.replication.receiver = ThreadState::kConnecting;
    }
    std::erase(seen.streaming_to, Id(letter));
  }
  return *this;
}

Scene& Scene::Silent(char letter) {
  Of(letter) = Observation();
  Of(letter).silent_for = absl::Seconds(60);
  Of(letter).error = "timed out";
  snapshot_.reports[Id(letter)] = Report{.observers = 2, .unreachable = 2};
  for (auto& [uuid, seen] : snapshot_.seen) {
    if (seen.replication.configured && seen.replication.source_uuid == Id(letter)) {
      seen.replication.heard_ago = absl::Seconds(60);
    }
  }
  return *this;
}

Scene& Scene::Restarted(char letter) {
  Fenced(letter);
  Observation& seen = Of(letter);
  seen.received = seen.executed;
  seen.semi_sync.source_enabled = seen.semi_sync.source_active = false;
  seen.semi_sync.source_endless = seen.semi_sync.replica_enabled = false;
  seen.semi_sync.replica_active = false;
  return *this;
}

Scene& Scene::Holds(char letter, absl::string_view gtids) {
  Of(letter).executed = Of(letter).received = Gtids(gtids);
  return *this;
}

Scene& Scene::Executed(char letter, absl::string_view gtids) {
  Of(letter).executed = Gtids(gtids);
  return *this;
}

Scene& Scene::Revoked(char letter) {
  Of(letter).replication.receiver = ThreadState::kOff;
  Of(letter).semi_sync.replica_active = false;
  std::erase(snapshot_.seen[snapshot_.group.primary].streaming_to, Id(letter));
  return *this;
}

Scene& Scene::Fenced(char letter) {
  Of(letter).read_only = Of(letter).super_read_only = true;
  return *this;
}

Scene& Scene::Promote(char target) {
  group().intent.goal = Goal::kPromote;
  group().intent.target = Id(target);
  group().intent.operation = "op";
  return *this;
}

Scene& Scene::Failover() {
  Promote('\0');
  group().intent.failover = true;
  return *this;
}

Scene& Scene::Async() {
  group().durability = Durability::kAsync;
  group().acknowledgers.servers.clear();
  for (auto& [uuid, seen] : snapshot_.seen) {
    seen.semi_sync = SemiSync();
    seen.semi_sync.installed = true;
  }
  return *this;
}

Scene& Scene::Version56() {
  Async();
  group().durability = Durability::kLossless;
  for (auto& [uuid, seen] : snapshot_.seen) {
    seen.version = "5.6.24";
    seen.can_semi_sync = seen.receiver_only_change = seen.semi_sync.installed = false;
  }
  return *this;
}

}  // namespace weft::controller::testing
