#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace weft::mysql {

// Whether a row of SHOW PROCESSLIST, by its columns User and Command, is the session of a client:
// neither the server's own, nor of a replica, nor of one of Weft's accounts, whose users are `own`.
// Pure.
bool IsClientSession(absl::string_view user, absl::string_view command,
                     const std::vector<absl::string_view>& own);

}  // namespace weft::mysql
