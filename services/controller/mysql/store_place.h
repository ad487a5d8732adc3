#pragma once
// Where the state store is now.
#include <utility>

#include "absl/status/statusor.h"
#include "common/model/ids.h"

namespace weft::controller {

// Thread-safe.
class StorePlace {
 public:
  virtual ~StorePlace() = default;

  // The server that may be written to and believed. UNAVAILABLE STORE_NO_PRIMARY: none may. Blocks
  // only until it is known for the first time, or again after Doubt; for well under a second.
  virtual absl::StatusOr<HostPort> Find() = 0;

  // A server that Find named turned out not to take writes: it is to be looked for again.
  virtual void Doubt() {}

  // Several servers are one store; which of them takes the writes may change.
  virtual bool replicated() const { return false; }
};

// One server.
class FixedPlace : public StorePlace {
 public:
  explicit FixedPlace(HostPort address) : address_(std::move(address)) {}
  absl::StatusOr<HostPort> Find() override { return address_; }

 private:
  const HostPort address_;
};

}  // namespace weft::controller
