#include "services/cli/tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/model.h"

namespace weft::cli {
namespace {

// Where the lines of the tree begin: branch, last branch, and what goes on under each.
struct Strokes {
  absl::string_view branch;
  absl::string_view last;
  absl::string_view under_branch;
  absl::string_view under_last;
  absl::string_view circle;
};
constexpr Strokes kUnicode = {"├─ ", "└─ ", "│  ", "   ", " ↺"};
constexpr Strokes kAscii = {"|- ", "`- ", "|  ", "   ", " <->"};

class Tree {
 public:
  Tree(const v1::Group& group, const View& view)
      : group_(group), view_(view), strokes_(view.style.unicode ? kUnicode : kAscii) {
    for (const v1::Server& server : group.servers()) {
      servers_[server.address()] = &server;
      if (server.health().source().empty()) continue;
      replicas_[server.health().source()].push_back(&server);
    }
  }

  std::string Draw() {
    // Roots in the order of the header; what is then still missing hangs on a circle.
    for (const v1::Server& server : group_.servers()) {
      if (IsPrimary(server)) Add(server.address(), "", "");
    }
    for (const v1::Server& server : group_.servers()) {
      if (!IsPrimary(server) && server.health().source().empty()) Add(server.address(), "", "");
    }
    for (const auto& [source, replicas] : replicas_) {
      if (servers_.count(source) == 0) Add(source, "", "");
    }
    for (const auto& [address, server] : servers_) {
      if (drawn_.count(address) == 0) Add(address, "", "");
    }
    return text_;
  }

 private:
  bool IsPrimary(const v1::Server& server) const {
    return server.status() == v1::PRIMARY ||
           (!group_.primary().empty() && server.name() == group_.primary());
  }

  // `lead` begins this line, `under` the lines of what hangs on it.
  void Add(const std::string& address, const std::string& lead, const std::string& under) {
    if (!drawn_.insert(address).second) {
      absl::StrAppend(&text_, lead, Printable(address), strokes_.circle, "\n");
      return;
    }
    absl::StrAppend(&text_, lead, Label(address), "\n");
    const auto found = replicas_.find(address);
    if (found == replicas_.end()) return;
    for (size_t i = 0; i < found->second.size(); ++i) {
      const bool last = i + 1 == found->second.size();
      Add(found->second[i]->address(), absl::StrCat(under, last ? strokes_.last : strokes_.branch),
          absl::StrCat(under, last ? strokes_.under_last : strokes_.under_branch));
    }
  }

  std::string Label(const std::string& address) const {
    const auto found = servers_.find(address);
    if (found == servers_.end()) {
      return absl::StrCat(Printable(address), "  ",
                          Paint("not in the group", Tone::kWarning, view_.style));
    }
    const v1::Server& server = *found->second;
    const Tone tone = server.status() == v1::PRIMARY  ? Tone::kStrong
                      : server.status() == v1::FAULTY ? Tone::kBad
                                                      : Tone::kPlain;
    std::string label = absl::StrCat(
        Printable(address), "  ", Paint(v1::ServerStatus_Name(server.status()), tone, view_.style));
    if (server.mode() != v1::SERVER_MODE_UNSPECIFIED) {
      absl::StrAppend(&label, "  ", v1::ServerMode_Name(server.mode()));
    }
    const v1::ServerHealth& health = server.health();
    if (health.has_lag()) {
      absl::StrAppend(&label, "  lag ", Age(rpc::FromProto(health.lag())));
    }
    const auto& acknowledgers = group_.acknowledgers();
    if (std::find(acknowledgers.begin(), acknowledgers.end(), server.name()) !=
        acknowledgers.end()) {
      // One that is counted on need not do it now.
      const bool now = health.contact() == "answered" && health.semi_sync_replica();
      absl::StrAppend(&label, now ? "  acknowledges" : "  acknowledger");
    }
    const Cell state = HealthOf(server, view_);
    if (state.text.empty() || state.text == "OK") return label;
    return absl::StrCat(label, "  ", Paint(Printable(state.text), state.tone, view_.style));
  }

  const v1::Group& group_;
  const View& view_;
  const Strokes& strokes_;
  std::map<std::string, const v1::Server*> servers_;                // By address.
  std::map<std::string, std::vector<const v1::Server*>> replicas_;  // By their source's address.
  std::set<std::string> drawn_;
  std::string text_;
};

}  // namespace

std::string TopologyTree(const v1::Group& group, const View& view) {
  const std::string durability =
      group.effective_durability().empty()
          ? absl::AsciiStrToLower(v1::Durability_Name(group.durability()))
          : group.effective_durability();
  std::string text =
      absl::StrCat(Paint(Printable(group.id()), Tone::kStrong, view.style), "  ",
                   group.active() ? Paint("active", Tone::kGood, view.style) : "inactive", "  ",
                   Printable(durability), "  epoch ", group.epoch(), "\n");
  if (group.servers_size() == 0) return absl::StrCat(text, "no servers\n");
  return absl::StrCat(text, Tree(group, view).Draw());
}

}  // namespace weft::cli
