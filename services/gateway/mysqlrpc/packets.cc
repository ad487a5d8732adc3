#include "services/gateway/mysqlrpc/packets.h"

#include "services/gateway/mysqlrpc/fields.h"

namespace weft::gateway::mysqlrpc {
namespace {

// What an idle connection may keep.
constexpr size_t kKeptBytes = 512;

}  // namespace

void PacketReader::Append(absl::string_view bytes) {
  // A client may always have begun its next packet already. What is moved is never more than what
  // was read, so that a byte costs the same however they come.
  if (begin_ > received_.size() / 2) {
    received_.erase(0, begin_);
    begin_ = 0;
  }
  received_.append(bytes.data(), bytes.size());
}

PacketReader::Found PacketReader::Read(size_t max_payload, uint8_t& sequence,
                                       std::string& payload) {
  Cursor cursor(absl::string_view(received_).substr(begin_));
  if (cursor.rest().size() < kHeaderBytes) return Found::kPartial;
  const uint64_t length = *cursor.Integer(3);
  sequence = static_cast<uint8_t>(*cursor.Integer(1));
  if (length > max_payload) return Found::kTooLong;
  if (cursor.rest().size() < length) return Found::kPartial;
  payload.assign(cursor.rest().data(), length);
  begin_ += kHeaderBytes + length;
  if (begin_ == received_.size()) {
    received_.clear();
    begin_ = 0;
  }
  return Found::kPacket;
}

void PacketReader::Shrink() {
  received_.erase(0, begin_);
  begin_ = 0;
  if (received_.capacity() > kKeptBytes) received_.shrink_to_fit();
}

void PacketWriter::SetHeader(size_t at, size_t length) {
  for (int i = 0; i < 3; ++i) packets_[at + i] = static_cast<char>(length >> 8 * i & 0xff);
  packets_[at + 3] = static_cast<char>(sequence_++);
}

void PacketWriter::Append(absl::string_view payload) {
  for (bool more = true; more;) {
    const absl::string_view part = payload.substr(0, kLongestPayload);
    Build([&](std::string& out) { out.append(part.data(), part.size()); });
    payload.remove_prefix(part.size());
    more = part.size() == kLongestPayload;
  }
}

}  // namespace weft::gateway::mysqlrpc
