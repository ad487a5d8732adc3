#pragma once
// `user ...` and `role list`: Fabric's users are (name, protocol) pairs, Weft's have one name with
// a password for each protocol. What Fabric calls xmlrpc is here XML-RPC and the API together,
// since these commands themselves call the API.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/client.h"
#include "services/cli/fabric/grammar.h"
#include "services/cli/fabric/person.h"

namespace weft::cli::mysqlfabric {

// Carries a command out through `client` and prints what the original printed.
// REQUIRES: line.command is of the groups user or role. Errors carry the original's words, to be
// printed alone: "Login failed", "User bob/xmlrpc already exists".
absl::Status RunUserCommand(const Line& line, Client* client, Person* person);

// Makes a superadmin with a password for every protocol; gives a user of that name who has none for
// XML-RPC that password. ALREADY_EXISTS: there is one who has, and keeps password and roles.
absl::Status CreateAdmin(const std::string& name, const std::string& password, Client* client);
// Gives the user another password for MySQL-RPC.
absl::Status SetMysqlPassword(const std::string& name, const std::string& password, Client* client);

}  // namespace weft::cli::mysqlfabric
