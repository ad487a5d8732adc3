#include "common/rpc/exposition.h"

#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft::rpc {
namespace {

// With its default of two, a scraper that holds its connections starves the next one.
constexpr size_t kThreads = 4;

}  // namespace

struct Exposition::State {
  explicit State(const std::string& address) : exposer(address, kThreads) {}
  prometheus::Exposer exposer;
};

Exposition::Exposition(std::unique_ptr<State> state) : state_(std::move(state)) {}
Exposition::~Exposition() = default;

absl::StatusOr<std::unique_ptr<Exposition>> Exposition::Start(const Endpoint& endpoint,
                                                              const Metrics& metrics) {
  WEFT_RETURN_IF_ERROR(CheckBindable(endpoint));
  // The library throws, and its text does not say why.
  try {
    auto state = std::make_unique<State>(endpoint.ToString());
    state->exposer.RegisterCollectable(metrics.registry(), "/metrics");
    return std::unique_ptr<Exposition>(new Exposition(std::move(state)));
  } catch (const std::exception& error) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "CANNOT_LISTEN",
                   absl::StrCat("cannot serve metrics on ", endpoint.ToString()), "a free address",
                   error.what(), "choose another address");
  }
}

int Exposition::port() const {
  const std::vector<int> ports = state_->exposer.GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace weft::rpc
