#pragma once
// A node in miniature: HTTP/1.0 with a login by Digest, as the original spoke it, and answers that
// a test gives. One connection at a time, one request each.
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "common/fabric/value.h"

namespace weft::cli::mysqlfabric {

class Responder {
 public:
  // The body of an answer to a call that was let in.
  using Respond = std::function<std::string(const fabric::Call&)>;

  // Lets in `user` with `password`, everybody where `user` is empty.
  Responder(std::string user, std::string password, Respond respond);
  ~Responder();

  // "127.0.0.1:PORT"
  std::string address() const;
  // The calls that were let in.
  std::vector<fabric::Call> calls() const;
  // Answers that HTTP status to everybody from now on; 0: no more.
  void AnswerStatus(int status);

 private:
  void Serve();
  void Handle(int connection);
  std::string Answer(const std::string& head, const std::string& body);
  bool IsLetIn(const std::string& head) const;

  const std::string user_;
  const std::string password_;
  const Respond respond_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  mutable Mutex mutex_;
  int status_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<fabric::Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace weft::cli::mysqlfabric
