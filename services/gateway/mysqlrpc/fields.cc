#include "services/gateway/mysqlrpc/fields.h"

namespace weft::gateway::mysqlrpc {

void AppendInteger(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value & 0xff));
    value >>= 8;
  }
}

void AppendLengthEncoded(std::string& out, uint64_t value) {
  if (value < 0xfb) {
    AppendInteger(out, value, 1);
  } else if (value < 1 << 16) {
    out.push_back('\xfc');
    AppendInteger(out, value, 2);
  } else if (value < 1 << 24) {
    out.push_back('\xfd');
    AppendInteger(out, value, 3);
  } else {
    out.push_back('\xfe');
    AppendInteger(out, value, 8);
  }
}

void AppendLengthEncodedString(std::string& out, absl::string_view text) {
  AppendLengthEncoded(out, text.size());
  out.append(text.data(), text.size());
}

std::optional<absl::string_view> Cursor::Bytes(size_t count) {
  if (rest_.size() < count) return std::nullopt;
  const absl::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

std::optional<uint64_t> Cursor::Integer(int bytes) {
  const std::optional<absl::string_view> raw = Bytes(bytes);
  if (!raw.has_value()) return std::nullopt;
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>((*raw)[i]);
  return value;
}

std::optional<absl::string_view> Cursor::Terminated() {
  const size_t end = rest_.find('\0');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return text;
}

std::optional<uint64_t> Cursor::LengthEncoded() {
  const absl::string_view before = rest_;
  const std::optional<uint64_t> first = Integer(1);
  std::optional<uint64_t> value = first;
  if (first == 0xfc) value = Integer(2);
  if (first == 0xfd) value = Integer(3);
  if (first == 0xfe) value = Integer(8);
  if (first == 0xfb || first == 0xff) value = std::nullopt;
  if (!value.has_value()) rest_ = before;
  return value;
}

std::optional<absl::string_view> Cursor::LengthEncodedString() {
  const absl::string_view before = rest_;
  const std::optional<uint64_t> length = LengthEncoded();
  if (length.has_value() && *length <= rest_.size()) return Bytes(*length);
  rest_ = before;
  return std::nullopt;
}

}  // namespace weft::gateway::mysqlrpc
