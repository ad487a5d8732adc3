#include "tests/simulation/scenario.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::simulation {
namespace {

constexpr Millis kFirstFault = 1200;
constexpr Millis kLastFault = 5200;

// What a fault of a kind is aimed at.
enum class Aim { kServer, kController, kMonitor, kNobody };

struct KindRow {
  FaultKind kind;
  absl::string_view name;
  Aim aim;
  bool lasting;
  int weight;  // in the lottery; 0: drawn apart from it
};

constexpr std::array<KindRow, 30> kKinds = {{
    {FaultKind::kCrash, "crash", Aim::kServer, true, 8},
    {FaultKind::kHang, "hang", Aim::kServer, true, 5},
    {FaultKind::kIsolate, "isolate", Aim::kServer, true, 5},
    {FaultKind::kCut, "cut", Aim::kServer, true, 3},
    {FaultKind::kCutControllers, "cut-controllers", Aim::kServer, true, 3},
    {FaultKind::kCutMonitors, "cut-monitors", Aim::kServer, true, 1},
    {FaultKind::kReject, "reject", Aim::kServer, true, 2},
    {FaultKind::kStall, "stall", Aim::kServer, true, 4},
    {FaultKind::kStick, "stick", Aim::kServer, true, 0},
    {FaultKind::kErrant, "errant", Aim::kServer, false, 2},
    {FaultKind::kPurge, "purge", Aim::kServer, false, 1},
    {FaultKind::kStoreDown, "store-down", Aim::kNobody, true, 2},
    {FaultKind::kStoreFlaky, "store-flaky", Aim::kNobody, true, 3},
    {FaultKind::kCrashController, "crash-controller", Aim::kController, true, 4},
    {FaultKind::kPauseController, "pause-controller", Aim::kController, true, 4},
    {FaultKind::kCrashMonitor, "crash-monitor", Aim::kMonitor, true, 1},
    {FaultKind::kPromote, "promote", Aim::kServer, false, 6},
    {FaultKind::kDemote, "demote", Aim::kNobody, false, 1},
    {FaultKind::kSpare, "spare", Aim::kServer, false, 1},
    {FaultKind::kSecondary, "secondary", Aim::kServer, false, 1},
    {FaultKind::kDeactivate, "deactivate", Aim::kNobody, true, 1},
    {FaultKind::kAsync, "async", Aim::kNobody, true, 1},
    {FaultKind::kRaise, "raise", Aim::kNobody, true, 0},
    {FaultKind::kOtherLoss, "other-loss", Aim::kNobody, true, 0},
    {FaultKind::kSwitchOff, "switch-off", Aim::kNobody, true, 0},
    {FaultKind::kWindow, "window", Aim::kNobody, true, 0},
    {FaultKind::kPrefer, "prefer", Aim::kServer, false, 0},
    {FaultKind::kNeutral, "neutral", Aim::kServer, false, 0},
    {FaultKind::kPreferNot, "prefer-not", Aim::kServer, false, 0},
    {FaultKind::kMustNot, "must-not", Aim::kServer, false, 0},
}};

const KindRow& RowOf(FaultKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [&](const KindRow& row) { return row.kind == kind; });
}

std::string ServerName(int server) {
  return server == kPrimary ? "primary" : std::string(1, static_cast<char>('a' + server));
}

std::string TargetName(Aim aim, int target) {
  switch (aim) {
    case Aim::kServer:
      return absl::StrCat(" ", ServerName(target));
    case Aim::kController:
      return absl::StrCat(" c", target + 1);
    case Aim::kMonitor:
      return absl::StrCat(" m", target + 1);
    case Aim::kNobody:
      break;
  }
  return "";
}

bool ParseServer(absl::string_view word, int* server) {
  *server = word == "primary" || word == "best" ? kPrimary
            : word.empty()                      ? kPrimary
                                                : word[0] - 'a';
  return word == "primary" || word == "best" || (word.size() == 1 && *server >= 0 && *server < 8);
}

bool ParseMillis(absl::string_view word, Millis* millis) {
  return absl::ConsumeSuffix(&word, "ms") && absl::SimpleAtoi(word, millis);
}

