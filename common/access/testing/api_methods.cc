#include "common/access/testing/api_methods.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "protos/weft/v1/copies.pb.h"
#include "protos/weft/v1/durability.pb.h"
#include "protos/weft/v1/errors.pb.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/health.pb.h"
#include "protos/weft/v1/machines.pb.h"
#include "protos/weft/v1/node.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "protos/weft/v1/scaling.pb.h"
#include "protos/weft/v1/servers.pb.h"
#include "protos/weft/v1/threats.pb.h"
#include "protos/weft/v1/topology.pb.h"
#include "protos/weft/v1/users.pb.h"

namespace weft::access {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

constexpr char kFolder[] = "protos/weft/v1";

// The linker keeps the descriptors of a file only where something refers to it.
bool LinkAll() {
  for (const google::protobuf::Descriptor* const one :
       {v1::CloneServerRequest::descriptor(), v1::ErrorDetail::descriptor(),
        v1::ExplainDurabilityRequest::descriptor(), v1::Group::descriptor(),
        v1::HealthReport::descriptor(), v1::Machine::descriptor(), v1::NodeStatus::descriptor(),
        v1::Operation::descriptor(), v1::AddServerRequest::descriptor(),
        v1::ScaleGroupRequest::descriptor(), v1::ReportThreatRequest::descriptor(),
        v1::TopologyUpdate::descriptor(), v1::User::descriptor()}) {
    if (one == nullptr) return false;
  }
  return true;
}

}  // namespace

std::vector<const MethodDescriptor*> ApiMethods() {
  EXPECT_TRUE(LinkAll());
  std::vector<const MethodDescriptor*> methods;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".proto") continue;
    const std::string name = absl::StrCat(kFolder, "/", entry.path().filename().string());
    const FileDescriptor* const file = DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) {
      ADD_FAILURE() << name << " is not linked: refer to one of its messages here";
      continue;
    }
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        methods.push_back(file->service(i)->method(j));
      }
    }
  }
  return methods;
}

std::vector<const MethodDescriptor*> ControllerMethods() {
  std::vector<const MethodDescriptor*> methods = ApiMethods();
  std::erase_if(methods, [](const MethodDescriptor* method) {
    const std::string& service = method->service()->name();
    return service == "Copies" || service == "Machines" || service == "Scaling";
  });
  return methods;
}

std::string FullMethod(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

}  // namespace weft::access
