#include "common/mysqld/instance_record.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft {
namespace {

using nlohmann::json;

json InstallationToJson(const Installation& installation) {
  return {{"version", installation.version},
          {"version_number", installation.version_number},
          {"mysqld", installation.mysqld},
          {"environment", installation.environment},
          {"basedir", installation.basedir},
          {"share", installation.share},
          {"charsets", installation.charsets},
          {"plugin_dir", installation.plugin_dir},
          {"bin_dir", installation.bin_dir},
          {"client_loader", installation.client_loader},
          {"client_plugin_dir", installation.client_plugin_dir},
          {"seed_dir", installation.seed_dir},
          {"has_plugins", installation.has_plugins}};
}

Installation InstallationFromJson(const json& record) {
  Installation installation;
  record.at("version").get_to(installation.version);
  record.at("version_number").get_to(installation.version_number);
  record.at("mysqld").get_to(installation.mysqld);
  record.at("environment").get_to(installation.environment);
  record.at("basedir").get_to(installation.basedir);
  record.at("share").get_to(installation.share);
  record.at("charsets").get_to(installation.charsets);
  record.at("plugin_dir").get_to(installation.plugin_dir);
  record.at("bin_dir").get_to(installation.bin_dir);
  record.at("client_loader").get_to(installation.client_loader);
  record.at("client_plugin_dir").get_to(installation.client_plugin_dir);
  record.at("seed_dir").get_to(installation.seed_dir);
  record.at("has_plugins").get_to(installation.has_plugins);
  return installation;
}

}  // namespace

std::string InstanceRecordPath(absl::string_view dir) {
  return absl::StrCat(dir, "/instance.json");
}

std::string InstanceRunFile(absl::string_view dir, absl::string_view name) {
  return absl::StrCat(dir, "/run/", name);
}

absl::Status InstanceRecord::Write(const Instance& instance) {
  const json record = {{"name", instance.name_},
                       {"port", instance.port_},
                       {"admin_port", instance.admin_port_},
                       {"socket", instance.socket_},
                       {"socket_dir", instance.socket_dir_},
                       {"supervisor", instance.supervisor_},
                       {"owner", instance.owner_},
                       {"remove_with_owner", instance.remove_with_owner_},
                       {"installation", InstallationToJson(instance.installation_)}};
  return WriteFileAtomically(InstanceRecordPath(instance.dir_), record.dump(2) + "\n", 0600);
}

absl::StatusOr<Instance> InstanceRecord::Read(absl::string_view dir) {
  const std::string path = InstanceRecordPath(dir);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat("no MySQL server is kept in ", dir));
  }
  if (!text.ok()) return text.status();
  Instance instance;
  instance.dir_ = std::string(dir);
  try {
    const json record = json::parse(*text);
    record.at("name").get_to(instance.name_);
    record.at("port").get_to(instance.port_);
    record.at("admin_port").get_to(instance.admin_port_);
    record.at("socket").get_to(instance.socket_);
    record.at("socket_dir").get_to(instance.socket_dir_);
    record.at("supervisor").get_to(instance.supervisor_);
    record.at("owner").get_to(instance.owner_);
    record.at("remove_with_owner").get_to(instance.remove_with_owner_);
    instance.installation_ = InstallationFromJson(record.at("installation"));
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat(path, " is not a server's record: ", error.what()));
  }
  return instance;
}

}  // namespace weft
