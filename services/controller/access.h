#pragma once
// Who asks: the login was checked by common/rpc before a handler runs.
#include <grpcpp/server_context.h>

#include <string>

namespace weft::controller {

// The user that the call's "authorization" metadata names; "" where calls need no login.
std::string CallerOf(const grpc::ServerContextBase& context);

}  // namespace weft::controller
