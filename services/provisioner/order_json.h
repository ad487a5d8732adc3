#pragma once
// What machines are to be like, as jobs keep it, and how what a job keeps is read again. Pure.

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

nlohmann::json OrderToJson(const MachineOrder& order);
// Throws nlohmann::json::exception where a key is missing or of another type.
MachineOrder OrderFromJson(const nlohmann::json& value);

// What `read` makes of `text`. DataLoss, naming `what` was kept, where it is no JSON or `read`
// throws because a key is missing or of another type.
template <typename T>
absl::StatusOr<T> ReadKept(absl::string_view what, const std::string& text,
                           T (*read)(const nlohmann::json&)) {
  try {
    return read(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat(what, ": ", error.what()));
  }
}

}  // namespace weft::provisioner
