#pragma once
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/http/json.h"

// What a machine that is made of a snapshot does before its server's first start. Pure.
namespace weft::provisioner::kubernetes {

// The words of a command, run by a POSIX shell, that makes the data in `folder` a server's of its
// own: of that uuid, and not replicating when it starts (persisted.h) though it has the saved
// server's channels. Changes nothing where it has been done.
std::vector<std::string> OwnIdentityCommand(absl::string_view folder, absl::string_view uuid);

// Has the pods of the StatefulSet do that to their volume "data" first, with the server's image, as
// its user and within its limits. BAD_ORDER: the uuid cannot be a server's.
absl::Status GiveOwnIdentity(const std::string& uuid, const std::string& data_dir,
                             Json& stateful_set);

}  // namespace weft::provisioner::kubernetes
