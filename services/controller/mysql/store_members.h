#pragma once
// Which member of a replicated state store may be written to and believed. Pure.
//
// The store may be a MySQL Group Replication cluster with a single primary. What a member says of
// itself is not enough: one that hung goes on calling itself the primary for seconds after it woke
// up, and one that is cut off with nobody else may have made a group of its own. So all members are
// asked, and the primary is the one that the newest view names, if that view has a majority of the
// members that Weft was told of (safety rule S32: never of those that happen to be left in it).
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/model/ids.h"
#include "common/mysql/result_set.h"

namespace weft::controller {

// What one member said, in its own view of the cluster.
struct MemberAnswer {
  bool answered = false;
  std::string error;       // Why it did not.
  std::string uuid;        // server_uuid.
  std::string state;       // Of itself: ONLINE, RECOVERING, OFFLINE, ERROR; empty: of no cluster.
  std::string primary;     // uuid of the ONLINE primary; empty: none.
  std::string view;        // "PREFIX:COUNTER"; the prefix is new with each bootstrap.
  int members = 0;         // In the view, whatever their state.
  int online = 0;          // ONLINE of these.
  int primaries = 0;       // ONLINE primaries; several: not a single-primary cluster.
  bool read_only = false;  // super_read_only or offline_mode.
};

// From the row of store_sql::kAskMember.
MemberAnswer ReadMemberAnswer(const mysql::ResultSet& rows);

// The index of the primary among `declared`, whose answers are `answers`. UNAVAILABLE
// STORE_NO_PRIMARY otherwise, with what each member said.
absl::StatusOr<size_t> ChoosePrimary(const std::vector<HostPort>& declared,
                                     const std::vector<MemberAnswer>& answers);

// "ONLINE, the primary", "does not answer: connection refused".
std::string DescribeMember(const MemberAnswer& answer);

}  // namespace weft::controller
