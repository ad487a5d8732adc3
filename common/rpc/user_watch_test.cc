#include "common/rpc/user_watch.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

namespace weft::rpc {
namespace {

// A controller that pushes what it is told to.
class FakeUsers : public v1::Users::Service {
 public:
  grpc::Status WatchUsers(grpc::ServerContext* context, const v1::WatchUsersRequest*,
                          grpc::ServerWriter<v1::UserSnapshot>* writer) override {
    int written = 0;
    MutexLock lock(&mutex_);
    while (!ended_ && !context->IsCancelled()) {
      if (pushes_ > written) {
        writer->Write(snapshot_);
        written = pushes_;
        written_ = written;
        changed_.NotifyAll();
      }
      changed_.WaitFor(&mutex_, absl::Milliseconds(20));
    }
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "stops");
  }
  void Push(v1::UserSnapshot snapshot) {
    MutexLock lock(&mutex_);
    snapshot_ = std::move(snapshot);
    ++pushes_;
    changed_.NotifyAll();
  }
  // What was pushed last is on its way.
  void AwaitWritten() {
    MutexLock lock(&mutex_);
    while (written_ < pushes_) changed_.Wait(&mutex_);
  }
  void End() {
    MutexLock lock(&mutex_);
    ended_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  v1::UserSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  int pushes_ ABSL_GUARDED_BY(mutex_) = 0;
  int written_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

struct FakeController {
  FakeController() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&users);
    server = builder.BuildAndStart();
    channel = server->InProcessChannel({});
  }
  ~FakeController() {
    users.End();
    server->Shutdown();
  }
  FakeUsers users;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
};

v1::UserSnapshot Pushed(uint64_t version, const std::string& user) {
  v1::UserSnapshot pushed;
  pushed.set_version(version);
  pushed.set_nonce_key("key");
  v1::UserSecrets* const secrets = pushed.add_users();
  secrets->set_id(user);
  secrets->set_digest_ha1("ha1");
  secrets->set_native_hash("native");
  secrets->add_roles("connector");
  return pushed;
}

class UserWatchTest : public ::testing::Test {
 protected:
  void Start() {
    watch_ = std::make_unique<UserWatch>(
        std::vector<rpc::Controllers::Controller>{{"a", false, a_->channel},
                                                  {"b", false, b_->channel}},
        &users_, RealClock::Get());
  }
  void AwaitVersion(uint64_t version) {
    const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(10));
    while (users_.Get() == nullptr || users_.Get()->version != version) {
      ASSERT_FALSE(deadline.Passed()) << "never version " << version;
      RealClock::Get()->Sleep(absl::Milliseconds(1));
    }
  }

  std::unique_ptr<FakeController> a_ = std::make_unique<FakeController>();
  std::unique_ptr<FakeController> b_ = std::make_unique<FakeController>();
  access::Users users_;
  std::unique_ptr<UserWatch> watch_;
};

TEST_F(UserWatchTest, KnowsWhatAControllerPushes) {
  Start();
  a_->users.Push(Pushed(1, "jane"));
  AwaitVersion(1);
  const access::User user = users_.Get()->users.at("jane");
  EXPECT_EQ(user.name, "jane");
  EXPECT_EQ(user.digest_ha1, "ha1");
  EXPECT_EQ(user.native_hash, "native");
  EXPECT_EQ(user.roles, std::vector<std::string>{"connector"});
  EXPECT_EQ(users_.Get()->nonce_key, "key");
}

TEST_F(UserWatchTest, AControllerThatLagsSaysNothingNew) {
  Start();
  a_->users.Push(Pushed(5, "new"));
  AwaitVersion(5);
  b_->users.Push(Pushed(4, "old"));
  b_->users.AwaitWritten();
  b_->users.Push(Pushed(6, "newest"));
  AwaitVersion(6);
  EXPECT_EQ(users_.Get()->users.count("old"), 0u);
  EXPECT_EQ(users_.Get()->users.count("newest"), 1u);
}

TEST_F(UserWatchTest, KeepsTheLastWhileNoControllerAnswers) {
  Start();
  a_->users.Push(Pushed(1, "jane"));
  AwaitVersion(1);
  a_.reset();
  b_.reset();
  EXPECT_EQ(users_.Get()->users.count("jane"), 1u);
}

TEST_F(UserWatchTest, EndsAtOnceWhileStreamsAreOpen) {
  Start();
  a_->users.Push(Pushed(1, "jane"));
  AwaitVersion(1);
  const absl::Duration before = RealClock::Get()->MonotonicNow();
  watch_.reset();
  EXPECT_LT(RealClock::Get()->MonotonicNow() - before, absl::Seconds(2));
}

}  // namespace
}  // namespace weft::rpc
