#include "common/rpc/caller.h"

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/access/token.h"
#include "common/rpc/auth.h"

namespace weft::rpc {
namespace {

constexpr char kAuthorization[] = "authorization";
// As gRPC names it (GRPC_X509_CN_PROPERTY_NAME).
constexpr char kCommonName[] = "x509_common_name";

std::string LoginOf(const grpc::ServerContextBase& context) {
  const std::string header = MetadataOf(context, kAuthorization);
  const absl::StatusOr<Credentials> credentials = ParseBasicAuthorization(header);
  if (credentials.ok()) return credentials->user;
  const std::optional<access::Token> token = access::ParseToken(BearerToken(header));
  return token.has_value() ? token->user : "";
}

}  // namespace

std::string MetadataOf(const grpc::ServerContextBase& context, absl::string_view key) {
  const auto found = context.client_metadata().find(grpc::string_ref(key.data(), key.size()));
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

std::string CertificateNameOf(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> transport = context.auth_context();
  if (transport == nullptr || !transport->IsPeerAuthenticated()) return "";
  const std::vector<grpc::string_ref> names = transport->FindPropertyValues(kCommonName);
  // A certificate with two names is nobody's.
  return names.size() == 1 ? std::string(names[0].data(), names[0].size()) : "";
}

bool IsByToken(const grpc::ServerContextBase& context) {
  return !BearerToken(MetadataOf(context, kAuthorization)).empty();
}

std::string CallerOf(const grpc::ServerContextBase& context) {
  std::string user = MetadataOf(context, kOnBehalfOf);
  if (user.empty()) user = LoginOf(context);
  return user.empty() ? CertificateNameOf(context) : user;
}

}  // namespace weft::rpc
