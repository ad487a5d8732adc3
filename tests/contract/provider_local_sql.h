#pragma once
#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

inline constexpr absl::string_view kWritable = "SET GLOBAL super_read_only = OFF";
inline constexpr absl::string_view kMakeSchema = "CREATE DATABASE d";
inline constexpr absl::string_view kMakeTable = "CREATE TABLE d.t (a INT)";
inline constexpr absl::string_view kMakeOldStyle = "CREATE TABLE d.t (a INT) ENGINE = MyISAM";
inline constexpr absl::string_view kFillOldStyle = "INSERT INTO d.t VALUES (1), (2)";
inline constexpr absl::string_view kCountOldStyle = "SELECT COUNT(*) AS count FROM d.t";

}  // namespace weft::provisioner::sql
