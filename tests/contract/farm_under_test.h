#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/ids.h"
#include "services/controller/ports/farm.h"

namespace weft::controller {

// A farm with what a test needs around it: servers that can be killed and hung, and a client that
// writes. One suite runs on every implementation, so that what the simulator promises is what real
// servers do.
class FarmUnderTest {
 public:
  virtual ~FarmUnderTest() = default;

  // The farm, under a term of its own, with a lease that holds.
  virtual Farm& farm() = 0;

  // The record of its servers, without a primary: at least three, that are read-only, replicate
  // from nobody, have executed nothing and can replicate from each other.
  virtual Group group() = 0;

  // A client commits one transaction on `server`. OK: it was acknowledged to the client.
  // FAILED_PRECONDITION: the server refuses writes. UNAVAILABLE: it does not answer, or the
  // connection broke. DEADLINE_EXCEEDED: no answer within `patience`; the client has gone away.
  virtual absl::Status Write(const ServerUuid& server, absl::Duration patience) = 0;
  // How many of the transactions acknowledged to clients so far are missing on `server`.
  virtual absl::StatusOr<int> MissingOn(const ServerUuid& server) = 0;

  // kill -9 and start again (until it answers); SIGSTOP and SIGCONT.
  virtual absl::Status Kill(const ServerUuid& server) = 0;
  virtual absl::Status Start(const ServerUuid& server) = 0;
  virtual absl::Status Pause(const ServerUuid& server) = 0;
  virtual absl::Status Resume(const ServerUuid& server) = 0;

  // Somebody sets the flag of semi-sync replicas OFF on `server`, and restarts nothing. REQUIRES:
  // lossless().
  virtual absl::Status ClearReplicaFlag(const ServerUuid& server) = 0;

  // Lets `time` pass.
  virtual void Wait(absl::Duration time) = 0;

  // What its servers can do.
  virtual bool lossless() const = 0;  // semi-synchronous replication
  virtual bool can_clone() const = 0;
  virtual bool can_rescue() const = 0;  // SaveTransactions
  virtual bool can_rewind() const = 0;
};

}  // namespace weft::controller
