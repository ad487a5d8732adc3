#include "services/provisioner/scaling/scaling_service.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/rpc/caller.h"
#include "common/rpc/model.h"
#include "common/rpc/status.h"
#include "services/provisioner/convert.h"

namespace weft::provisioner {
namespace {

// Absent or 0: the default that is there.
void Take(const google::protobuf::Duration& asked, absl::Duration* time) {
  const absl::Duration given = rpc::FromProto(asked);
  if (given != absl::ZeroDuration()) *time = given;
}

ScalingAsked AskedOf(const std::string& group, const v1::ScalingOrder& order) {
  ScalingAsked asked;
  asked.group = BareName(group);
  asked.terms.provider = BareName(order.provider());
  if (order.weight() != 0 || order.weight_set()) asked.terms.weight = order.weight();
  asked.terms.zone = order.zone();
  asked.terms.keep_machines = order.keep_machines();
  asked.wish.like = MachineOrderOf(order);
  Take(order.reach_timeout(), &asked.wish.reach_timeout);
  Take(order.catch_up_timeout(), &asked.wish.catch_up_timeout);
  if (order.has_drain_timeout()) asked.wish.drain_timeout = rpc::FromProto(order.drain_timeout());
  return asked;
}

v1::ScalingStep ToProto(const ScalingStep& step) {
  v1::ScalingStep proto;
  const bool adds = step.kind == ScalingStep::Kind::kAdd;
  proto.set_kind(adds ? v1::ScalingStep::ADD_SERVER : v1::ScalingStep::REMOVE_SERVER);
  if (!step.provider.empty()) proto.set_provider(absl::StrCat("providers/", step.provider));
  proto.set_reason(step.reason);
  if (adds) return proto;
  proto.set_server(absl::StrCat("servers/", step.server.text()));
  proto.set_address(step.address.ToString());
  if (!step.machine.empty()) proto.set_machine(absl::StrCat("machines/", step.machine));
  proto.set_destroys_machine(step.destroys_machine);
  return proto;
}

template <typename Request, typename Response>
grpc::Status Answer(ScalingRequests* requests, const grpc::ServerContextBase& context,
                    const ScalingAsked& asked, const Request& request, Response* response) {
  const absl::StatusOr<ScalingRequests::Begun> begun = requests->Scale(
      asked, {rpc::CallerOf(context), request.request_id(), request.validate_only()});
  if (!begun.ok()) return rpc::ToGrpc(begun.status());
  if (!begun->job.id.empty()) {
    *response->mutable_operation() = provisioner::ToProto(begun->job);
  }
  for (const ScalingStep& step : begun->plan.steps) *response->add_plan() = ToProto(step);
  response->set_reason(begun->plan.reason);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status ScalingService::ScaleGroup(grpc::ServerContext* context,
                                        const v1::ScaleGroupRequest* request,
                                        v1::ScaleGroupResponse* response) {
  ScalingAsked asked = AskedOf(request->group(), request->order());
  asked.servers = request->servers();
  return Answer(requests_, *context, asked, *request, response);
}

grpc::Status ScalingService::HealGroup(grpc::ServerContext* context,
                                       const v1::HealGroupRequest* request,
                                       v1::HealGroupResponse* response) {
  return Answer(requests_, *context, AskedOf(request->group(), request->order()), *request,
                response);
}

}  // namespace weft::provisioner
