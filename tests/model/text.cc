// What things are called, for people.
#include "absl/strings/str_cat.h"
#include "tests/model/decisions.h"

namespace weft::model {

std::string NameOf(int server) {
  return server == kNobody ? "none" : std::string(1, static_cast<char>('a' + server));
}

std::string TextOf(Set transactions) {
  std::string text = "{";
  for (int t = 0; t < 8; ++t) {
    if (Has(transactions, t)) absl::StrAppend(&text, text.size() > 1 ? "," : "", t + 1);
  }
  return text + "}";
}

std::string TextOf(const ServerStep& step, int server) {
  const std::string name = NameOf(server);
  switch (step.kind) {
    case kFence:
      return absl::StrCat("fence ", name);
    case kUnfence:
      return absl::StrCat("unfence ", name);
    case kStopReceiver:
      return absl::StrCat("stop receiver of ", name);
    case kStopReplica:
      return absl::StrCat("stop replica ", name);
    case kCatchUp:
      return absl::StrCat("catch up ", name, " to ", TextOf(step.set));
    case kFollow:
      return absl::StrCat("follow ", name, " <- ", NameOf(step.server),
                          step.flag != 0 ? ", acknowledging" : "");
    case kDetach:
      return absl::StrCat("detach ", name);
    case kArm:
      return absl::StrCat(step.flag != 0 ? "arm " : "disarm ", name);
    default:
      return "nothing";
  }
}

}  // namespace weft::model
