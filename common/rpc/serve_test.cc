#include "common/rpc/serve.h"

#include <arpa/inet.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/sync_stream.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "grpc/health/v1/health.pb.h"
#include "protos/weft/v1/health.grpc.pb.h"

namespace weft::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

const Credentials kAdmin{.user = "admin", .password = "secret"};

// Answers with a refusal; streams until it is told to end.
class TestService : public v1::Health::Service {
 public:
  grpc::Status GetHealth(grpc::ServerContext*, const v1::GetHealthRequest*,
                         v1::GetHealthResponse*) override {
    ++calls;
    return ToGrpc(Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", "no such group", "a group",
                          "none", "weft group list"));
  }

  grpc::Status Report(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<v1::WatchList, v1::HealthReport>* stream) override {
    v1::HealthReport report;
    while (!context->IsCancelled() && stream->Read(&report)) {
    }
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
};

class ServeTest : public ::testing::Test {
 protected:
  Server::Options Defaults() {
    Server::Options options;
    options.name = "weft-test";
    options.version = "1.2.3";
    options.listen = "127.0.0.1:0";
    options.services = {&service_};
    options.service_names = {v1::Health::service_full_name()};
    options.metrics = &metrics_;
    options.drain_deadline = absl::Seconds(5);
    return options;
  }

  std::unique_ptr<Server> Started(Server::Options options) {
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(std::move(options));
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }

  absl::Status Call(const ChannelOptions& options) {
    const auto channel = Connect(options);
    if (!channel.ok()) return channel.status();
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(10));
    v1::GetHealthResponse response;
    return FromGrpc(v1::Health::NewStub(*channel)->GetHealth(&context, {}, &response));
  }

  Metrics metrics_;
  TestService service_;
};

// Calls the health service as its clients do.
absl::StatusOr<HealthCheckResponse::ServingStatus> HealthAt(const std::string& address,
                                                            const std::string& service) {
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check",
                                         grpc::internal::RpcMethod::NORMAL_RPC, channel);
  grpc::ClientContext context;
  SetDeadline(context, absl::Seconds(10));
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.status();
}
absl::StatusOr<HealthCheckResponse::ServingStatus> Health(const Server& server,
                                                          const std::string& service) {
  return HealthAt(server.address(), service);
}

std::string HttpGet(int port, const std::string& path) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\n\r\n");
    EXPECT_EQ(write(descriptor, request.data(), request.size()),
              static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t got; (got = read(descriptor, buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<size_t>(got));
    }
  }
  close(descriptor);
  return text;
}

TEST_F(ServeTest, ErrorsArriveWithTheirDetails) {
  const auto server = Started(Defaults());
  const absl::Status status = Call({.address = server->address()});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no such group");
  ASSERT_TRUE(GetErrorDetail(status).has_value()) << status;
  EXPECT_EQ(GetErrorDetail(status)->reason, "UNKNOWN_GROUP");
  EXPECT_EQ(GetErrorDetail(status)->next_step, "weft group list");
}

