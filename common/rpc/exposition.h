#pragma once
// Private to serve.cc: /metrics over HTTP.
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/address.h"
#include "common/rpc/metrics.h"

namespace weft::rpc {

class Exposition {
 public:
  // Listens; the errors of CheckBindable.
  static absl::StatusOr<std::unique_ptr<Exposition>> Start(const Endpoint& endpoint,
                                                           const Metrics& metrics);
  ~Exposition();

  // The port really bound.
  int port() const;

 private:
  struct State;
  explicit Exposition(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weft::rpc
