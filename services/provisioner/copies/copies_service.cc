#include "services/provisioner/copies/copies_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/rpc/caller.h"
#include "common/rpc/model.h"
#include "common/rpc/status.h"
#include "services/provisioner/convert.h"

namespace weft::provisioner {
namespace {

CopyMethod MethodOf(v1::CopyMethod method) {
  switch (method) {
    case v1::COPY_METHOD_PLUGIN:
      return CopyMethod::kPlugin;
    case v1::COPY_METHOD_PHYSICAL:
      return CopyMethod::kPhysical;
    case v1::COPY_METHOD_LOGICAL:
      return CopyMethod::kLogical;
    default:
      return CopyMethod::kAuto;
  }
}

v1::CopyMethod ToProto(CopyMethod method) {
  switch (method) {
    case CopyMethod::kPlugin:
      return v1::COPY_METHOD_PLUGIN;
    case CopyMethod::kPhysical:
      return v1::COPY_METHOD_PHYSICAL;
    case CopyMethod::kLogical:
      return v1::COPY_METHOD_LOGICAL;
    case CopyMethod::kAuto:
      break;
  }
  return v1::COPY_METHOD_UNSPECIFIED;
}

v1::CopyPlan ToProto(const CopyPlan& plan) {
  v1::CopyPlan proto;
  proto.set_source(absl::StrCat("servers/", plan.source.uuid.text()));
  proto.set_source_address(plan.source.address.ToString());
  proto.set_target_address(plan.target.ToString());
  proto.set_method(ToProto(plan.method));
  proto.set_reason(plan.reason);
  proto.set_bytes(static_cast<int64_t>(plan.bytes));
  proto.set_bytes_per_second(static_cast<int64_t>(plan.bytes_per_second));
  return proto;
}

v1::Deviation ToProto(const Deviation& deviation) {
  v1::Deviation proto;
  proto.set_setting(deviation.setting);
  proto.set_expected(deviation.expected);
  proto.set_found(deviation.found);
  proto.set_why(deviation.why);
  proto.set_sql(deviation.sql);
  proto.set_config(deviation.config);
  proto.set_required(deviation.required);
  return proto;
}

}  // namespace

grpc::Status CopiesService::CloneServer(grpc::ServerContext* context,
                                        const v1::CloneServerRequest* request,
                                        v1::CloneServerResponse* response) {
  CopyAsked asked;
  asked.group = std::string(absl::StripPrefix(request->group(), "groups/"));
  asked.target = request->target();
  asked.source = request->source();
  asked.method = MethodOf(request->method());
  asked.bytes_per_second = request->bytes_per_second();
  asked.surrender = request->surrender();
  asked.request_id = request->request_id();
  asked.user = rpc::CallerOf(*context);
  asked.validate_only = request->validate_only();
  const absl::StatusOr<CopyRequests::Begun> begun = requests_->Clone(asked);
  if (!begun.ok()) return rpc::ToGrpc(begun.status());
  if (!begun->job.id.empty()) *response->mutable_operation() = ToProto(begun->job);
  if (!begun->plan.target.empty()) *response->mutable_plan() = ToProto(begun->plan);
  return grpc::Status::OK;
}

grpc::Status CopiesService::CheckRecipe(grpc::ServerContext* /*context*/,
                                        const v1::CheckRecipeRequest* request,
                                        v1::CheckRecipeResponse* response) {
  const absl::StatusOr<RecipeFindings> findings =
      provisioner::CheckRecipe(*access_, request->address(), request->role());
  if (!findings.ok()) return rpc::ToGrpc(findings.status());
  response->set_uuid(findings->uuid);
  response->set_version(findings->version);
  for (const Deviation& deviation : findings->deviations) {
    *response->add_deviations() = ToProto(deviation);
  }
  response->set_recipe(findings->recipe);
  *response->mutable_check_time() = rpc::ToProto(clock_->Now());
  return grpc::Status::OK;
}

}  // namespace weft::provisioner
