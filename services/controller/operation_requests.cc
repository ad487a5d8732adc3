#include "services/controller/operation_requests.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/convert.h"
#include "services/controller/group_requests.h"

namespace weft::controller {
namespace {

// How often a waiting call looks whether its client is still there.
constexpr absl::Duration kSlice = absl::Seconds(1);

absl::Status BadToken(const std::string& token) {
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_PAGE_TOKEN",
                         "the page token is none that this list gave", "a next_page_token", token,
                         "begin with the first page: an empty token");
}

}  // namespace

absl::StatusOr<Operation> OperationRequests::Get(const std::string& name) const {
  WEFT_ASSIGN_OR_RETURN(const std::string id, OperationIdOf(name));
  return board().Get(id);
}

absl::StatusOr<OperationRequests::Page<Operation>> OperationRequests::List(
    const std::string& group, int page_size, const std::string& token) const {
  WEFT_ASSIGN_OR_RETURN(const int size,
                        PageSize(page_size, options_.default_page_size, options_.max_page_size));
  if (!group.empty()) WEFT_RETURN_IF_ERROR(reconciler_->Cached(group).status());
  if (!token.empty() && !OperationIdOf(token).ok()) return BadToken(token);
  Page<Operation> page;
  WEFT_ASSIGN_OR_RETURN(page.items, store_->ListOperations(group, size + 1, token));
  if (static_cast<int>(page.items.size()) > size) {
    page.items.resize(size);
    page.next_token = page.items.back().id;
  }
  // What is in memory is newer than what the store has.
  for (Operation& operation : page.items) {
    if (auto now = board().Shown(operation.id); now.has_value()) operation = *std::move(now);
  }
  return page;
}

absl::StatusOr<Operation> OperationRequests::Wait(const std::string& name, absl::Duration timeout,
                                                  const std::function<bool()>& gone) const {
  WEFT_ASSIGN_OR_RETURN(const std::string id, OperationIdOf(name));
  absl::Duration left = timeout > absl::ZeroDuration() ? std::min(timeout, options_.longest_wait)
                                                       : options_.longest_wait;
  while (true) {
    const absl::Duration slice = std::min(left, kSlice);
    absl::StatusOr<Operation> operation = board().Wait(id, slice);
    left -= slice;
    if (!operation.ok() || operation->done() || left <= absl::ZeroDuration() || gone()) {
      return operation;
    }
  }
}

absl::StatusOr<Operation> OperationRequests::Cancel(const std::string& name) {
  WEFT_ASSIGN_OR_RETURN(const std::string id, OperationIdOf(name));
  WEFT_RETURN_IF_ERROR(reconciler_->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(const Operation before, board().Get(id));
  if (before.done()) return before;
  WEFT_RETURN_IF_ERROR(store_->RequestCancel(id));
  board().MarkCancelRequested(id);
  if (!before.group.empty()) reconciler_->Wake(before.group);
  return board().Get(id);
}

absl::StatusOr<OperationRequests::Page<Event>> OperationRequests::Events(const std::string& group,
                                                                         int page_size,
                                                                         const std::string& token,
                                                                         absl::Time since) const {
  WEFT_ASSIGN_OR_RETURN(const int size,
                        PageSize(page_size, options_.default_page_size, options_.max_page_size));
  if (!group.empty()) WEFT_RETURN_IF_ERROR(reconciler_->Cached(group).status());
  uint64_t before = 0;
  if (!token.empty() && !absl::SimpleAtoi(token, &before)) return BadToken(token);
  // What was decided a moment ago is part of the answer.
  reconciler_->journal().Flush(absl::Milliseconds(200));
  Page<Event> page;
  WEFT_ASSIGN_OR_RETURN(page.items, store_->ListEvents(group, size + 1, before));
  if (static_cast<int>(page.items.size()) > size) {
    page.items.resize(size);
    page.next_token = absl::StrCat(page.items.back().sequence);
  }
  // Newest first, so nothing that follows one too old is wanted.
  const auto old = std::find_if(page.items.begin(), page.items.end(),
                                [since](const Event& event) { return event.when < since; });
  if (old != page.items.end()) page.next_token.clear();
  page.items.erase(old, page.items.end());
  return page;
}

}  // namespace weft::controller
