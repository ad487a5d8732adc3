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

// True when the quorum of live monitors lost the server: more than half of them and, where they
// watch from several zones, from more than one. With one monitor the quorum is one.
bool QuorumLost(const Report& report);

// `ask_monitors`: an automatic failover needs the quorum of live monitors; a failover a person
// asked for does not. "Too many connections", a password or TLS failure is never death (S30), and
// neither is silence while a reached replica still hears from the primary (S11), or while no
// reached one would: whoever reaches nobody may be cut off himself. A closed port is another
// matter: it takes a machine to refuse.
Verdict Judge(const Snapshot& snapshot, bool ask_monitors);

}  // namespace weft::controller
