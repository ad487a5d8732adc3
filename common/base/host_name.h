#pragma once

#include <string>

namespace weft {

// This machine's name; "localhost" where it has none.
std::string HostName();

}  // namespace weft
