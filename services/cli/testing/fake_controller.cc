#include "services/cli/testing/fake_controller.h"

#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "services/cli/testing/fake_services.h"

namespace weft::cli {

absl::Status FakeState::Enter(const std::string& method, const google::protobuf::Message& request) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(request, &text);
  requests.emplace_back(method, text);
  return failure;
}

absl::StatusOr<v1::Group*> FakeState::Find(const std::string& name) {
  const auto found = groups.find(name);
  if (found != groups.end()) return &found->second;
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", absl::StrCat("no group ", name),
                 "a group that exists", name, "weft group list");
}

absl::StatusOr<v1::Server*> FakeState::FindServer(const std::string& text) {
  for (auto& [name, group] : groups) {
    for (v1::Server& server : *group.mutable_servers()) {
      if (server.name() == text || server.uuid() == text || server.address() == text) {
        return &server;
      }
    }
  }
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_SERVER", absl::StrCat("no server ", text),
                 "a server of a group", text, "weft server list");
}

v1::Operation* FakeState::FindOperation(const std::string& name) {
  for (v1::Operation& operation : operations) {
    if (operation.name() == name) return &operation;
  }
  return nullptr;
}

v1::Operation FakeState::Begin(const std::string& kind, const std::string& group,
                               const std::string& request_id) {
  if (!request_id.empty() && answered.count(request_id) > 0) return answered[request_id];
  v1::Operation& operation = operations.emplace_back();
  operation.set_name(absl::StrCat("operations/", RandomUuid()));
  operation.set_kind(kind);
  operation.set_group(group);
  operation.set_state(held ? v1::Operation::RUNNING : v1::Operation::SUCCEEDED);
  operation.set_progress(held ? 0 : 1);
  operation.set_user("admin");
  if (!request_id.empty()) answered[request_id] = operation;
  return operation;
}

void FakeState::Lead(v1::Group& group, const std::string& primary) {
  group.set_primary(primary);
  group.set_epoch(group.epoch() + 1);
  for (v1::Server& server : *group.mutable_servers()) {
    const bool leads = server.name() == primary;
    if (!leads && server.status() != v1::PRIMARY) continue;
    server.set_status(leads ? v1::PRIMARY : v1::SECONDARY);
    server.set_mode(leads ? v1::READ_WRITE : v1::READ_ONLY);
  }
}

FakeServices::FakeServices(FakeState* state, const FakeController::Login& login)
    : groups_(state),
      servers_(state),
      operations_(state),
      health_(state),
      threats_(state),
      node_(state),
      users_(state) {
  rpc::Server::Options options;
  options.name = "fake-controller";
  options.listen = "127.0.0.1:0";
  options.services = {&groups_, &servers_, &operations_, &health_, &threats_, &node_, &users_};
  options.drain_deadline = absl::ZeroDuration();
  if (!login.user.empty()) {
    options.authenticator = rpc::StaticAuthenticator({login.user, login.password});
  }
  auto server = rpc::Server::Start(std::move(options));
  if (!server.ok()) {
    fprintf(stderr, "%s\n", DescribeError(server.status()).c_str());
    abort();
  }
  server_ = *std::move(server);
}

FakeController::FakeController(const Login& login)
    : state_(std::make_shared<FakeState>()),
      services_(std::make_unique<FakeServices>(state_.get(), login)) {}

FakeController::FakeController(const FakeController& beside)
    : state_(beside.state_), services_(std::make_unique<FakeServices>(state_.get(), Login())) {}

FakeController::~FakeController() = default;

std::string FakeController::address() const { return services_->address(); }

void FakeController::HoldOperations() {
  MutexLock lock(&state_->mutex);
  state_->held = true;
}

void FakeController::Advance(const std::string& name, const std::string& phase, double progress) {
  MutexLock lock(&state_->mutex);
  v1::Operation* operation = state_->FindOperation(name);
  operation->set_phase(phase);
  operation->set_progress(progress);
  state_->changed.NotifyAll();
}

void FakeController::End(const std::string& name, v1::Operation::State state,
                         const std::string& result_json) {
  MutexLock lock(&state_->mutex);
  v1::Operation* operation = state_->FindOperation(name);
  operation->set_state(state);
  operation->set_result_json(result_json);
  state_->changed.NotifyAll();
}

void FakeController::Break(const std::string& name, absl::StatusCode code,
                           const std::string& reason, const std::string& message) {
  MutexLock lock(&state_->mutex);
  v1::Operation* operation = state_->FindOperation(name);
  operation->set_state(v1::Operation::FAILED);
  operation->set_error_code(static_cast<int>(code));
  operation->set_error_reason(reason);
  operation->set_error_message(message);
  state_->changed.NotifyAll();
}

std::string FakeController::AwaitWatcher() {
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
  MutexLock lock(&state_->mutex);
  while (state_->watched.empty() && !deadline.Passed()) {
    state_->changed.WaitFor(&state_->mutex, deadline.Remaining());
  }
  return state_->watched;
}

void FakeController::FailWith(const absl::Status& status) {
  MutexLock lock(&state_->mutex);
  state_->failure = status;
}

void FakeController::SetProblems(const std::vector<v1::ServerProblem>& problems) {
  MutexLock lock(&state_->mutex);
  state_->problems = problems;
}

void FakeController::SetNode(const v1::NodeStatus& node) {
  MutexLock lock(&state_->mutex);
  state_->node = node;
}

void FakeController::SetExplanation(const v1::ExplainGroupResponse& explanation) {
  MutexLock lock(&state_->mutex);
  state_->explanation = explanation;
}

void FakeController::SetProof(const v1::ExplainDurabilityResponse& proof) {
  MutexLock lock(&state_->mutex);
  state_->proof = proof;
}

void FakeController::SetRefusal(const v1::Refusal& refusal) {
  MutexLock lock(&state_->mutex);
  state_->refusal = refusal;
}

void FakeController::SetServer(const std::string& address,
                               const std::function<void(v1::Server*)>& change) {
  MutexLock lock(&state_->mutex);
  const auto server = state_->FindServer(address);
  if (server.ok()) change(*server);
}

v1::Group FakeController::GroupNow(const std::string& id) const {
  MutexLock lock(&state_->mutex);
  const auto group = state_->Find("groups/" + id);
  return group.ok() ? **group : v1::Group();
}

std::vector<std::string> FakeController::Requests(const std::string& method) const {
  MutexLock lock(&state_->mutex);
  std::vector<std::string> texts;
  for (const auto& [name, text] : state_->requests) {
    if (name == method) texts.push_back(text);
  }
  return texts;
}

}  // namespace weft::cli
