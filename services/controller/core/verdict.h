#pragma once

#include <string>

#include "services/controller/core/snapshot.h"

namespace weft::controller {

// What is known of the primary of record (rule 7).
enum class PrimaryState {
  kNone,       // the record names none
  kAlive,      // it answered
  kUncertain,  // not enough evidence of its death: nothing is done, the finding says why
  kDead,       // monitors' quorum, own look and every reached replica agree
};

struct Verdict {
  PrimaryState state = PrimaryState::kNone;
  std::string evidence;  // one line for the record: who said what
};

// `ask_monitors`: an automatic failover needs the quorum of live monitors; a failover a person
// asked for does not. "Too many connections", a password or TLS failure is never death (S30), and
// neither is silence while a reached replica still hears from the primary (S11).
Verdict Judge(const Snapshot& snapshot, bool ask_monitors);

}  // namespace weft::controller
