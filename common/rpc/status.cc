#include "common/rpc/status.h"

#include <string>

#include "absl/strings/string_view.h"
#include "common/base/error_details.h"
#include "common/rpc/rpc_status.pb.h"
#include "protos/weft/v1/errors.pb.h"

namespace weft::rpc {
namespace {

// Each text is cut here, since all of them travel in headers (see kMaxMetadataBytes).
constexpr size_t kLongestText = 4096;

// Cuts between characters of UTF-8, which both headers and protocol buffers want whole.
std::string Cut(absl::string_view text) {
  if (text.size() <= kLongestText) return std::string(text);
  constexpr absl::string_view kMore = " ...";
  size_t size = kLongestText - kMore.size();
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size)) + std::string(kMore);
}

v1::ErrorDetail ToProto(const ErrorDetail& detail) {
  v1::ErrorDetail proto;
  proto.set_reason(Cut(detail.reason));
  proto.set_expected(Cut(detail.expected));
  proto.set_found(Cut(detail.found));
  proto.set_next_step(Cut(detail.next_step));
  for (const auto& [key, value] : detail.metadata) (*proto.mutable_metadata())[key] = Cut(value);
  return proto;
}

ErrorDetail FromProto(const v1::ErrorDetail& proto) {
  ErrorDetail detail{.reason = proto.reason(),
                     .expected = proto.expected(),
                     .found = proto.found(),
                     .next_step = proto.next_step(),
                     .metadata = {}};
  detail.metadata.insert(proto.metadata().begin(), proto.metadata().end());
  return detail;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = Cut(status.message());
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return grpc::Status(code, message);
  RpcStatus wire;
  wire.set_code(static_cast<int>(code));
  wire.set_message(message);
  wire.add_details()->PackFrom(ToProto(*detail));
  return grpc::Status(code, message, wire.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  RpcStatus wire;
  if (!wire.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& any : wire.details()) {
    v1::ErrorDetail detail;
    if (any.UnpackTo(&detail)) SetErrorDetail(result, FromProto(detail));
  }
  return result;
}

}  // namespace weft::rpc
