#pragma once
// Reading JSON that somebody else wrote: what is not there, or of another type, reads as nothing.
// No exceptions.
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace weft::provisioner {

using Json = nlohmann::json;
using JsonPath = std::initializer_list<absl::string_view>;

// The member that the keys lead to; the null value where there is none.
inline const Json& At(const Json& json, JsonPath path) {
  static const Json& nothing = *new Json();
  const Json* place = &json;
  for (const absl::string_view key : path) {
    if (!place->is_object()) return nothing;
    const auto member = place->find(std::string(key));
    if (member == place->end()) return nothing;
    place = &*member;
  }
  return *place;
}

// "" for what is no text.
inline std::string TextAt(const Json& json, JsonPath path) {
  const Json& place = At(json, path);
  return place.is_string() ? place.get<std::string>() : "";
}

// 0 for what is no whole number.
inline int64_t NumberAt(const Json& json, JsonPath path) {
  const Json& place = At(json, path);
  return place.is_number_integer() ? place.get<int64_t>() : 0;
}

inline bool TrueAt(const Json& json, JsonPath path) {
  const Json& place = At(json, path);
  return place.is_boolean() && place.get<bool>();
}

// `json` as text, to be sent or kept. JSON knows no other texts than UTF-8, and a provider's words
// may be anything: other bytes are replaced.
inline std::string Written(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace weft::provisioner
