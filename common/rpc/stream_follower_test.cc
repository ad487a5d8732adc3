#include "common/rpc/stream_follower.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protos/weft/v1/users.grpc.pb.h"

namespace weft::rpc {
namespace {

using grpc::StatusCode;

// Each stream brings a message or nothing, and ends as the script says; the last line stays.
class Scripted : public v1::Users::Service {
 public:
  struct Line {
    bool brings = false;
    StatusCode end = StatusCode::OK;
  };
  explicit Scripted(std::vector<Line> lines) : lines_(std::move(lines)) {}

  grpc::Status WatchUsers(grpc::ServerContext*, const v1::WatchUsersRequest*,
                          grpc::ServerWriter<v1::UserSnapshot>* writer) override {
    MutexLock lock(&mutex_);
    const Line line = lines_[std::min(streams_, lines_.size() - 1)];
    ++streams_;
    changed_.NotifyAll();
    if (line.brings) writer->Write(v1::UserSnapshot());
    return grpc::Status(line.end, "");
  }
  // Blocks until one more stream than the script has lines was opened.
  void AwaitAll() {
    MutexLock lock(&mutex_);
    while (streams_ <= lines_.size()) changed_.Wait(&mutex_);
  }

 private:
  const std::vector<Line> lines_;
  Mutex mutex_;
  CondVar changed_;
  size_t streams_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What a follower was told, in order.
std::vector<std::string> Told(std::vector<Scripted::Line> lines) {
  Scripted service(std::move(lines));
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::Users::NewStub(server->InProcessChannel({}));
  std::vector<std::string> told;
  {
    const auto note = [&told](const char* what) {
      return [&told, what](const grpc::Status& status) {
        told.push_back(what + std::to_string(status.error_code()));
      };
    };
    StreamFollower<v1::UserSnapshot> follower(
        {.open =
             [&stub](grpc::ClientContext* context) {
               return stub->WatchUsers(context, v1::WatchUsersRequest());
             },
         .message = [&told](const v1::UserSnapshot&) { told.emplace_back("message"); },
         .ended = note("ended "),
         .refused = note("refused ")},
        RealClock::Get());
    service.AwaitAll();
  }
  server->Shutdown();
  return told;
}

TEST(StreamFollowerTest, TellsOnceThatItIsRefused) {
  EXPECT_EQ(Told({{false, StatusCode::UNAUTHENTICATED},
                  {false, StatusCode::UNAUTHENTICATED},
                  {false, StatusCode::UNAVAILABLE},
                  {false, StatusCode::UNAVAILABLE}}),
            (std::vector<std::string>{"refused 16", "refused 14"}));
}

TEST(StreamFollowerTest, TellsAgainAfterAStreamThatBroughtSomething) {
  const std::vector<std::string> told = Told({{false, StatusCode::UNAVAILABLE},
                                              {true, StatusCode::UNAVAILABLE},
                                              {false, StatusCode::UNAVAILABLE},
                                              {false, StatusCode::UNAVAILABLE}});
  EXPECT_EQ(told, (std::vector<std::string>{"refused 14", "message", "ended 14", "refused 14"}));
}

}  // namespace
}  // namespace weft::rpc
