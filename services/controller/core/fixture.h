#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "common/model/group.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"
#include "services/controller/core/plan.h"
#include "services/controller/core/snapshot.h"

// Snapshots for tests in as few words as they need. Servers have letters for names: server "b" has
// uuid bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb, hexadecimal letters only, and listens on b:3306.
namespace weft::controller::testing {

ServerUuid Id(char letter);
// "a:1-5,b:backup:7" with letters for uuids.
GtidSet Gtids(absl::string_view text);
// `text` with letters in place of their uuids.
std::string WithLetters(absl::string_view text);
std::string Text(const Step& step);
// One line per step, refusal or wait; "settled" for nothing.
std::string Text(const Plan& plan);

// A snapshot with handles to what a test changes. It starts as a settled, active, lossless group:
// the first letter is the primary, which serves; the others are secondaries that follow it and
// acknowledge. All hold a:1-100; epoch 1 began at a:1-10, which is the watermark. Two monitors
// reach everybody.
class Scene {
 public:
  explicit Scene(absl::string_view letters);

  Group& group() { return snapshot_.group; }
  Server& Record(char letter);
  Observation& Of(char letter) { return snapshot_.seen[Id(letter)]; }
  Marks& MarksOf(char letter) { return snapshot_.marks[Id(letter)]; }
  Snapshot& snapshot() { return snapshot_; }
  operator const Snapshot&() const { return snapshot_; }  // NOLINT: a scene is a snapshot

  // The process is gone, for the controller, the monitors and the replicas.
  Scene& Dead(char letter);
  // It does not answer the controller and the monitors, and nobody hears from it any more.
  Scene& Silent(char letter);
  // A new server process: as it was, but read-only, nothing armed, its relay log gone.
  Scene& Restarted(char letter);
  // Executed and received.
  Scene& Holds(char letter, absl::string_view gtids);
  Scene& Executed(char letter, absl::string_view gtids);
  // Its receiver is stopped, as by a failover.
  Scene& Revoked(char letter);
  // It takes no client writes.
  Scene& Fenced(char letter);
  Scene& Promote(char target);  // '\0': whoever is best
  Scene& Failover();
  Scene& Async();
  // Versions without lossless semi-sync, super_read_only or receiver-only CHANGE.
  Scene& Version56();

 private:
  void Follow(char replica, char source);

  Snapshot snapshot_;
};

}  // namespace weft::controller::testing
