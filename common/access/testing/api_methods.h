#pragma once
// The methods of all services of protos/weft/v1 that this program links, for tests of who may call
// what.
#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace weft::access {

// Fails the test where a file of protos/weft/v1 is not linked. REQUIRES: //protos/weft/v1:sources
// as data.
std::vector<const google::protobuf::MethodDescriptor*> ApiMethods();

// Those of them that controllers serve: all but the provisioner's.
std::vector<const google::protobuf::MethodDescriptor*> ControllerMethods();

// "/weft.v1.Groups/PromoteGroup"
std::string FullMethod(const google::protobuf::MethodDescriptor& method);

}  // namespace weft::access
