#pragma once
// What a command answers, on its way from the executor to the wire that asked.
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "common/base/mutex.h"
#include "common/fabric/value.h"

namespace weft::gateway {

enum class Wire { kXmlRpc, kMysqlRpc };

// An answer that many callers may share: an executor keeps the reply to a lookup and hands the same
// one out until the topology changes, and each wire keeps with it the bytes that it made of it, so
// that a lookup is written once and not once a call. Copies share both. Thread-safe; never null.
class Reply {
 public:
  // Implicit: who has an answer that nobody else will ask for just says it.
  Reply(fabric::Answer answer) : shared_(std::make_shared<Shared>(std::move(answer))) {}

  const fabric::Answer& operator*() const { return shared_->answer; }
  const fabric::Answer* operator->() const { return &shared_->answer; }

  // What `make` made of the answer when `wire` asked first, for that TTL; another TTL makes anew.
  // Others who ask meanwhile wait.
  std::shared_ptr<const std::string> Bytes(Wire wire, int ttl,
                                           absl::FunctionRef<std::string()> make) const {
    MutexLock lock(&shared_->mutex);
    Written& written = shared_->written[static_cast<size_t>(wire)];
    if (written.bytes == nullptr || written.ttl != ttl) {
      written = {ttl, std::make_shared<const std::string>(make())};
    }
    return written.bytes;
  }

 private:
  struct Written {
    int ttl = 0;
    std::shared_ptr<const std::string> bytes;
  };
  struct Shared {
    explicit Shared(fabric::Answer given) : answer(std::move(given)) {}

    const fabric::Answer answer;
    Mutex mutex;
    std::array<Written, 2> written ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace weft::gateway