int Draw(Chance& chance, const std::vector<KindRow>& kinds) {
  int total = 0;
  for (const KindRow& row : kinds) total += row.weight;
  int ticket = chance.Below(total);
  for (size_t i = 0; i < kinds.size(); ++i) {
    ticket -= kinds[i].weight;
    if (ticket < 0) return static_cast<int>(i);
  }
  return 0;
}

Fault DrawFault(Chance& chance, const World::Options& world, const KindRow& row) {
  Fault fault{.at = chance.Between(kFirstFault / kTick, kLastFault / kTick) * kTick,
              .kind = row.kind,
              .target = kPrimary,
              .other = 0,
              .lasts = 0};
  if (row.lasting) fault.lasts = chance.Between(1, chance.OneIn(3) ? 800 : 60) * kTick;
  switch (row.aim) {
    case Aim::kServer:
      // Most of what matters happens to the primary.
      if (!chance.OneIn(3)) fault.target = chance.Below(world.servers);
      fault.other = chance.Below(world.servers);
      break;
    case Aim::kController:
      fault.target = chance.Below(world.controllers);
      break;
    case Aim::kMonitor:
      fault.target = chance.Below(world.monitors);
      break;
    case Aim::kNobody:
      break;
  }
  return fault;
}

// The rules that servers have before the first promotion, and now and then one that is changed
// later.
void DrawRules(Chance& chance, const World::Options& world, std::vector<Fault>* faults) {
  if (chance.OneIn(2)) return;
  constexpr FaultKind kRules[] = {FaultKind::kMustNot, FaultKind::kPreferNot, FaultKind::kPrefer,
                                  FaultKind::kNeutral};
  for (int server = 0; server < world.servers; ++server) {
    const int ticket = chance.Below(12);  // most have none
    if (ticket >= 3) continue;
    faults->push_back({.at = 0, .kind = kRules[ticket], .target = server, .other = 0, .lasts = 0});
  }
  if (!chance.OneIn(4)) return;
  Fault change{.at = chance.Between(kFirstFault / kTick, kLastFault / kTick) * kTick,
               .kind = kRules[chance.Below(4)],
               .target = kPrimary,
               .other = 0,
               .lasts = 0};
  if (chance.OneIn(2)) change.target = chance.Below(world.servers);
  faults->push_back(change);
}

// All servers but one from all controllers, for longer than a group waits that may commit alone.
void CutControllersFromReplicas(Chance& chance, Scenario* scenario) {
  const int spared = chance.Below(scenario->world.servers);
  for (int server = 0; server < scenario->world.servers; ++server) {
    if (server == spared) continue;
    scenario->faults.push_back({.at = kFirstFault,
                                .kind = FaultKind::kCutControllers,
                                .target = server,
                                .other = 0,
                                .lasts = 7500});
  }
}

// A server that only Weft does not see, through changes of primary and a death.
void HideThroughChanges(Chance& chance, Scenario* scenario) {
  const auto add = [&](Millis from, Millis until, FaultKind kind, Millis lasts) {
    const int server = chance.Below(scenario->world.servers);
    const Millis at = chance.Between(from / kTick, until / kTick) * kTick;
    scenario->faults.push_back(
        {.at = at, .kind = kind, .target = server, .other = 0, .lasts = lasts});
  };
  add(kFirstFault, kFirstFault, FaultKind::kCutControllers, 6000);
  add(1300, 2000, FaultKind::kPromote, 0);
  add(2500, 4000, FaultKind::kPromote, 0);
  if (chance.OneIn(2)) add(4000, 5000, FaultKind::kPromote, 0);
  add(4500, 6500, FaultKind::kCrash, 1500);
}

void DrawOneIn(int of, FaultKind kind, Chance& chance, Scenario* scenario) {
  if (!chance.OneIn(of)) return;
  scenario->faults.push_back(DrawFault(chance, scenario->world, RowOf(kind)));
}

// What keeps Weft from acting, and a primary that answers and commits nothing.
void DrawGray(Chance& chance, Scenario* scenario) {
  const auto add = [&](FaultKind kind, int of) { DrawOneIn(of, kind, chance, scenario); };
  scenario->replaces_sick = chance.OneIn(2);
  scenario->hooks = chance.OneIn(6);
  add(FaultKind::kStick, 4);
  if (scenario->faults.back().kind == FaultKind::kStick && chance.OneIn(2)) {
    scenario->faults.back().lasts = 2500;  // long enough to be found
  }
  add(FaultKind::kSwitchOff, 12);
  add(FaultKind::kWindow, 12);
  if (scenario->continues && chance.OneIn(4)) CutControllersFromReplicas(chance, scenario);
}

}  // namespace

