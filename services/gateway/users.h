#pragma once
// The users, as all wires of the gateway know them.
#include "common/access/users.h"

namespace weft::gateway {

using access::User;
using access::Users;
using access::UserSnapshot;

}  // namespace weft::gateway
