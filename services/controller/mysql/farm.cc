#include "services/controller/mysql/farm.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/admission.h"
#include "services/controller/mysql/admission_facts.h"
#include "services/controller/mysql/clone.h"
#include "services/controller/mysql/discover.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/rescue.h"
#include "services/controller/mysql/rewind.h"
#include "services/controller/mysql/rotate.h"
#include "services/controller/mysql/steps.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {
namespace {

// Of a look's deadline, what the primary is left with when the others used up theirs.
constexpr double kPrimaryShare = 0.2;

absl::Status NotFound(const Group& group, const ServerUuid& server) {
  return ::weft::Refusal(absl::StatusCode::kNotFound, "UNKNOWN_SERVER",
                         absl::StrCat("group ", group.id, " has no server ", server.text()));
}

}  // namespace

MysqlFarm::MysqlFarm(FarmOptions options, Clock* clock)
    : options_(std::move(options)), clock_(clock), opener_(&options_) {}

MysqlFarm::~MysqlFarm() = default;

void MysqlFarm::SetTerm(uint64_t term, std::function<bool()> still_leading) {
  gate_.Set(term, std::move(still_leading));
}

std::shared_ptr<Link> MysqlFarm::LinkTo(const HostPort& address) {
  MutexLock lock(&mutex_);
  std::shared_ptr<Link>& link = links_[address];
  if (link == nullptr) link = std::make_shared<Link>(address, &options_, &gate_, &opener_, clock_);
  return link;
}

absl::StatusOr<std::shared_ptr<Link>> MysqlFarm::LinkOf(const Group& group,
                                                        const ServerUuid& server) {
  const Server* const record = group.Find(server);
  if (record == nullptr) return NotFound(group, server);
  return LinkTo(record->address);
}

void MysqlFarm::Forget(const HostPort& address) {
  std::shared_ptr<Link> link;
  {
    MutexLock lock(&mutex_);
    const auto found = links_.find(address);
    if (found == links_.end()) return;
    link = std::move(found->second);
    links_.erase(found);
  }
  // The last owner closes the sessions: here, or whoever still uses the link.
}

std::map<ServerUuid, Observation> MysqlFarm::Probe(const Group& group, absl::Duration deadline) {
  struct Asked {
    const Server* record;
    std::shared_ptr<Link> link;
    std::optional<uint64_t> ticket;
  };
  const Deadline whole = Deadline::After(clock_, deadline);
  const Deadline others = Deadline::After(clock_, deadline * (1 - kPrimaryShare));
  std::vector<Asked> asked;
  const Asked* primary = nullptr;
  asked.reserve(group.servers.size());
  // Everybody at once. Of a primary that did not answer the last time it is found out meanwhile
  // whether it can be reached.
  for (const Server& record : group.servers) {
    Asked one{&record, LinkTo(record.address), std::nullopt};
    const bool leads = record.uuid == group.primary;
    if (!leads || !one.link->Answers()) one.ticket = one.link->Ask(deadline, leads);
    asked.push_back(std::move(one));
    if (leads) primary = &asked.back();
  }
  std::map<ServerUuid, Observation> seen;
  for (const Asked& one : asked) {
    if (&one == primary) continue;
    seen[one.record->uuid] = one.link->Await(*one.ticket, others);
  }
  if (primary != nullptr) {
    // What a live primary has executed is read after the others (rule 5).
    std::optional<Observation> answer;
    if (primary->ticket.has_value()) answer = primary->link->Await(*primary->ticket, whole);
    if (!answer.has_value() || (answer->reached() && asked.size() > 1)) {
      answer = primary->link->Await(primary->link->Ask(whole.Remaining(), /*leads=*/true), whole);
    }
    seen[primary->record->uuid] = *std::move(answer);
  }
  for (const Asked& one : asked) {
    Observation& answer = seen[one.record->uuid];
    if (!answer.reached() || answer.uuid == one.record->uuid) continue;
    const ServerUuid found = answer.uuid;
    answer = Observation();
    answer.contact = Contact::kRejected;
    answer.error = absl::StrCat("another server answers at ", one.record->address.ToString(),
                                ": expected ", one.record->uuid.text(), ", found ", found.text());
  }
  return seen;
}

