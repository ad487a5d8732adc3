#include "services/cli/sandbox/serving.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"

namespace weft::cli::sandbox {
namespace {

// HealthCheckResponse{status: SERVING} as it is on the wire: field 1, varint 1.
constexpr char kServing[] = "\x08\x01";

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

absl::Status AskServing(const std::string& address, absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  // A channel of its own, since a shared one would wait a second after each refused connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  rpc::SetDeadline(context, timeout);
  grpc::CompletionQueue queue;
  // An empty HealthCheckRequest asks about the whole process.
  const grpc::Slice nothing;
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                          grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  if (Bytes(response) == kServing) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(address, " answers, but does not serve yet"));
}

}  // namespace weft::cli::sandbox
