#include "services/provisioner/providers/kubernetes/restored.h"

#include "common/model/ids.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/persisted.h"

namespace weft::provisioner::kubernetes {
namespace {

// An image of a server may have no more than a shell, cat and mv. The uuid comes last: it says that
// all is done. Of what the server was told nothing is lost: the new members go to the front of
// their section, which is made where it is missing.
constexpr char kScript[] = R"sh(set -eu
cd "$1"
own="server-uuid=$2"
told="$3"
if [ -f auto.cnf ]; then
  case "$(cat auto.cnf)" in *"$own"*) exit 0 ;; esac
fi
file="$4"
text=""
if [ -f "$file" ]; then text="$(cat "$file")"; fi
if [ -z "$text" ]; then text='{"Version": 1, "mysql_server": {}}'; fi
put() {
  case "$rest" in
    "}"* | " }"*) text="${text%"$rest"}$1$rest" ;;
    *) text="${text%"$rest"}$1, $rest" ;;
  esac
}
case "$text" in
  *'"skip_replica_start"'*) ;;
  *'"mysql_static_variables"'*'{'*)
    rest="${text#*'"mysql_static_variables"'*'{'}"
    put "$told" ;;
  *'"mysql_server_static_options"'*'{'*)
    rest="${text#*'"mysql_server_static_options"'*'{'}"
    put "$told" ;;
  *'"mysql_server"'*'{'*)
    rest="${text#*'"mysql_server"'*'{'}"
    put "\"mysql_server_static_options\": {$told}" ;;
  *)
    rest="${text#*'{'}"
    put "\"mysql_static_variables\": {$told}" ;;
esac
printf '%s' "$text" > "$file.new"
mv -f "$file.new" "$file"
printf '[auto]\n%s\n' "$own" > auto.cnf.new
mv -f auto.cnf.new auto.cnf
)sh";

constexpr char kDataVolume[] = "data";

}  // namespace

std::vector<std::string> OwnIdentityCommand(absl::string_view folder, absl::string_view uuid) {
  return {"sh",
          "-c",
          kScript,
          "own-identity",
          std::string(folder),
          std::string(uuid),
          SkipReplicaStartMembers(kBothSkipReplicaStarts),
          std::string(kPersistedFile)};
}

absl::Status GiveOwnIdentity(const std::string& uuid, const std::string& data_dir,
                             Json& stateful_set) {
  const auto own = ServerUuid::Parse(uuid);
  if (!own.ok()) return BadOrder("uuid", "a UUID", uuid);
  Json& spec = stateful_set["spec"]["template"]["spec"];
  Json container = spec["containers"].front();
  for (const char* const of_the_server : {"args", "env", "ports"}) container.erase(of_the_server);
  container["name"] = "own-identity";
  container["command"] = OwnIdentityCommand(data_dir, own->text());
  Json mounts = Json::array();
  for (const Json& mount : container["volumeMounts"]) {
    if (TextAt(mount, {"name"}) == kDataVolume) mounts.push_back(mount);
  }
  container["volumeMounts"] = mounts;
  spec["initContainers"] = Json::array({container});
  return absl::OkStatus();
}

}  // namespace weft::provisioner::kubernetes
