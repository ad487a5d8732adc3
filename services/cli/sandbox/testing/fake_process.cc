// Stands in for a process of Weft in the tests of the sandbox: serves gRPC health at --listen until
// SIGTERM, and checks that the files it is told of are there. --manage ends at once. It fails when
// a file "fail" lies beside its first password file.
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {

// The value of "--name=value"; empty: not given.
std::string Value(int argc, char** argv, const std::string& name) {
  const std::string prefix = "--" + name + "=";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind(prefix, 0) == 0) return argument.substr(prefix.size());
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, nullptr);
  const std::string admin = Value(argc, argv, "admin-password-file");
  if (access(admin.c_str(), R_OK) != 0) {
    std::fprintf(stderr, "fake: cannot read '%s'\n", admin.c_str());
    return 1;
  }
  if (access((admin.substr(0, admin.rfind('/')) + "/fail").c_str(), F_OK) == 0) {
    std::fprintf(stderr, "fake: told to fail\n");
    return 1;
  }
  if (!Value(argc, argv, "manage").empty()) return 0;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();  // A server must have some service.
  grpc::ServerBuilder builder;
  builder.AddListeningPort(Value(argc, argv, "listen"), grpc::InsecureServerCredentials());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  int signal = 0;
  sigwait(&end, &signal);
  return 0;
}
