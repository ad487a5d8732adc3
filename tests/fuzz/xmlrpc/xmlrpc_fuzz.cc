// libFuzzer's target for XML-RPC, and for the login that comes with it.
//
// The first byte chooses what the others are: a call, an answer, or an Authorization header.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/fabric/xmlrpc.h"
#include "services/gateway/digest.h"

namespace weft {
namespace {

namespace xmlrpc = fabric::xmlrpc;

constexpr xmlrpc::Limits kLimits{.bytes = 64 << 10, .depth = 32, .elements = 2000};

// A promise of the code was broken: libFuzzer keeps the input.
void Check(bool holds) {
  if (!holds) std::abort();
}

// What was read is written as a text that, read again, is written as the same bytes. Only integers
// of more than 32 bits are not written.
void PlayCall(absl::string_view text) {
  const auto call = xmlrpc::ParseRequest(text, kLimits);
  if (!call.ok()) return;
  Check(!call->method.empty());
  const auto written = xmlrpc::WriteRequest(*call);
  if (!written.ok()) return Check(written.status().code() == absl::StatusCode::kOutOfRange);
  const auto again = xmlrpc::ParseRequest(*written);
  Check(again.ok());
  Check(xmlrpc::WriteRequest(*again).value_or("") == *written);
}

void PlayAnswer(absl::string_view text) {
  const auto answer = xmlrpc::ParseAnswer(text, kLimits);
  if (!answer.ok()) return;
  if (const auto* fault = std::get_if<xmlrpc::Fault>(&*answer)) {
    Check(xmlrpc::ParseAnswer(xmlrpc::WriteFault(*fault)).ok());
    return;
  }
  const auto& envelope = std::get<xmlrpc::Envelope>(*answer);
  const auto written = xmlrpc::WriteAnswer(envelope.answer, 1);
  if (!written.ok()) return Check(written.status().code() == absl::StatusCode::kOutOfRange);
  const auto again = xmlrpc::ParseAnswer(*written);
  Check(again.ok() && std::holds_alternative<xmlrpc::Envelope>(*again));
  Check(xmlrpc::WriteAnswer(std::get<xmlrpc::Envelope>(*again).answer, 1).value_or("") == *written);
}

void PlayLogin(absl::string_view header) {
  gateway::DigestCredentials credentials;
  if (!gateway::Digest::Parse(header, &credentials)) return;
  Check(!credentials.username.empty() && !credentials.nonce.empty());
  static gateway::Digest digest;
  gateway::UserSnapshot users;
  users.nonce_key = std::string(32, 'k');
  Check(digest.Verify(credentials, users, absl::FromUnixSeconds(1'800'000'000)) ==
        gateway::Digest::Verdict::kWrong);
}

}  // namespace
}  // namespace weft

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      weft::PlayCall(text);
      break;
    case 1:
      weft::PlayAnswer(text);
      break;
    default:
      weft::PlayLogin(text);
  }
  return 0;
}
