#pragma once
// The seam between Fabric's wires (XML-RPC, MySQL-RPC) and what a command does.
#include <functional>
#include <string>
#include <vector>

#include "common/fabric/value.h"
#include "services/gateway/reply.h"

namespace weft::gateway {

// Who calls. The listener has authenticated them.
struct Caller {
  // Empty where the listener does not ask for a login (loopback only): such a caller may do all.
  std::string user;
  // "host:port" of the other end, for the log.
  std::string peer;
};

// Executes Fabric's commands. Thread-safe.
class Executor {
 public:
  // Called exactly once, from any thread, perhaps before Execute returns. A fabric::Answer will do
  // for a Reply; lookups pass one that they keep, which is written once for all who ask.
  using Done = std::function<void(Reply)>;

  virtual ~Executor() = default;

  // True where a command of that name exists: "group.create". An unknown one is the wire's error.
  virtual bool Knows(const std::string& method) const = 0;
  // The names that it Knows, sorted: what system.listMethods answers.
  virtual std::vector<std::string> Methods() const = 0;
  // What a command is for, in a sentence or more: system.methodHelp. "" of an unknown one.
  virtual std::string Help(const std::string& method) const = 0;
  // True where `caller` may execute it. What every client may call, Knows or not, is the wire's
  // own. Also asked of "system.listMethods" and its like, which only who may do all may call.
  virtual bool IsAllowed(const Caller& caller, const std::string& method) const = 0;
  // REQUIRES: Knows and IsAllowed. Does not block for lookups, which are answered from memory, and
  // returns before the others are done. Ends within the deadline of the command.
  virtual void Execute(const Caller& caller, fabric::Call call, Done done) = 0;
  // Seconds that clients may keep an answer: the envelope's TTL.
  virtual int ttl() const = 0;
};

}  // namespace weft::gateway