absl::Status MysqlFarm::Apply(const Group& group, const Step& step, absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Link> link, LinkOf(group, ServerOf(step)));
  absl::Status status;
  {
    WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> turn,
                          link->Take(ServerOf(step), Deadline::After(clock_, deadline),
                                     /*gives_way=*/true));
    turn->LetInterrupt(true);
    status = RunStep(step, *turn);
  }
  if (!mysql::IsTimeout(status)) return status;
  if (link->HasOrphans()) {
    return ::weft::Refusal(absl::StatusCode::kUnavailable, "STATEMENT_UNDER_WAY",
                           absl::StrCat(status.message(),
                                        "; its session could not be seen gone, so it may still "
                                        "take effect"));
  }
  return absl::DeadlineExceededError(
      absl::StrCat(status.message(), "; its session was killed and seen gone"));
}

void MysqlFarm::Interrupt(const Group& group, const std::set<ServerUuid>& servers) {
  for (const ServerUuid& server : servers) {
    const absl::StatusOr<std::shared_ptr<Link>> link = LinkOf(group, server);
    if (link.ok()) (*link)->Interrupt();
  }
}

absl::StatusOr<ServerUuid> MysqlFarm::Identify(const HostPort& address, absl::Duration deadline) {
  Opener::OpenOptions how;
  how.connect = deadline;
  WEFT_ASSIGN_OR_RETURN(const auto session, opener_.Open(address, Duty::kManage, how));
  session->set_statement_timeout(deadline);
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session->Query(sql::kUuid));
  return ServerUuid::Parse(rows.empty() ? "" : rows.front().StringOr("uuid", ""));
}

absl::StatusOr<Farm::Neighbours> MysqlFarm::Discover(const HostPort& address,
                                                     absl::Duration deadline) {
  const Deadline end = Deadline::After(clock_, deadline);
  Opener::OpenOptions how;
  how.connect = deadline;
  WEFT_ASSIGN_OR_RETURN(const auto session, opener_.Open(address, Duty::kManage, how));
  session->set_statement_timeout(deadline);
  const auto around = LookAround(*session);
  if (!around.ok()) return Annotate(around.status(), address.ToString());
  return Locate(*around, [&](const HostPort& candidate) -> absl::StatusOr<ServerUuid> {
    if (end.Passed()) return absl::DeadlineExceededError("no time left to ask");
    return Identify(candidate, end.Remaining());
  });
}

absl::StatusOr<Admission> MysqlFarm::Admit(const Group& group, const HostPort& address,
                                           absl::Duration deadline) {
  const std::vector<HostPort>& stores = options_.store_addresses;
  if (std::find(stores.begin(), stores.end(), address) != stores.end()) {
    Admission admission;
    admission.problems = {IsStateStore(address)};
    return admission;
  }
  const Deadline end = Deadline::After(clock_, deadline);
  WEFT_ASSIGN_OR_RETURN(ServerFacts facts, GatherFacts(opener_, options_, address, end, clock_));
  AdmissionContext context;
  context.store_addresses = stores;
  if (options_.store_uuids) context.store_uuids = options_.store_uuids();
  context.peers = AskPeers(opener_, group, end);
  // After the server itself (rule 5).
  if (const Server* primary = group.Find(group.primary); primary != nullptr) {
    const std::shared_ptr<Link> link = LinkTo(primary->address);
    Observation seen = link->Await(link->Ask(end.Remaining()), end);
    if (seen.reached()) context.primary = std::move(seen);
  }
  Admission admission;
  admission.problems = Judge(facts, group, context);
  admission.clone_would_help = CloneWouldHelp(admission.problems);
  admission.observation = std::move(facts.observation);
  return admission;
}