std::string ToString(const Fault& fault) {
  const KindRow& row = RowOf(fault.kind);
  std::string text = absl::StrCat(fault.at, "ms ", row.name, TargetName(row.aim, fault.target));
  if (fault.kind == FaultKind::kCut) absl::StrAppend(&text, " ", ServerName(fault.other));
  if (row.lasting) absl::StrAppend(&text, " for ", fault.lasts, "ms");
  return text;
}

absl::StatusOr<Fault> ParseFault(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const auto malformed = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("expected such as '1200ms crash a for 800ms', found '", line, "'"));
  };
  Fault fault;
  if (words.size() < 2 || !ParseMillis(words[0], &fault.at)) return malformed();
  const auto row = std::find_if(kKinds.begin(), kKinds.end(),
                                [&](const KindRow& one) { return one.name == words[1]; });
  if (row == kKinds.end()) return malformed();
  fault.kind = row->kind;
  size_t next = 2;
  const auto word = [&] { return next < words.size() ? words[next++] : absl::string_view(); };
  if (row->aim == Aim::kServer && !ParseServer(word(), &fault.target)) return malformed();
  if (row->aim == Aim::kController || row->aim == Aim::kMonitor) {
    const absl::string_view name = word();
    if (name.size() != 2 || !absl::SimpleAtoi(name.substr(1), &fault.target)) return malformed();
    --fault.target;
  }
  if (row->kind == FaultKind::kCut && !ParseServer(word(), &fault.other)) return malformed();
  if (row->lasting && (word() != "for" || !ParseMillis(word(), &fault.lasts))) return malformed();
  return next == words.size() ? absl::StatusOr<Fault>(fault) : malformed();
}

Scenario Generate(uint64_t seed) {
  Chance chance(seed * 2 + 1);
  Scenario scenario;
  World::Options& world = scenario.world;
  world.seed = seed;
  world.servers = chance.OneIn(6) ? 2 : chance.OneIn(3) ? 4 : 3;
  world.controllers = chance.OneIn(2) ? 2 : 1;
  world.monitors = 2;
  world.old_version = chance.OneIn(12);
  world.skip_replica_start = chance.OneIn(2);
  world.receive_percent = chance.OneIn(3) ? 15 : 90;
  world.apply_percent = chance.OneIn(3) ? 10 : 90;
  world.write_every = chance.OneIn(3) ? 20 : 80;
  scenario.lossless = !chance.OneIn(8);
  scenario.spares = world.servers > 3 && chance.OneIn(2) ? 1 : 0;
  scenario.acknowledgements = world.servers - scenario.spares > 3 && chance.OneIn(3) ? 2 : 1;
  scenario.stale_clients = chance.OneIn(3);

  std::vector<KindRow> kinds;
  for (const KindRow& row : kKinds) {
    if (row.weight > 0 && chance.OneIn(2)) kinds.push_back(row);
  }
  if (kinds.empty()) kinds.push_back(kKinds[0]);
  const int count = chance.OneIn(4) ? 1 : chance.Below(7) + 1;
  for (int i = 0; i < count; ++i) {
    scenario.faults.push_back(DrawFault(chance, world, kinds[Draw(chance, kinds)]));
  }
  // Last, so that whatever else a seed means does not depend on it.
  DrawRules(chance, world, &scenario.faults);
  world.own_accounts = chance.OneIn(2);
  scenario.continues = chance.OneIn(5);
  DrawGray(chance, &scenario);
  DrawOneIn(8, FaultKind::kRaise, chance, &scenario);
  DrawOneIn(8, FaultKind::kOtherLoss, chance, &scenario);
  if (chance.OneIn(10)) HideThroughChanges(chance, &scenario);
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  return scenario;
}

