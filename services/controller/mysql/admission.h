#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/model/accounts.h"
#include "common/model/group.h"
#include "common/mysql/server_version.h"
#include "services/controller/core/snapshot.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// How the log-in for one duty ended.
struct DutyFacts {
  std::string user;
  bool admitted = false;
  std::string error;               // not admitted: why
  std::vector<Privilege> missing;  // of what the duty needs
};

// What admission asks of a server. A value, so that the judgement is pure.
struct ServerFacts {
  HostPort address;
  mysql::ServerVersion version;
  Observation observation;
  std::map<std::string, std::string> variables;  // all global ones, by lower-case name
  std::set<std::string> plugins;                 // active ones, lower case
  std::vector<std::string> foreign_channels;     // replication channels but the default one
  std::string replica_preset_by;  // what sets the semi-sync replica flag at start; "" nothing
  std::string half_cloned;        // what clone left its data unwhole; "" none
  std::map<Duty, DutyFacts> duties;

  // "" when absent.
  std::string Variable(const std::string& name) const;
  bool On(const std::string& name) const;
};

// What stands around the server.
struct AdmissionContext {
  std::vector<HostPort> store_addresses;
  std::vector<std::string> store_uuids;
  // What the primary of record said after the server had been asked; absent when the group has
  // none or it did not answer.
  std::optional<Observation> primary;
  // Members that answered.
  struct Peer {
    std::string server_id;
    GtidSet executed;
  };
  std::map<ServerUuid, Peer> peers;
};

// That the server is the state store; it need not be asked, and has no account for Weft's duties.
AdmissionProblem IsStateStore(const HostPort& address);

// Every problem, fatal ones first, each time in the same order. Pure.
std::vector<AdmissionProblem> Judge(const ServerFacts& facts, const Group& group,
                                    const AdmissionContext& context);

// True when there are fatal problems and a clone of the primary would remove each of them.
bool CloneWouldHelp(const std::vector<AdmissionProblem>& problems);

}  // namespace weft::controller
