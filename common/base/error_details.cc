#include "common/base/error_details.h"

#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weft {
namespace {

constexpr absl::string_view kPayloadType = "type.weft/error-detail";

// The payload is a list of strings, each as its length in decimal, ':' and its bytes. Private to
// this process: what crosses the wire is common/rpc's protobuf.
void Append(std::string& out, absl::string_view text) {
  absl::StrAppend(&out, text.size(), ":", text);
}

std::optional<std::vector<std::string>> Split(absl::string_view encoded) {
  std::vector<std::string> parts;
  while (!encoded.empty()) {
    const size_t colon = encoded.find(':');
    size_t length = 0;
    if (colon == absl::string_view::npos || !absl::SimpleAtoi(encoded.substr(0, colon), &length) ||
        encoded.size() - colon - 1 < length) {
      return std::nullopt;
    }
    parts.emplace_back(encoded.substr(colon + 1, length));
    encoded.remove_prefix(colon + 1 + length);
  }
  return parts;
}

}  // namespace

absl::Status Refusal(absl::StatusCode code, absl::string_view message, const ErrorDetail& detail) {
  absl::Status status(code, message);
  SetErrorDetail(status, detail);
  return status;
}

absl::Status Refusal(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                     absl::string_view expected, absl::string_view found,
                     absl::string_view next_step) {
  return Refusal(code, message,
                 ErrorDetail{.reason = std::string(reason),
                             .expected = std::string(expected),
                             .found = std::string(found),
                             .next_step = std::string(next_step),
                             .metadata = {}});
}

void SetErrorDetail(absl::Status& status, const ErrorDetail& detail) {
  std::string encoded;
  for (const std::string* text :
       {&detail.reason, &detail.expected, &detail.found, &detail.next_step}) {
    Append(encoded, *text);
  }
  for (const auto& [key, value] : detail.metadata) {
    Append(encoded, key);
    Append(encoded, value);
  }
  status.SetPayload(kPayloadType, absl::Cord(encoded));
}

void AddErrorMetadata(absl::Status& status, absl::string_view key, absl::string_view value) {
  ErrorDetail detail = GetErrorDetail(status).value_or(ErrorDetail{});
  detail.metadata[std::string(key)] = std::string(value);
  SetErrorDetail(status, detail);
}

std::optional<ErrorDetail> GetErrorDetail(const absl::Status& status) {
  // Not std::optional: Abseil is built with its own.
  const auto payload = status.GetPayload(kPayloadType);
  if (!payload.has_value()) return std::nullopt;
  const auto parts = Split(std::string(*payload));
  if (!parts.has_value() || parts->size() < 4 || parts->size() % 2 != 0) return std::nullopt;
  ErrorDetail detail{.reason = (*parts)[0],
                     .expected = (*parts)[1],
                     .found = (*parts)[2],
                     .next_step = (*parts)[3],
                     .metadata = {}};
  for (size_t i = 4; i < parts->size(); i += 2) detail.metadata[(*parts)[i]] = (*parts)[i + 1];
  return detail;
}

std::string ErrorReason(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? detail->reason : "";
}

absl::Status Annotate(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(prefix, ": ", status.message()));
  status.ForEachPayload([&annotated](absl::string_view type, const absl::Cord& payload) {
    annotated.SetPayload(type, payload);
  });
  return annotated;
}

std::string DescribeError(const absl::Status& status) {
  std::string text(status.message());
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return text;
  const std::pair<absl::string_view, const std::string*> lines[] = {
      {"expected", &detail->expected}, {"found", &detail->found}, {"to do", &detail->next_step}};
  for (const auto& [name, value] : lines) {
    if (!value->empty()) absl::StrAppend(&text, "\n", name, ": ", *value);
  }
  return text;
}

}  // namespace weft
