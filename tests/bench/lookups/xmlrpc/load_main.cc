// A load generator for HTTP: so many keep-alive connections, each asking again as soon as it has
// its answer. One thread, for the servers that it measures share its machine.
//   load_main --port=32274 --connections=64 --seconds=5 --body_file=F [--user=U --password_file=F]
// prints one line of JSON. With --idle the connections ask once and stay, until stdin ends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/secret_file.h"
#include "services/gateway/digest.h"

ABSL_FLAG(std::string, host, "127.0.0.1", "IPv4 address of the server.");
ABSL_FLAG(int, port, 32274, "Its port.");
ABSL_FLAG(int, connections, 64, "How many ask at once.");
ABSL_FLAG(double, seconds, 5, "For how long.");
ABSL_FLAG(std::string, body_file, "", "What to POST; empty: GET.");
ABSL_FLAG(std::string, path, "/RPC2", "Where.");
ABSL_FLAG(std::string, user, "", "User of HTTP Digest; empty: no login.");
ABSL_FLAG(std::string, password_file, "", "File with the password.");
ABSL_FLAG(bool, idle, false, "Ask once, say so, and stay connected until stdin ends.");

namespace weft {
namespace {

int64_t Microseconds() { return absl::ToInt64Microseconds(RealClock::Get()->MonotonicNow()); }

// What is asked, and by whom.
struct Question {
  std::string head;  // up to where a login stands
  std::string tail;
  std::string user;
  std::string ha1;

  // `nonce` empty: without a login.
  void Write(absl::string_view nonce, uint32_t count, std::string* out) const {
    out->assign(head);
    if (!nonce.empty()) {
      const std::string nc = absl::StrFormat("%08x", count);
      const std::string response = gateway::Md5Hex(absl::StrCat(
          ha1, ":", nonce, ":", nc, ":0a4f113b:auth:", "4823bbbf048df5b7cac8be11cf5152df"));
      absl::StrAppend(out, "Authorization: Digest username=\"", user,
                      "\", realm=\"MySQL Fabric\", nonce=\"", nonce, "\", uri=\"/RPC2\", ");
      absl::StrAppend(out, "response=\"", response, "\", algorithm=\"MD5\", qop=auth, nc=", nc,
                      ", cnonce=\"0a4f113b\"\r\n");
    }
    out->append(tail);
  }
};

Question MakeQuestion() {
  Question question;
  std::string body;
  const std::string file = absl::GetFlag(FLAGS_body_file);
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    body.assign(std::istreambuf_iterator<char>(in), {});
  }
  question.head = absl::StrCat(file.empty() ? "GET " : "POST ", absl::GetFlag(FLAGS_path),
                               " HTTP/1.1\r\nHost: ", absl::GetFlag(FLAGS_host), "\r\n");
  question.tail = file.empty()
                      ? "\r\n"
                      : absl::StrCat("Content-Type: text/xml\r\nContent-Length: ", body.size(),
                                     "\r\n\r\n", body);
  question.user = absl::GetFlag(FLAGS_user);
  if (!question.user.empty()) {
    const auto password = ReadSecretFile(absl::GetFlag(FLAGS_password_file));
    if (!password.ok()) {
      std::cerr << password.status() << "\n";
      std::exit(2);
    }
    question.ha1 = gateway::Md5Hex(absl::StrCat(question.user, ":MySQL Fabric:", *password));
  }
  return question;
}

struct Tally {
  std::vector<uint32_t> latencies;  // microseconds
  int64_t challenges = 0;
  int64_t errors = 0;
};

class Client {
 public:
  Client(const Question* question, Tally* tally) : question_(question), tally_(tally) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(absl::GetFlag(FLAGS_port)));
    inet_pton(AF_INET, absl::GetFlag(FLAGS_host).c_str(), &address.sin_addr);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      std::perror("connect");
      std::exit(1);
    }
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int socket() const { return socket_; }
  bool ended() const { return ended_; }

  void Ask() {
    question_->Write(nonce_, ++count_, &request_);
    asked_ = Microseconds();
    if (send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
      End();
    }
  }

  // True when an answer has come whole.
  bool Receive() {
    static std::array<char, 256 << 10> buffer;
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN ? false : (End(), false);
    answer_.append(buffer.data(), got);
    if (whole_ == 0) {
      const size_t end = answer_.find("\r\n\r\n");
      if (end == std::string::npos) return false;
      const absl::string_view head = absl::string_view(answer_).substr(0, end + 2);
      whole_ = end + 4 + Length(head);
    }
    if (answer_.size() < whole_) return false;
    Finish();
    return true;
  }

 private:
  static size_t Length(absl::string_view head) {
    constexpr absl::string_view kName = "Content-Length: ";
    const size_t at = head.find(kName);
    if (at == absl::string_view::npos) return 0;
    absl::string_view digits = head.substr(at + kName.size());
    size_t length = 0;
    (void)absl::SimpleAtoi(digits.substr(0, digits.find('\r')), &length);
    return length;
  }

  void Finish() {
    if (absl::StartsWith(answer_, "HTTP/1.1 200 ")) {
      tally_->latencies.push_back(static_cast<uint32_t>(Microseconds() - asked_));
    } else if (absl::StartsWith(answer_, "HTTP/1.1 401 ") && !question_->user.empty()) {
      constexpr absl::string_view kNonce = "nonce=\"";
      const absl::string_view answer = answer_;
      const absl::string_view rest = answer.substr(answer.find(kNonce) + kNonce.size());
      nonce_ = std::string(rest.substr(0, rest.find('"')));
      count_ = 0;
      ++tally_->challenges;
    } else {
      ++tally_->errors;
    }
    answer_.erase(0, whole_);
    whole_ = 0;
  }

  void End() {
    ++tally_->errors;
    ended_ = true;
  }

  const Question* const question_;
  Tally* const tally_;
  int socket_ = -1;
  bool ended_ = false;
  std::string request_, answer_, nonce_;
  size_t whole_ = 0;  // bytes of the answer; 0: not yet known
  uint32_t count_ = 0;
  int64_t asked_ = 0;
};

