#include "common/rpc/server_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/auth_metadata_processor.h>

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/pem_file.h"

namespace weft::rpc {
namespace {

constexpr absl::string_view kPathKey = ":path";
constexpr absl::string_view kAuthorizationKey = "authorization";

absl::string_view View(const grpc_slice& slice) {
  return absl::string_view(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)),
                           GRPC_SLICE_LENGTH(slice));
}

absl::Status CheckCall(const Authenticator& authenticator, absl::string_view method,
                       absl::string_view authorization) {
  if (!NeedsLogin(method)) return absl::OkStatus();
  return authenticator.Check(method, authorization);
}

// A call that is refused here ends before it has trailers, so there is no room for details: the
// text has the reason and what to do.
std::string TextOf(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return std::string(status.message());
  return absl::StrCat(status.message(), " (", detail->reason, "); to do: ", detail->next_step);
}

// For TLS, by gRPC's own interface.
class LoginProcessor : public grpc::AuthMetadataProcessor {
 public:
  explicit LoginProcessor(std::shared_ptr<const Authenticator> authenticator)
      : authenticator_(std::move(authenticator)) {}

  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext*, OutputMetadata*,
                       OutputMetadata*) override {
    const absl::Status status =
        CheckCall(*authenticator_, Find(metadata, kPathKey), Find(metadata, kAuthorizationKey));
    if (status.ok()) return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, TextOf(status));
  }

 private:
  static absl::string_view Find(const InputMetadata& metadata, absl::string_view key) {
    const auto at = metadata.find(grpc::string_ref(key.data(), key.size()));
    if (at == metadata.end()) return "";
    return absl::string_view(at->second.data(), at->second.size());
  }

  const std::shared_ptr<const Authenticator> authenticator_;
};

// For plain text. gRPC's C++ layer refuses a metadata processor on insecure credentials, while the
// library below takes it on any.
class PlainServerCredentials : public grpc::ServerCredentials {
 public:
  explicit PlainServerCredentials(std::shared_ptr<const Authenticator> authenticator)
      : authenticator_(std::move(authenticator)) {}

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    // The authenticator given at construction is the only one.
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    grpc_server_credentials* const credentials = grpc_insecure_server_credentials_create();
    if (authenticator_ != nullptr) {
      auto* const state = new std::shared_ptr<const Authenticator>(authenticator_);
      grpc_server_credentials_set_auth_metadata_processor(
          credentials, {.process = &Process, .destroy = &Destroy, .state = state});
    }
    const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
  }

  static void Process(void* state, grpc_auth_context*, const grpc_metadata* metadata, size_t count,
                      grpc_process_auth_metadata_done_cb done, void* argument) {
    const auto& authenticator = **static_cast<std::shared_ptr<const Authenticator>*>(state);
    absl::string_view method;
    absl::string_view authorization;
    for (size_t i = 0; i < count; ++i) {
      if (View(metadata[i].key) == kPathKey) method = View(metadata[i].value);
      if (View(metadata[i].key) == kAuthorizationKey) authorization = View(metadata[i].value);
    }
    const absl::Status status = CheckCall(authenticator, method, authorization);
    done(argument, nullptr, 0, nullptr, 0,
         status.ok() ? GRPC_STATUS_OK : GRPC_STATUS_UNAUTHENTICATED, TextOf(status).c_str());
  }

  static void Destroy(void* state) {
    delete static_cast<std::shared_ptr<const Authenticator>*>(state);
  }

  const std::shared_ptr<const Authenticator> authenticator_;
};

}  // namespace

bool NeedsLogin(absl::string_view method) {
  return !absl::StartsWith(method, "/grpc.health.v1.Health/") &&
         !absl::StartsWith(method, "/grpc.reflection.v1alpha.ServerReflection/") &&
         !absl::StartsWith(method, "/grpc.reflection.v1.ServerReflection/");
}

std::shared_ptr<grpc::ServerCredentials> PlainCredentials(
    std::shared_ptr<const Authenticator> authenticator) {
  return std::make_shared<PlainServerCredentials>(std::move(authenticator));
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(
    const std::string& certificate_file, const std::string& key_file,
    const std::string& client_ca_file, std::shared_ptr<const Authenticator> authenticator) {
  grpc::SslServerCredentialsOptions ssl(
      client_ca_file.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                             : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  WEFT_ASSIGN_OR_RETURN(pair.cert_chain, ReadPemFile(certificate_file));
  WEFT_ASSIGN_OR_RETURN(pair.private_key, ReadPemFile(key_file));
  ssl.pem_key_cert_pairs.push_back(std::move(pair));
  if (!client_ca_file.empty()) {
    WEFT_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadPemFile(client_ca_file));
  }
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::SslServerCredentials(ssl);
  if (authenticator != nullptr) {
    credentials->SetAuthMetadataProcessor(
        std::make_shared<LoginProcessor>(std::move(authenticator)));
  }
  return credentials;
}

}  // namespace weft::rpc
