#include "common/rpc/controllers.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/node.grpc.pb.h"

namespace weft::rpc {
namespace {

// One that hangs is noticed while somebody waits for it. Servers allow a ping a second.
constexpr absl::Duration kKeepalive = absl::Seconds(2);
constexpr absl::Duration kBreaking = absl::Milliseconds(50);

gpr_timespec After(absl::Duration duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_micros(absl::ToInt64Microseconds(duration), GPR_TIMESPAN));
}

bool IsOneOf(absl::string_view reason, std::initializer_list<absl::string_view> reasons) {
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

// "Who leads?" to one of them.
struct Question {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::NodeStatus>> reader;
  v1::NodeStatus node;
  grpc::Status status;
};

}  // namespace

bool IsUnreachable(const Controllers::Controller& controller, const absl::Status& status) {
  if (!absl::IsUnavailable(status) || GetErrorDetail(status).has_value()) return false;
  // Over a standing connection it was the controller that said so, of something else. A call may
  // end a little before its connection does.
  if (controller.channel->GetState(/*try_to_connect=*/false) != GRPC_CHANNEL_READY) return true;
  return controller.channel->WaitForStateChange(GRPC_CHANNEL_READY, After(kBreaking));
}

absl::StatusOr<std::shared_ptr<Controllers>> Controllers::Create(
    const std::vector<ChannelOptions>& options) {
  std::shared_ptr<Controllers> controllers(new Controllers);
  for (ChannelOptions one : options) {
    const auto same = [&one](const Controller& known) { return known.address == one.address; };
    if (std::any_of(controllers->all_.begin(), controllers->all_.end(), same)) continue;
    if (options.size() > 1) {
      one.keepalive_time = kKeepalive;
      one.keepalive_timeout = kKeepalive;
    }
    WEFT_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, Connect(one));
    controllers->all_.push_back({one.address, !one.credentials.empty(), std::move(channel)});
  }
  return controllers;
}

std::shared_ptr<Controllers> Controllers::Of(std::vector<Controller> controllers) {
  std::shared_ptr<Controllers> made(new Controllers);
  made->all_ = std::move(controllers);
  return made;
}

std::string Controllers::Addresses() const {
  return absl::StrJoin(all_, ", ", [](std::string* text, const Controller& controller) {
    text->append(controller.address);
  });
}

std::vector<const Controllers::Controller*> Controllers::InOrder(absl::Duration patience) {
  const Controller* serving = serving_.load(std::memory_order_relaxed);
  if (serving == nullptr && all_.size() > 1) {
    serving = FindLeader(patience);
    if (serving != nullptr) Served(*serving);
  }
  std::vector<const Controller*> order;
  for (const Controller& controller : all_) order.push_back(&controller);
  const auto first = std::find(order.begin(), order.end(), serving);
  if (first != order.end()) std::rotate(order.begin(), first, first + 1);
  return order;
}

const Controllers::Controller* Controllers::FindLeader(absl::Duration patience) const {
  grpc::CompletionQueue answers;
  std::vector<Question> questions(all_.size());
  for (size_t i = 0; i < all_.size(); ++i) {
    Question& question = questions[i];
    SetDeadline(question.context, patience);
    question.reader =
        v1::Node::Stub(all_[i].channel)
            .AsyncGetNodeStatus(&question.context, v1::GetNodeStatusRequest(), &answers);
    question.reader->Finish(&question.node, &question.status, &question);
  }
  const Controller* leader = nullptr;
  void* tag = nullptr;
  bool ok = false;
  for (size_t left = questions.size(); left > 0 && answers.Next(&tag, &ok); --left) {
    const auto* const question = static_cast<const Question*>(tag);
    if (leader != nullptr || !question->status.ok() || !question->node.leading()) continue;
    leader = &all_[question - questions.data()];
    // What the others say is not waited for.
    for (Question& each : questions) each.context.TryCancel();
  }
  answers.Shutdown();
  return leader;
}

Controllers::Verdict Controllers::Judge(const Controller& controller, const absl::Status& status) {
  if (status.ok()) return Verdict::kFinal;
  const std::string reason = ErrorReason(status);
  // Not to lead any more may also be found out in the midst of a request.
  if (IsOneOf(reason, {"NOT_LEADING", "LEASE_LAPSED", "TERM_MOVED", "LEASE_MOVED"})) {
    return Verdict::kLater;
  }
  if (IsOneOf(reason, {"STORE_DOWN", "STORE_UNAVAILABLE", "NOT_LOADED"})) {
    return Verdict::kElsewhere;
  }
  return IsUnreachable(controller, status) ? Verdict::kElsewhere : Verdict::kFinal;
}

}  // namespace weft::rpc
