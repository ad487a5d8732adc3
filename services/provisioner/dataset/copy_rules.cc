#include "services/provisioner/dataset/copy_rules.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/disk_full.h"

namespace weft::provisioner {
namespace {

// Of what statistics say: pages half filled, logs, and temporary files come on top.
constexpr double kRoom = 1.2;

absl::Status No(absl::string_view reason, absl::string_view message, absl::string_view expected,
                absl::string_view found, absl::string_view next) {
  return Refusal(absl::StatusCode::kFailedPrecondition, reason, message, expected, found, next);
}

absl::Status CheckWhoItIs(const ServerFacts& source, const ServerFacts& target,
                          const CopyWish& wish) {
  const std::string name = target.address.ToString();
  if (wish.target_is_store) {
    return No("TARGET_IS_STORE", absl::StrCat(name, " holds Weft's own state"),
              "a server of applications", "the state store", "name another target");
  }
  if (!wish.target_group.empty()) {
    return No("TARGET_IS_MEMBER", absl::StrCat(name, " is in group ", wish.target_group),
              "a server in no group", absl::StrCat("group ", wish.target_group),
              absl::StrCat("weft group remove ", wish.target_group, " ", name,
                           ", or weft server rejoin ", name, " --rebuild"));
  }
  if (source.uuid == target.uuid) {
    return No("TARGET_IS_SOURCE", absl::StrCat(name, " is the source itself"), "two servers",
              source.address.ToString(), "name another target");
  }
  return absl::OkStatus();
}

// For people.
std::string Some(std::vector<std::string> names) {
  const bool more = names.size() > 5;
  if (more) names.resize(5);
  return absl::StrCat(absl::StrJoin(names, ", "), more ? ", ..." : "");
}

absl::Status CheckWhatItHolds(const ServerFacts& target, const CopyWish& wish) {
  // What an unfinished copy left is nobody's.
  if (wish.surrender || target.half_copied) return absl::OkStatus();
  const std::string name = target.address.ToString();
  if (!target.follows.empty()) {
    return No("TARGET_REPLICATES",
              absl::StrCat(name, " replicates from ", absl::StrJoin(target.follows, ", ")),
              "a server that follows nobody", absl::StrJoin(target.follows, ", "),
              "stop its replication, or give it up: --surrender");
  }
  if (!target.schemas.empty()) {
    return No("TARGET_NOT_EMPTY", absl::StrCat(name, " has data of its own, which would be lost"),
              "a server without schemas of its own",
              absl::StrCat(target.schemas.size(), " schemas: ", Some(target.schemas)),
              "name another target, or give its data up: --surrender");
  }
  return absl::OkStatus();
}

absl::Status CheckGtid(const ServerFacts& facts) {
  if (facts.version.mariadb) {
    return No("VERSION_MISMATCH", absl::StrCat(facts.address.ToString(), " is a MariaDB server"),
              "MySQL 5.6 or later", facts.version.text, "use a MySQL server");
  }
  if (facts.Variable("gtid_mode") == "ON") return absl::OkStatus();
  return No("GTID_MODE_OFF", absl::StrCat(facts.address.ToString(), " has no GTIDs"),
            "gtid_mode=ON", absl::StrCat("gtid_mode=", facts.Variable("gtid_mode")),
            absl::StrCat("weft server check ", facts.address.ToString()));
}

absl::Status CheckVersions(const ServerFacts& source, const ServerFacts& target) {
  WEFT_RETURN_IF_ERROR(CheckGtid(source));
  WEFT_RETURN_IF_ERROR(CheckGtid(target));
  if (!target.version.AtLeast(source.version.major, source.version.minor)) {
    return No("VERSION_MISMATCH",
              absl::StrCat(target.address.ToString(), " is older than ", source.address.ToString()),
              absl::StrCat(source.version.text, " or later"), target.version.text,
              "upgrade the target, or name another");
  }
  const std::string names = "lower_case_table_names";
  if (source.Variable(names) != target.Variable(names)) {
    return No("CASE_MISMATCH", "the servers disagree about the letter case of names",
              absl::StrCat(names, "=", source.Variable(names)), target.Variable(names),
              "initialise the target anew with the source's value");
  }
  return absl::OkStatus();
}

uint64_t Needed(const ServerFacts& source) {
  return static_cast<uint64_t>(static_cast<double>(source.bytes) * kRoom);
}

// Other methods take the target's data away first; under `physical` they stay until the end.
uint64_t RoomFor(CopyMethod method, const ServerFacts& target) {
  return target.free_bytes.value_or(0) + (method == CopyMethod::kPhysical ? 0 : target.bytes);
}

absl::Status CheckDisk(const ServerFacts& source, const ServerFacts& target, CopyMethod method) {
  if (!target.free_bytes.has_value()) return absl::OkStatus();  // the server itself will say
  const uint64_t room = RoomFor(method, target);
  if (room >= Needed(source)) return absl::OkStatus();
  return DiskTooSmall(target.address, absl::StrCat(BytesText(Needed(source)), " of room"),
                      BytesText(room));
}

// Why the method cannot be used; empty: it can.
std::string WhyNotPlugin(const ServerFacts& source, const ServerFacts& target) {
  if (!source.dialect().can.clone_plugin || !target.dialect().can.clone_plugin) {
    return "before MySQL 8.0.24 there is no CLONE plugin, or none whose copy can be kept from "
           "replicating at once";
  }
  if (source.version.major != target.version.major ||
      source.version.minor != target.version.minor) {
    return absl::StrCat("the plugin wants one series on both sides, and ", source.version.text,
                        " is not ", target.version.text);
  }
  // Within 8.0 patches were a difference until 8.0.37.
  const bool patches_matter = source.version.major == 8 && source.version.minor == 0 &&
                              std::min(source.version.patch, target.version.patch) < 37;
  if (patches_matter && source.version.patch != target.version.patch) {
    return absl::StrCat("the plugin wants the same version on both sides, and ",
                        source.version.text, " is not ", target.version.text);
  }
  for (const char* same : {"innodb_page_size", "version_compile_machine", "version_compile_os"}) {
    if (source.Variable(same) != target.Variable(same)) {
      return absl::StrCat("the servers differ in ", same);
    }
  }
  if (!source.not_transactional.empty()) {
    return absl::StrCat("the plugin leaves tables of other engines than InnoDB empty, as ",
                        source.not_transactional.front());
  }
  for (const ServerFacts* one : {&source, &target}) {
    if (one->clone_active || one->Variable("have_dynamic_loading") != "NO") continue;
    return absl::StrCat(one->address.ToString(), " cannot load plugins");
  }
  return "";
}

std::string WhyNotPhysical(const ServerFacts& source, const ServerFacts& target,
                           const CopyWish& wish) {
  if (source.folder.empty() || target.folder.empty()) {
    return "both must be servers of the provisioner's machine";
  }
  if (!source.outside.empty()) {
    return absl::StrCat("data of the source lie outside its data folder: ", Some(source.outside));
  }
  if (wish.source_is_primary) return "commits on the source wait meanwhile, and it is the primary";
  if (source.version.text != target.version.text) {
    return absl::StrCat("files of ", source.version.text, " are not for ", target.version.text);
  }
  if (target.free_bytes.has_value() && RoomFor(CopyMethod::kPhysical, target) < Needed(source)) {
    return "the disk has no room for old and new files at once";
  }
  return "";
}

}  // namespace

absl::StatusOr<MethodChoice> JudgeCopy(const ServerFacts& source, const ServerFacts& target,
                                       const CopyWish& wish) {
  WEFT_RETURN_IF_ERROR(CheckWhoItIs(source, target, wish));
  WEFT_RETURN_IF_ERROR(CheckWhatItHolds(target, wish));
  WEFT_RETURN_IF_ERROR(CheckVersions(source, target));
  WEFT_RETURN_IF_ERROR(CheckDisk(source, target, wish.method));
  const std::string not_plugin =
      wish.plugin_missing.empty() ? WhyNotPlugin(source, target) : wish.plugin_missing;
  const std::string not_physical = WhyNotPhysical(source, target, wish);
  const auto wanted = [&wish](CopyMethod method, const std::string& why_not) -> absl::Status {
    if (wish.method != method || why_not.empty()) return absl::OkStatus();
    return No("METHOD_UNAVAILABLE",
              absl::StrCat("these servers cannot be copied by ", ToString(method)),
              ToString(method), why_not, "leave the method out: the best that can be is taken");
  };
  WEFT_RETURN_IF_ERROR(wanted(CopyMethod::kPlugin, not_plugin));
  WEFT_RETURN_IF_ERROR(wanted(CopyMethod::kPhysical, not_physical));
  if (wish.method != CopyMethod::kAuto) return MethodChoice{wish.method, "it was asked for"};
  if (not_plugin.empty()) {
    return MethodChoice{CopyMethod::kPlugin, "both servers have the CLONE plugin"};
  }
  if (not_physical.empty()) {
    return MethodChoice{CopyMethod::kPhysical, "both are servers of the provisioner's machine"};
  }
  return MethodChoice{CopyMethod::kLogical, absl::StrCat(not_plugin, "; ", not_physical)};
}

}  // namespace weft::provisioner
