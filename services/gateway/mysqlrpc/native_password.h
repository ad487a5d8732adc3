#pragma once
// mysql_native_password, the one method of login that Fabric's MySQL-RPC has.
#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc {

// True when `proof`, a client's answer to the challenge `scramble`, was made with the password
// whose SHA1(SHA1(password)) is `native_hash` in hexadecimal digits. An empty or malformed hash is
// nobody's, and an empty proof proves nothing. Takes the same time for every wrong proof of the
// same length, and for every malformed hash, so that a user who does not exist is asked like one
// who does.
bool ProvesPassword(absl::string_view proof, absl::string_view scramble,
                    absl::string_view native_hash);

}  // namespace weft::gateway::mysqlrpc