std::vector<Fault> EveryFault(const World::Options& world, Millis at,
                              const std::vector<Millis>& lengths) {
  std::vector<Fault> faults;
  const auto add = [&](const KindRow& row, int target, int other) {
    for (const Millis lasts : row.lasting ? lengths : std::vector<Millis>{0}) {
      faults.push_back(
          {.at = at, .kind = row.kind, .target = target, .other = other, .lasts = lasts});
    }
  };
  for (const KindRow& row : kKinds) {
    const int targets = row.aim == Aim::kServer       ? world.servers
                        : row.aim == Aim::kController ? world.controllers
                        : row.aim == Aim::kMonitor    ? world.monitors
                                                      : 1;
    for (int target = 0; target < targets; ++target) {
      if (row.kind != FaultKind::kCut) {
        add(row, row.aim == Aim::kNobody ? kPrimary : target, 0);
        continue;
      }
      for (int other = target + 1; other < targets; ++other) add(row, target, other);
    }
  }
  return faults;
}

namespace {

// The settings of a scenario: how each is written, what it usually is, and where it is kept.
struct Setting {
  absl::string_view name;
  int64_t usual;
  int64_t (*get)(const Scenario&);
  void (*set)(Scenario*, int64_t);
};

template <auto kMember>
constexpr Setting OfWorld(absl::string_view name, int64_t usual) {
  return {name, usual,
          [](const Scenario& scenario) { return static_cast<int64_t>(scenario.world.*kMember); },
          [](Scenario* scenario, int64_t value) {
            using Field = std::decay_t<decltype(scenario->world.*kMember)>;
            scenario->world.*kMember = static_cast<Field>(value);
          }};
}

template <auto kMember>
constexpr Setting OfScenario(absl::string_view name, int64_t usual) {
  return {name, usual,
          [](const Scenario& scenario) { return static_cast<int64_t>(scenario.*kMember); },
          [](Scenario* scenario, int64_t value) {
            using Field = std::decay_t<decltype(scenario->*kMember)>;
            scenario->*kMember = static_cast<Field>(value);
          }};
}

constexpr Setting kSettings[] = {
    OfWorld<&World::Options::servers>("servers", 0),
    OfWorld<&World::Options::seed>("seed", 1),
    OfWorld<&World::Options::controllers>("controllers", 1),
    OfScenario<&Scenario::spares>("spares", 0),
    OfScenario<&Scenario::acknowledgements>("acknowledgements", 1),
    OfScenario<&Scenario::lossless>("lossless", 1),
    OfWorld<&World::Options::old_version>("old-version", 0),
    OfWorld<&World::Options::skip_replica_start>("skip-replica-start", 0),
    OfWorld<&World::Options::own_accounts>("own-accounts", 0),
    OfWorld<&World::Options::receive_percent>("receive-percent", 90),
    OfWorld<&World::Options::apply_percent>("apply-percent", 90),
    OfWorld<&World::Options::write_every>("write-every", 60),
    OfScenario<&Scenario::stale_clients>("stale-clients", 0),
    OfScenario<&Scenario::taken_over>("taken-over", 0),
    OfScenario<&Scenario::continues>("continues", 0),
    OfScenario<&Scenario::replaces_sick>("replaces-sick", 0),
    OfScenario<&Scenario::hooks>("hooks", 0),
};

}  // namespace

std::string ToString(const Scenario& scenario) {
  std::string text;
  for (const Setting& setting : kSettings) {
    const int64_t value = setting.get(scenario);
    if (value != setting.usual) absl::StrAppend(&text, setting.name, " ", value, "\n");
  }
  for (const Fault& fault : scenario.faults) absl::StrAppend(&text, ToString(fault), "\n");
  return text;
}

absl::StatusOr<Scenario> ParseScenario(absl::string_view text) {
  Scenario scenario;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const std::pair<absl::string_view, absl::string_view> words =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    const auto setting = std::find_if(std::begin(kSettings), std::end(kSettings),
                                      [&](const Setting& one) { return one.name == words.first; });
    if (setting == std::end(kSettings)) {
      const absl::StatusOr<Fault> fault = ParseFault(line);
      if (!fault.ok()) return fault.status();
      scenario.faults.push_back(*fault);
      continue;
    }
    int64_t value = 0;
    if (!absl::SimpleAtoi(words.second, &value)) {
      return absl::InvalidArgumentError(absl::StrCat("expected a number, found '", line, "'"));
    }
    setting->set(&scenario, value);
  }
  return scenario;
}

}  // namespace weft::simulation
