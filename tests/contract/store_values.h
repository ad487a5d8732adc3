#pragma once
// Values for the tests of a store.
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/group.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

// 'a' -> aaaaaaaa-0000-0000-0000-000000000000.
ServerUuid Uuid(char letter);
GtidSet Gtids(absl::string_view text);
Server MakeServer(char letter, uint16_t port);
Operation MakeOperation(const std::string& id, const std::string& request_id = "");
absl::Time At(int second);

// "OK", or the reason of the error with its code: "ABORTED TERM_MOVED".
std::string Outcome(const absl::Status& status);
template <typename T>
std::string Outcome(const absl::StatusOr<T>& result) {
  return Outcome(result.status());
}

#define WEFT_ASSERT_OK(expression) ASSERT_EQ(Outcome(expression), "OK")
#define WEFT_EXPECT_OK(expression) EXPECT_EQ(Outcome(expression), "OK")

}  // namespace weft::controller
