#pragma once
// The statements that Fabric's MySQL-RPC understands. It accepts every other one and does nothing,
// because clients set names, modes and transactions when they connect.
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"

namespace weft::gateway::mysqlrpc {

// CALL group.command('a', NULL, name='b'). Arguments are strings or nil.
struct CallStatement {
  std::string group;
  std::string command;
  fabric::Call call;
};
// SHOW CREATE PROCEDURE group.command
struct ShowProcedureStatement {
  std::string group;
  std::string command;
};
// SELECT ... FROM INFORMATION_SCHEMA.ROUTINES ...
struct ListProceduresStatement {};
// SET format = 'json': without its quotes, in lower case.
struct SetFormatStatement {
  std::string format;
};
// A CALL or SHOW CREATE PROCEDURE that cannot be read.
struct UnreadableStatement {};
struct OtherStatement {};

using Statement = std::variant<OtherStatement, CallStatement, ShowProcedureStatement,
                               ListProceduresStatement, SetFormatStatement, UnreadableStatement>;

// Keywords are case-insensitive, names are not. Linear in the length of `text`, which is any bytes.
//
// In a CALL, commas and equals signs count outside of ' and " only, and a quote of one kind means
// nothing within the other; nothing escapes a quote, and backticks protect nothing. The last
// parenthesis outside of quotes ends the arguments; what follows it is ignored. NULL in
// capitals is nil; everything else is text, unquoted by one pair of ', " or `. Like the original,
// but for a quote within the other kind of quotes, which it miscounted, and a named NULL, which it
// took for text.
Statement ParseStatement(absl::string_view text);

}  // namespace weft::gateway::mysqlrpc
