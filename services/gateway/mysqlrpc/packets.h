#pragma once
// The packets of MySQL's client/server protocol: three bytes of length, one of sequence, payload.
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc {

inline constexpr size_t kHeaderBytes = 4;
// A payload this long says that another packet continues it.
inline constexpr size_t kLongestPayload = 0xffffff;

// Cuts what a client sent into packets. Holds at most one packet of the allowed size and what came
// in one Append behind it.
class PacketReader {
 public:
  enum class Found { kPacket, kPartial, kTooLong };

  void Append(absl::string_view bytes);

  // kPacket: `sequence` and `payload` are the first packet, which is now read. kPartial: more bytes
  // are needed. kTooLong: its header tells of more than `max_payload`; nothing can be read any
  // more, and `sequence` is that of the packet.
  Found Read(size_t max_payload, uint8_t& sequence, std::string& payload);

  // Bytes not yet read.
  size_t size() const { return received_.size() - begin_; }
  // Bytes of memory.
  size_t held() const { return received_.capacity(); }
  // Gives the memory of a long packet back.
  void Shrink();

 private:
  std::string received_;
  // What is before has been read.
  size_t begin_ = 0;
};

// Wraps payloads into packets of rising sequence.
class PacketWriter {
 public:
  // The first packet gets `sequence`.
  explicit PacketWriter(uint8_t sequence) : sequence_(sequence) {}

  // Payloads of 16 MiB and more become several packets.
  void Append(absl::string_view payload);

  // Appends a packet whose payload `write(std::string&)` appends: no copy. REQUIRES: it appends
  // less than kLongestPayload bytes.
  template <typename Write>
  void Build(Write write) {
    const size_t header = packets_.size();
    packets_.append(kHeaderBytes, '\0');
    write(packets_);
    SetHeader(header, packets_.size() - header - kHeaderBytes);
  }

  uint8_t sequence() const { return sequence_; }
  size_t size() const { return packets_.size(); }
  std::string Take() { return std::move(packets_); }

 private:
  void SetHeader(size_t at, size_t length);

  uint8_t sequence_;
  std::string packets_;
};

}  // namespace weft::gateway::mysqlrpc
