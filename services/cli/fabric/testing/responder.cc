#include "services/cli/fabric/testing/responder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/fabric/xmlrpc.h"

namespace weft::cli::mysqlfabric {
namespace {

constexpr char kChallenge[] =
    "HTTP/1.0 401 Unauthorized\r\nContent-Length: 0\r\n"
    "WWW-Authenticate: Digest realm=\"MySQL Fabric\", nonce=\"bm9uY2Vub25jZQ\", "
    "algorithm=\"MD5\", opaque=\"00112233445566778899aabbccddeeff\", qop=\"auth\"\r\n\r\n";

std::string Md5(const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

// The value of an attribute of the Authorization header.
std::string Attribute(const std::string& head, const std::string& name) {
  const size_t line = head.find("Authorization: Digest ");
  const size_t at = line == std::string::npos ? line : head.find(name + "=", line);
  if (at == std::string::npos) return "";
  size_t begin = at + name.size() + 1;
  if (head[begin] == '"') return head.substr(begin + 1, head.find('"', begin + 1) - begin - 1);
  return head.substr(begin, head.find_first_of(",\r", begin) - begin);
}

size_t ContentLength(const std::string& head) {
  const size_t at = absl::AsciiStrToLower(head).find("content-length:");
  size_t length = 0;
  if (at == std::string::npos) return 0;
  const std::string line = head.substr(at + 15, head.find('\r', at) - at - 15);
  return absl::SimpleAtoi(line, &length) ? length : 0;
}

}  // namespace

Responder::Responder(std::string user, std::string password, Respond respond)
    : user_(std::move(user)), password_(std::move(password)), respond_(std::move(respond)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0 || pipe(stop_) != 0) {
    std::abort();
  }
  thread_ = std::thread([this] { Serve(); });
}

Responder::~Responder() {
  close(stop_[1]);
  thread_.join();
  close(stop_[0]);
  close(listener_);
}

std::string Responder::address() const {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

std::vector<fabric::Call> Responder::calls() const {
  MutexLock lock(&mutex_);
  return calls_;
}

void Responder::AnswerStatus(int status) {
  MutexLock lock(&mutex_);
  status_ = status;
}

void Responder::Serve() {
  while (true) {
    pollfd events[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (poll(events, 2, -1) < 0) continue;
    if (events[1].revents != 0) return;
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    Handle(connection);
    close(connection);
  }
}

void Responder::Handle(int connection) {
  std::string text;
  size_t end = std::string::npos;
  while (end == std::string::npos || text.size() < end + 4 + ContentLength(text.substr(0, end))) {
    char buffer[4096];
    const ssize_t got = read(connection, buffer, sizeof(buffer));
    if (got <= 0) return;
    text.append(buffer, static_cast<size_t>(got));
    end = text.find("\r\n\r\n");
  }
  const std::string answer = Answer(text.substr(0, end + 2), text.substr(end + 4));
  size_t sent = 0;
  while (sent < answer.size()) {
    const ssize_t n = write(connection, answer.data() + sent, answer.size() - sent);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

bool Responder::IsLetIn(const std::string& head) const {
  const std::string ha1 = Md5(absl::StrCat(user_, ":MySQL Fabric:", password_));
  const std::string expected = Md5(
      absl::StrCat(ha1, ":", Attribute(head, "nonce"), ":", Attribute(head, "nc"), ":",
                   Attribute(head, "cnonce"), ":", Attribute(head, "qop"), ":", Md5("POST:/RPC2")));
  return Attribute(head, "username") == user_ && Attribute(head, "response") == expected;
}

std::string Responder::Answer(const std::string& head, const std::string& body) {
  MutexLock lock(&mutex_);
  if (status_ != 0) return absl::StrCat("HTTP/1.0 ", status_, " No\r\nContent-Length: 0\r\n\r\n");
  if (!user_.empty()) {
    if (head.find("Authorization:") == std::string::npos) return kChallenge;
    if (!IsLetIn(head)) return "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  }
  const auto call = fabric::xmlrpc::ParseRequest(body);
  if (!call.ok()) return "HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  calls_.push_back(*call);
  const std::string answer = respond_(*call);
  return absl::StrCat("HTTP/1.0 200 OK\r\nContent-type: text/xml\r\nContent-length: ",
                      answer.size(), "\r\n\r\n", answer);
}

}  // namespace weft::cli::mysqlfabric
