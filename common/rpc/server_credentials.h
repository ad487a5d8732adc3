#pragma once
// Private to serve.cc: the transport of a server together with the check of each call's login.
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/auth.h"

namespace weft::rpc {

// Plain text. A null authenticator lets everybody in.
std::shared_ptr<grpc::ServerCredentials> PlainCredentials(
    std::shared_ptr<const Authenticator> authenticator);

// TLS. `client_ca_file` may be empty. FAILED_PRECONDITION for unreadable files.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(
    const std::string& certificate_file, const std::string& key_file,
    const std::string& client_ca_file, std::shared_ptr<const Authenticator> authenticator);

// Health and reflection answer without a login, so that load balancers and grpcurl work.
bool NeedsLogin(absl::string_view method);

}  // namespace weft::rpc
