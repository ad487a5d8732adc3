#pragma once
// What a command of MySQL Fabric takes and answers, apart from how it travels: XML-RPC and
// MySQL-RPC carry the same. Plain values; copying is their only cost.
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::fabric {

struct Value;
using List = std::vector<Value>;
struct Member;
// In the order in which they were named.
using Struct = std::vector<Member>;
struct Nil {
  friend bool operator==(const Nil&, const Nil&) = default;
};

// An argument, or one field of a row. Integers are 32 bits wide on the wire.
struct Value {
  std::variant<Nil, bool, int64_t, double, std::string, List, Struct> data;

  bool is_nil() const { return std::holds_alternative<Nil>(data); }
};

// A name and its value. Like a pair of them, which clang cannot make of a Value in its own making.
struct Member {
  Member(std::string name, Value value) : first(std::move(name)), second(std::move(value)) {}

  std::string first;
  Value second;
};

inline bool operator==(const Value& a, const Value& b);
inline bool operator==(const Member& a, const Member& b) {
  return a.first == b.first && a.second == b.second;
}
inline bool operator==(const Value& a, const Value& b) { return a.data == b.data; }

// The types of Fabric's columns: only MySQL-RPC tells them to the client.
enum class Type { kString, kInteger, kFloat, kBoolean, kList };

struct Column {
  std::string name;
  Type type = Type::kString;
  friend bool operator==(const Column&, const Column&) = default;
};

struct ResultSet {
  std::vector<Column> columns;
  // Each as long as `columns`.
  std::vector<List> rows;
  friend bool operator==(const ResultSet&, const ResultSet&) = default;
};

// What a command answers. With an error there are no sets.
struct Answer {
  std::string
      error;  // Empty: none. Otherwise as Fabric words it, "GroupError: ..." of a procedure.
  std::vector<ResultSet> sets;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// One call: "group.lookup_servers" with positional and, over MySQL-RPC only, named arguments.
struct Call {
  std::string method;
  List arguments;
  Struct named;
  friend bool operator==(const Call&, const Call&) = default;
};

// Constants of the answer's envelope (format version 1).
inline constexpr int kFormatVersion = 1;
inline constexpr char kFabricUuid[] = "5ca1ab1e-a007-feed-f00d-cab3fe13249e";

}  // namespace weft::fabric
