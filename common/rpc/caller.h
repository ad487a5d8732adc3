#pragma once
// Who asks, by what the call says of itself. Nothing is proven here: a CallGate (guarded_service.h)
// has checked it before a handler runs.
#include <grpcpp/server_context.h>

#include <string>

#include "absl/strings/string_view.h"
#include "common/access/rpc_rights.h"

namespace weft::rpc {

using access::kOnBehalfOf;

// The first value of a metadata key; "" without one.
std::string MetadataOf(const grpc::ServerContextBase& context, absl::string_view key);
// The common name of the client's certificate, which the transport has verified; "" without one.
std::string CertificateNameOf(const grpc::ServerContextBase& context);
// The call logged in by a token.
bool IsByToken(const grpc::ServerContextBase& context);

// The user in whose name the call is made: the one that a gateway acts for, else the one of the
// "authorization" metadata, else the one of the certificate; "" where calls need no login.
std::string CallerOf(const grpc::ServerContextBase& context);

}  // namespace weft::rpc