absl::StatusOr<ServerUuid> MysqlFarm::Clone(const Group& group, const ServerUuid& recipient,
                                            const ServerUuid& donor,
                                            std::function<void(double)> progress,
                                            absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Link> to, LinkOf(group, recipient));
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Link> from, LinkOf(group, donor));
  CloneOrder order;
  order.recipient = to.get();
  order.recipient_uuid = recipient;
  order.donor = from.get();
  order.donor_uuid = donor;
  order.opener = &opener_;
  order.options = &options_;
  order.clock = clock_;
  order.progress = std::move(progress);
  WEFT_RETURN_IF_ERROR(CloneServer(order, Deadline::After(clock_, deadline)));
  return Identify(to->address(), options_.connect_timeout);
}

absl::StatusOr<std::string> MysqlFarm::SaveTransactions(const Group& group,
                                                        const ServerUuid& server,
                                                        const GtidSet& set,
                                                        absl::Duration deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Link> link, LinkOf(group, server));
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> turn,
                        link->Take(server, Deadline::After(clock_, deadline)));
  return SaveTransactionsOf(*turn, options_, group.id, server, set);
}

absl::StatusOr<Farm::Rewound> MysqlFarm::Rewind(const Group& group, const ServerUuid& server,
                                                const GtidSet& errant, bool dry_run,
                                                std::function<void(double)> progress,
                                                absl::Duration deadline) {
  RewindOrder order;
  order.group = group.id;
  order.server = server;
  order.errant = errant;
  order.dry_run = dry_run;
  order.progress = std::move(progress);
  WEFT_ASSIGN_OR_RETURN(const std::shared_ptr<Link> link, LinkOf(group, server));
  absl::StatusOr<Rewound> rewound;
  {
    WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> turn,
                          link->Take(server, Deadline::After(clock_, deadline)));
    rewound = RewindServer(order, *turn);
  }
  // Whether its data are whole is asked of each new session.
  if (!dry_run) Forget(link->address());
  return rewound;
}

absl::Status MysqlFarm::RotatePassword(const Group& group, absl::string_view duty_name,
                                       absl::string_view new_password, absl::Duration deadline) {
  const Deadline end = Deadline::After(clock_, deadline);
  WEFT_ASSIGN_OR_RETURN(const std::string user, UserOf(options_, duty_name));
  std::vector<std::string> failed;
  bool primary_knows = true;
  for (const Server& record : group.servers) {
    const std::shared_ptr<Link> link = LinkTo(record.address);
    auto turn = link->Take(record.uuid, end);
    absl::Status status = turn.ok() ? SetPassword(**turn, user, new_password) : turn.status();
    if (status.ok() && duty_name == DutyName(Duty::kReplicate)) {
      status = SetReplicaPasswords(**turn, new_password);
    }
    if (!status.ok()) {
      failed.push_back(absl::StrCat(record.address.ToString(), " (", status.message(), ")"));
      if (record.uuid == group.primary) primary_knows = false;
    }
  }
  // No receiver logs in with what its source does not know.
  if (duty_name == DutyName(Duty::kReplicate) && primary_knows) {
    // One by one: a receiver that restarts acknowledges nothing for a moment.
    for (const Server& record : group.servers) {
      const std::shared_ptr<Link> link = LinkTo(record.address);
      auto turn = link->Take(record.uuid, end);
      if (!turn.ok()) continue;  // told above
      const absl::Status status = RenewReplicaLogin(**turn, record.uuid, user, new_password);
      if (!status.ok()) {
        failed.push_back(absl::StrCat(record.address.ToString(), " (", status.message(), ")"));
      }
    }
  }
  if (failed.empty()) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kUnavailable, "ROTATION_INCOMPLETE",
      absl::StrCat("the password of ", user, " was not changed on ", absl::StrJoin(failed, ", ")),
      "changed on every server of the group",
      absl::StrCat(failed.size(), " of ", group.servers.size(), " failed"),
      "bring the servers back and rotate again");
}

}  // namespace weft::controller