void Print(Tally* tally, double seconds) {
  std::vector<uint32_t>& all = tally->latencies;
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty() ? 0 : all[std::min(all.size() - 1, static_cast<size_t>(share * all.size()))];
  };
  std::cout << absl::StrFormat(
                   "{\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
                   "\"calls\": %d, \"challenges\": %d, \"errors\": %d}",
                   all.size() / seconds, at(0.5) / 1e3, at(0.99) / 1e3, at(1) / 1e3, all.size(),
                   tally->challenges, tally->errors)
            << std::endl;
}

int Run() {
  const Question question = MakeQuestion();
  Tally tally;
  tally.latencies.reserve(1 << 22);
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < absl::GetFlag(FLAGS_connections); ++i) {
    clients.push_back(std::make_unique<Client>(&question, &tally));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = clients.back().get();
    epoll_ctl(poll, EPOLL_CTL_ADD, clients.back()->socket(), &event);
    clients.back()->Ask();
  }
  const bool idle = absl::GetFlag(FLAGS_idle);
  const int64_t start = Microseconds();
  const int64_t end = start + static_cast<int64_t>(absl::GetFlag(FLAGS_seconds) * 1e6);
  std::array<epoll_event, 256> events;
  size_t answered = 0;
  while (idle ? answered < clients.size() : Microseconds() < end) {
    const int count = epoll_wait(poll, events.data(), events.size(), 100);
    for (int i = 0; i < count; ++i) {
      auto* const client = static_cast<Client*>(events[i].data.ptr);
      const bool whole = client->Receive();
      if (client->ended()) epoll_ctl(poll, EPOLL_CTL_DEL, client->socket(), nullptr);
      answered += whole || client->ended();
      if (whole && !idle) client->Ask();
    }
  }
  Print(&tally, static_cast<double>(Microseconds() - start) / 1e6);
  if (idle) {
    std::string line;
    while (std::getline(std::cin, line)) {
    }
  }
  close(poll);
  return 0;
}

}  // namespace
}  // namespace weft

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return weft::Run();
}
