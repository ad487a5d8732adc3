// Every method of the API against every role, over gRPC.
#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/access/roles.h"
#include "common/access/rpc_rights.h"
#include "common/access/testing/api_methods.h"
#include "common/base/error_details.h"
#include "common/rpc/auth.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/controller/testing/controller_fixture.h"

namespace weft::controller {
namespace {

using google::protobuf::MethodDescriptor;

const rpc::Credentials kAdmin = {"admin", "admin's", ""};

class ControllerAccessTest : public ControllerFixture {
 protected:
  ControllerAccessTest() {
    StartGuarded(kAdmin);
    Await("the admin is a user", [&] {
      grpc::ClientContext context;
      return CallAs(kAdmin, "/weft.v1.Users/ListRoles", &context).ok() &&
             CreateUser("first", {}).ok();
    });
  }

  absl::Status CreateUser(const std::string& name, const std::vector<std::string>& roles) {
    v1::CreateUserRequest request;
    request.set_user_id(name);
    request.set_password(absl::StrCat(name, "'s"));
    for (const std::string& role : roles) request.add_roles(role);
    grpc::ClientContext context;
    context.AddMetadata("authorization", rpc::Authorization(kAdmin));
    rpc::SetDeadline(context, absl::Seconds(30));
    v1::User user;
    return rpc::FromGrpc(
        v1::Users::NewStub(process_->channel())->CreateUser(&context, request, &user));
  }

  static rpc::Credentials CredentialsOf(const std::string& name) {
    return {name, absl::StrCat(name, "'s"), ""};
  }

  // Calls with an empty request; a stream too, of which the end is awaited.
  absl::Status CallAs(const rpc::Credentials& caller, const std::string& method,
                      grpc::ClientContext* context, bool is_stream = false) {
    if (!caller.empty()) context->AddMetadata("authorization", rpc::Authorization(caller));
    rpc::SetDeadline(*context, is_stream ? absl::Milliseconds(500) : absl::Seconds(20));
    const grpc::internal::RpcMethod call(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    return rpc::FromGrpc(grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
        process_->channel().get(), call, context, request, &response));
  }
  absl::Status CallAs(const rpc::Credentials& caller, const MethodDescriptor& method) {
    grpc::ClientContext context;
    return CallAs(caller, access::FullMethod(method), &context,
                  method.server_streaming() || method.client_streaming());
  }
};

TEST_F(ControllerAccessTest, EachMethodRefusesEachRoleThatLacksTheRight) {
  for (const access::Role& role : access::AllRoles()) {
    const std::string name(role.name);
    ASSERT_TRUE(CreateUser(name, {name}).ok());
    for (const MethodDescriptor* const method : access::ControllerMethods()) {
      const std::optional<access::Right> right = access::RightOf(access::FullMethod(*method));
      ASSERT_TRUE(right.has_value());
      const bool may =
          access::MayCall(std::vector<std::string>{name}, right->component, right->command);
      const absl::Status status = CallAs(CredentialsOf(name), *method);
      EXPECT_FALSE(absl::IsUnimplemented(status)) << method->full_name() << " is not served";
      EXPECT_FALSE(absl::IsUnauthenticated(status)) << method->full_name() << " " << status;
      EXPECT_EQ(ErrorReason(status) != "NO_RIGHT", may)
          << name << " " << method->full_name() << ": " << status;
      if (may) continue;
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
      const ErrorDetail detail = *GetErrorDetail(status);
      EXPECT_EQ(detail.expected, absl::StrCat("the right ", access::ToString(*right)));
      EXPECT_EQ(detail.found, absl::StrCat("roles ", name));
      EXPECT_TRUE(absl::StrContains(detail.next_step, "superadmin")) << detail.next_step;
    }
  }
}

TEST_F(ControllerAccessTest, WhoHasNoRoleMayCallNothing) {
  ASSERT_TRUE(CreateUser("none", {}).ok());
  for (const MethodDescriptor* const method : access::ControllerMethods()) {
    EXPECT_EQ(ErrorReason(CallAs(CredentialsOf("none"), *method)), "NO_RIGHT")
        << method->full_name();
  }
}

TEST_F(ControllerAccessTest, WithoutALoginNothingIsAnswered) {
  for (const MethodDescriptor* const method : access::ControllerMethods()) {
    EXPECT_EQ(ErrorReason(CallAs({}, *method)), "LOGIN_REQUIRED") << method->full_name();
    EXPECT_TRUE(absl::IsUnauthenticated(CallAs({"admin", "wrong", ""}, *method)) ||
                absl::IsResourceExhausted(CallAs({"admin", "wrong", ""}, *method)))
        << method->full_name();
  }
}

TEST_F(ControllerAccessTest, AGatewayActsWithTheRightsOfTheOtherAndNobodyElseActsForOthers) {
  ASSERT_TRUE(CreateUser("gate", {"gateway"}).ok());
  ASSERT_TRUE(CreateUser("jane", {"connector"}).ok());
  const auto call = [&](const std::string& caller, const std::string& other,
                        const std::string& method) {
    grpc::ClientContext context;
    context.AddMetadata("weft-on-behalf-of", other);
    return ErrorReason(CallAs(CredentialsOf(caller), method, &context));
  };
  EXPECT_EQ(call("gate", "jane", "/weft.v1.Threats/ReportError"), "MALFORMED_SERVER");
  EXPECT_EQ(call("gate", "jane", "/weft.v1.Groups/CreateGroup"), "NO_RIGHT");
  // Its own rights do not count for the other.
  EXPECT_EQ(call("gate", "jane", "/weft.v1.Users/ReportLogins"), "NO_RIGHT");
  EXPECT_EQ(call("gate", "admin", "/weft.v1.Groups/CreateGroup"), "MALFORMED_GROUP");
  EXPECT_EQ(call("gate", "stranger", "/weft.v1.Node/GetNodeStatus"), "NO_RIGHT");
  EXPECT_EQ(call("jane", "admin", "/weft.v1.Groups/CreateGroup"), "NOT_A_GATEWAY");
  EXPECT_EQ(call("jane", "jane", "/weft.v1.Groups/CreateGroup"), "NOT_A_GATEWAY");
  EXPECT_EQ(call("gate", "jane", "/weft.v1.Users/IssueToken"), "LOGGED_IN_BY_TOKEN");
}

TEST_F(ControllerAccessTest, AnOperationBearsTheNameOfWhomAGatewayActsFor) {
  ASSERT_TRUE(CreateUser("gate", {"gateway"}).ok());
  ASSERT_TRUE(CreateUser("jane", {"superadmin"}).ok());
  v1::CreateGroupRequest request;
  request.set_group_id("g");
  grpc::ClientContext context;
  context.AddMetadata("authorization", rpc::Authorization(CredentialsOf("gate")));
  context.AddMetadata("weft-on-behalf-of", "jane");
  v1::Group group;
  ASSERT_TRUE(groups_->CreateGroup(&context, request, &group).ok());
  const auto operations = process_->store().ListOperations("g", 1, "");
  ASSERT_EQ(operations->size(), 1u);
  EXPECT_EQ(operations->front().user, "jane");
}

}  // namespace
}  // namespace weft::controller
