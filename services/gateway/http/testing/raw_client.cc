#include "services/gateway/http/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"

namespace weft::gateway::http {

std::string RawAnswer::Header(absl::string_view name) const {
  for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (absl::EqualsIgnoreCase(parts.first, name)) return std::string(parts.second);
  }
  return "";
}

RawClient::RawClient(int port, absl::Duration timeout) : timeout_(timeout) {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(socket_);
    socket_ = -1;
    return;
  }
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawClient::~RawClient() {
  if (socket_ >= 0) close(socket_);
}

bool RawClient::Send(absl::string_view bytes) {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout_);
  while (!bytes.empty()) {
    pollfd ready{socket_, POLLOUT, 0};
    poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(deadline.Remaining())));
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

void RawClient::EndSending() { shutdown(socket_, SHUT_WR); }

bool RawClient::Receive(absl::Duration patience) {
  if (ended_) return false;
  pollfd ready{socket_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) != 1) return false;
  std::array<char, 64 << 10> buffer;
  const ssize_t got = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  ended_ = got <= 0;
  if (!ended_) received_.append(buffer.data(), got);
  return !ended_;
}

RawAnswer RawClient::Read() {
  const Deadline deadline = Deadline::After(RealClock::Get(), timeout_);
  RawAnswer answer;
  size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive(deadline.Remaining())) return answer;
  }
  answer.head = received_.substr(0, end);
  received_.erase(0, end + 4);
  answer.status = answer.head.substr(0, answer.head.find("\r\n"));
  const std::vector<std::string> words = absl::StrSplit(answer.status, absl::MaxSplits(' ', 2));
  size_t length = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &answer.code)) return answer;
  (void)absl::SimpleAtoi(answer.Header("Content-Length"), &length);
  while (received_.size() < length && Receive(deadline.Remaining())) {
  }
  answer.body = received_.substr(0, length);
  received_.erase(0, answer.body.size());
  return answer;
}

RawAnswer RawClient::Ask(absl::string_view bytes) {
  Send(bytes);
  return Read();
}

bool RawClient::Closes(absl::Duration patience) {
  const Deadline deadline = Deadline::After(RealClock::Get(), patience);
  while (Receive(deadline.Remaining())) received_.clear();
  return ended_;
}

std::string Post(absl::string_view path, absl::string_view body,
                 const std::vector<std::string>& headers) {
  std::string request = absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  for (const std::string& header : headers) absl::StrAppend(&request, header, "\r\n");
  absl::StrAppend(&request, "Content-Length: ", body.size(), "\r\n\r\n", body);
  return request;
}

int64_t ProcessStatus(absl::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(": \t"), absl::SkipEmpty());
    int64_t number = 0;
    if (words.size() > 1 && words[0] == field && absl::SimpleAtoi(words[1], &number)) return number;
  }
  return -1;
}

}  // namespace weft::gateway::http
