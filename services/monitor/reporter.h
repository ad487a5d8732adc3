#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "protos/weft/v1/health.grpc.pb.h"
#include "services/monitor/order_book.h"
#include "services/monitor/watcher.h"

namespace weft::monitor {

// Keeps one controller told: a stream of reports up, the list of what to watch down. Opens the
// stream anew, with backoff, whenever it ends. Thread-safe but for Start and Stop.
class Reporter {
 public:
  struct Options {
    std::string observer;  // name of this monitor, unique in the node
    std::string instance;  // of this process
    std::string zone;
    rpc::ChannelOptions controller;
    absl::Duration round = absl::Milliseconds(1000);  // a full round at least this often
  };

  using Opinions = std::function<std::map<WatchedServer, Opinion>()>;
  // Called with each list the controller sends, and without one when its stream has ended.
  using ListTaker = std::function<void(std::optional<Order>)>;

  Reporter(Options options, std::shared_ptr<grpc::Channel> channel, Clock* clock, Opinions opinions,
           ListTaker take_list);
  ~Reporter();

  void Start();
  // Ends the stream and the threads; waits for them. Also done by the destructor.
  void Stop();

  // Sends a round now instead of at the end of the period. Does not block.
  void Changed();

  bool connected() const;

 private:
  using Stream = grpc::ClientReaderWriter<v1::HealthReport, v1::WatchList>;

  void Loop();
  // One stream from its opening to its end. True when a list came in over it.
  bool RunStream();
  void ReadLists(Stream& stream);
  // Waits for a change or the end of the period; false when the reporter or the stream ends.
  bool AwaitRound();
  v1::HealthReport Round() const;

  const Options options_;
  const std::unique_ptr<v1::Health::Stub> stub_;
  Clock* const clock_;
  const Opinions opinions_;
  const ListTaker take_list_;
  std::string last_error_;  // how the last stream ended; only the thread's

  mutable Mutex mutex_;
  CondVar wake_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stream_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;  // the last member: it uses the others
};

// What travels of one opinion.
v1::ServerReport ToProto(const WatchedServer& server, const Opinion& opinion);

}  // namespace weft::monitor