TEST_F(ServeTest, CallsNeedTheAdminsLogin) {
  Server::Options options = Defaults();
  options.authenticator = StaticAuthenticator(kAdmin);
  const auto server = Started(std::move(options));
  const absl::Status nobody = Call({.address = server->address()});
  EXPECT_EQ(nobody.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(nobody.message(),
            "this call needs a login (LOGIN_REQUIRED); to do: send the metadata authorization: "
            "Basic base64(user:password)");
  const absl::Status wrong =
      Call({.address = server->address(), .credentials = {.user = "admin", .password = "x"}});
  EXPECT_EQ(wrong.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(wrong.message(),
            "wrong user or password (WRONG_LOGIN); to do: check the user name and the password "
            "file");
  EXPECT_EQ(service_.calls, 0);
  EXPECT_EQ(Call({.address = server->address(), .credentials = kAdmin}).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(service_.calls, 1);
}

TEST_F(ServeTest, HealthNeedsNoLoginAndFollowsSetServing) {
  Server::Options options = Defaults();
  options.authenticator = StaticAuthenticator(kAdmin);
  const auto server = Started(std::move(options));
  EXPECT_EQ(*Health(*server, ""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(*Health(*server, "weft.v1.Health"), HealthCheckResponse::NOT_SERVING);
  server->SetServing(true);
  EXPECT_EQ(*Health(*server, ""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*Health(*server, "weft.v1.Health"), HealthCheckResponse::SERVING);
  server->SetServing("weft.v1.Health", false);
  EXPECT_EQ(*Health(*server, ""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*Health(*server, "weft.v1.Health"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Health(*server, "unknown").status().code(), absl::StatusCode::kNotFound);
}

// The field of ServerReflectionResponse that answers "which file holds this symbol?": 4 is the
// file, 7 an error. The system ships no header of these messages, so they are read as bytes.
int AnswerOfReflection(const Server& server, const std::string& symbol) {
  constexpr int kFileContainingSymbol = 4;
  google::protobuf::UnknownFieldSet request;
  request.AddLengthDelimited(kFileContainingSymbol, symbol);
  std::string bytes;
  EXPECT_TRUE(request.SerializeToString(&bytes));

  const auto channel = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  const grpc::internal::RpcMethod method(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::internal::RpcMethod::BIDI_STREAMING, channel);
  grpc::ClientContext context;
  SetDeadline(context, absl::Seconds(10));
  using Stream = grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;
  const std::unique_ptr<Stream> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
          channel.get(), method, &context));
  const grpc::Slice slice(bytes);
  EXPECT_TRUE(stream->Write(grpc::ByteBuffer(&slice, 1)));
  grpc::ByteBuffer answer;
  EXPECT_TRUE(stream->Read(&answer));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());

  grpc::Slice whole;
  EXPECT_TRUE(answer.DumpToSingleSlice(&whole).ok());
  google::protobuf::UnknownFieldSet response;
  EXPECT_TRUE(response.ParseFromArray(whole.begin(), static_cast<int>(whole.size())));
  return response.field_count() == 0 ? 0 : response.field(response.field_count() - 1).number();
}

TEST_F(ServeTest, ReflectionKnowsOurServicesAndHealthWithoutALogin) {
  Server::Options options = Defaults();
  options.authenticator = StaticAuthenticator(kAdmin);
  const auto server = Started(std::move(options));
  for (const char* symbol : {"weft.v1.Health", "grpc.health.v1.Health", "weft.v1.ErrorDetail"}) {
    EXPECT_EQ(AnswerOfReflection(*server, symbol), 4) << symbol;
  }
  EXPECT_EQ(AnswerOfReflection(*server, "weft.v1.Nothing"), 7);
}

TEST_F(ServeTest, MetricsTellTheBuildAndTheCalls) {
  Server::Options options = Defaults();
  options.metrics_listen = "127.0.0.1:0";
  const auto server = Started(std::move(options));
  EXPECT_EQ(Call({.address = server->address()}).code(), absl::StatusCode::kNotFound);
  const std::string page = HttpGet(server->metrics_port(), "/metrics");
  EXPECT_TRUE(absl::StrContains(page, "weft_build_info{name=\"weft-test\",version=\"1.2.3\"} 1"))
      << page;
  EXPECT_TRUE(absl::StrContains(
      page, "weft_rpc_calls_total{code=\"NOT_FOUND\",method=\"/weft.v1.Health/GetHealth\"} 1"))
      << page;
  EXPECT_TRUE(absl::StrContains(page, "weft_rpc_seconds_count")) << page;
}

TEST_F(ServeTest, RefusesPlainTextBeyondLoopback) {
  Server::Options options = Defaults();
  options.listen = "0.0.0.0:0";
  EXPECT_EQ(ErrorReason(Server::Start(options).status()), "INSECURE_LISTENER");
  options.allow_insecure = true;
  EXPECT_TRUE(Server::Start(options).ok());
}

TEST_F(ServeTest, ALoginIsNotSentInPlainBeyondLoopback) {
  ChannelOptions options{.address = "192.0.2.1:32280", .credentials = kAdmin};
  EXPECT_EQ(ErrorReason(Connect(options).status()), "INSECURE_CHANNEL");
  options.allow_insecure = true;
  EXPECT_TRUE(Connect(options).ok());
}

TEST_F(ServeTest, APortInUseIsRefusedByName) {
  const auto first = Started(Defaults());
  Server::Options options = Defaults();
  options.listen = first->address();
  EXPECT_EQ(ErrorReason(Server::Start(options).status()), "ADDRESS_IN_USE");
  options = Defaults();
  options.metrics_listen = first->address();
  EXPECT_EQ(ErrorReason(Server::Start(options).status()), "ADDRESS_IN_USE");
}

TEST_F(ServeTest, MalformedAddressesAreRefused) {
  Server::Options options = Defaults();
  options.listen = "nowhere";
  EXPECT_EQ(ErrorReason(Server::Start(options).status()), "MALFORMED_ADDRESS");
  EXPECT_EQ(ErrorReason(Connect({.address = "::1"}).status()), "MALFORMED_ADDRESS");
}

TEST_F(ServeTest, ServesIpv6) {
  Server::Options options = Defaults();
  options.listen = "[::1]:0";
  const auto server = Started(std::move(options));
  EXPECT_EQ(Call({.address = server->address()}).code(), absl::StatusCode::kNotFound);
}

TEST_F(ServeTest, ADrainEndsStreamsByTheDeadline) {
  Server::Options options = Defaults();
  options.drain_deadline = absl::Milliseconds(200);
  bool told = false;
  options.on_drain = [&told] { told = true; };
  const auto server = Started(std::move(options));
  const auto channel = *Connect({.address = server->address()});
  const auto stub = v1::Health::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->Report(&context);
  ASSERT_TRUE(stream->Write({}));
  server->Drain();
  server->Drain();
  EXPECT_TRUE(told);
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_EQ(Call({.address = server->address()}).code(), absl::StatusCode::kUnavailable);
}

class TlsTest : public ServeTest {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/tls-", getpid());
    const std::string command =
        absl::StrCat("mkdir -p '", directory_, "' && cd '", directory_,
                     "' && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=weft-test "
                     "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
                     "-keyout key.pem -out cert.pem 2>openssl.log");
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  Server::Options WithTls() {
    Server::Options options = Defaults();
    options.certificate_file = directory_ + "/cert.pem";
    options.key_file = directory_ + "/key.pem";
    options.authenticator = StaticAuthenticator(kAdmin);
    return options;
  }

  std::string directory_;
};

TEST_F(TlsTest, ServesOverTlsWithTheLogin) {
  const auto server = Started(WithTls());
  ChannelOptions options{.address = server->address(), .ca_file = directory_ + "/cert.pem"};
  const absl::Status nobody = Call(options);
  EXPECT_EQ(nobody.code(), absl::StatusCode::kUnauthenticated) << nobody;
  EXPECT_TRUE(absl::StrContains(nobody.message(), "(LOGIN_REQUIRED); to do: ")) << nobody;
  options.credentials = kAdmin;
  const absl::Status status = Call(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
}

TEST_F(TlsTest, BeyondLoopbackSomebodyMustAskForALogin) {
  Server::Options options = WithTls();
  options.lets_everybody_in = true;
  EXPECT_TRUE(Server::Start(options).ok()) << "on loopback";
  options.listen = "0.0.0.0:0";
  EXPECT_EQ(ErrorReason(Server::Start(options).status()), "LOGIN_REQUIRED");
}

TEST_F(TlsTest, ProbesInPlainTextGetHealthAndNothingElse) {
  Server::Options options = WithTls();
  options.health_listen = "127.0.0.1:0";
  const auto server = Started(std::move(options));
  const std::string address = absl::StrCat("127.0.0.1:", server->health_port());
  EXPECT_EQ(*HealthAt(address, ""), HealthCheckResponse::NOT_SERVING);
  server->SetServing(true);
  EXPECT_EQ(*HealthAt(address, ""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*HealthAt(address, "weft.v1.Health"), HealthCheckResponse::SERVING);
  EXPECT_EQ(Call({.address = address}).code(), absl::StatusCode::kUnimplemented);
}

TEST_F(TlsTest, PlainClientsAreRefused) {
  const auto server = Started(WithTls());
  EXPECT_EQ(Call({.address = server->address(), .credentials = kAdmin}).code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, UnreadableFilesAreNamed) {
  Server::Options options = WithTls();
  options.key_file = directory_ + "/absent.pem";
  const absl::Status status = Server::Start(options).status();
  EXPECT_EQ(ErrorReason(status), "UNREADABLE_PEM_FILE");
  EXPECT_TRUE(absl::StrContains(status.message(), "absent.pem"));
}

}  // namespace
}  // namespace weft::rpc
