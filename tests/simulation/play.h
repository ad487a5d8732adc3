#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/run.h"
#include "tests/simulation/sim_controller.h"

namespace weft::simulation {

// One scenario while it is played.
class Play {
 public:
  Play(const Scenario& scenario, bool keep_log);

  Outcome Finish();

 private:
  // The first server is open and the others follow it, as nobody of Weft set them up.
  void ReplicateByHand();
  void CreateGroup();
  // An actor of the world: what is due happens also in the middle of a controller's round.
  void Strike();
  void RunUntil(Millis time);
  // False when the group has not settled in time.
  bool Settle(Millis within);
  void Begin(const Fault& fault);
  void End(const Fault& fault, int target);
  // Each does (by = 1) or undoes (-1) the faults of its kind; false for those of other kinds.
  bool Hit(const Fault& fault, int target, int by);
  void HitWeft(const Fault& fault, int target, int by);
  bool Ask(const Fault& fault, int target);
  int Resolve(const Fault& fault) const;
  void CutServer(int server, bool controllers, bool monitors, bool servers, int by);

  // Requests, as the controller's API makes them; refused while another is pending.
  void Request(Goal goal, int target);
  void ChangeGroup(bool active, Durability durability);
  // By whoever leads; nobody else knows the primary.
  void ChangeAcknowledgements(uint32_t count);
  void ChangeSettings(const std::function<void(GroupSettings*)>& change);
  void ChangeStatus(int server, ServerStatus from, ServerStatus to);
  void ChangeRule(int server, PromotionRule rule);

  void OnRound(int controller, const controller::Round& round);
  void Note(const std::string& line);
  void NoteEnd();

  const Scenario scenario_;
  const bool keep_log_;
  std::string last_plan_;
  Outcome outcome_;
  World world_;
  SimStore admin_;
  bool store_down_ = false;
  bool store_flaky_ = false;
  std::vector<std::unique_ptr<SimController>> controllers_;
  struct Healing {
    Millis at;
    Fault fault;
    int target;
  };
  std::vector<Healing> healings_;
  std::vector<int> controller_faults_;  // by controller: crashes that have not been undone
  std::vector<int> pauses_;
  std::vector<int> stalls_;
  std::vector<int> sticks_;
  size_t next_fault_ = 0;
  int requests_ = 0;
};

}  // namespace weft::simulation
