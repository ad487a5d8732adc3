#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

// Of a long GTID set a table shows the beginning: -o json has all of it.
constexpr int kGtidColumns = 60;

std::string NameOf(const v1::DurabilityWitness& witness) {
  return witness.address().empty() ? ShortName(witness.server()) : witness.address();
}

std::string NameOf(const v1::ExplainDurabilityResponse& proof, const std::string& server) {
  for (const v1::DurabilityWitness& witness : proof.witnesses()) {
    if (witness.server() == server) return NameOf(witness);
  }
  return server == proof.primary() ? proof.primary_address() : ShortName(server);
}

Cell YesOrNo(bool yes, Tone tone_of_no = Tone::kPlain) {
  return yes ? Cell("yes") : Cell("no", tone_of_no);
}

std::string WitnessesTable(const v1::ExplainDurabilityResponse& proof, const View& view) {
  Table table({"SERVER", "MAY ACKNOWLEDGE", "REACHED", "COUNTS", "ACKNOWLEDGES", "LACKS", "HOLDS"});
  table.AlignRight(5);
  for (const v1::DurabilityWitness& witness : proof.witnesses()) {
    const bool may = witness.may_acknowledge();
    table.Add({NameOf(witness), YesOrNo(may),
               YesOrNo(witness.reached(), may ? Tone::kBad : Tone::kWarning),
               may ? YesOrNo(witness.counts(), Tone::kBad) : Cell(),
               YesOrNo(witness.acknowledges_now()),
               witness.reached() ? Cell(absl::StrCat(witness.lacks())) : Cell(),
               Shorten(witness.held_gtids(), kGtidColumns)});
  }
  return table.Render(view.style);
}

std::string MissingText(const v1::ExplainDurabilityResponse& proof) {
  std::string text;
  for (const v1::DurabilityWitness& witness : proof.witnesses()) {
    if (!witness.may_acknowledge() || witness.counts()) continue;
    absl::StrAppend(&text, "missing: ", Printable(NameOf(witness)), " ",
                    Printable(witness.unproven()), "\n");
  }
  // Those that are in the way without being acknowledgers: the message says why.
  for (const std::string& server : proof.missing()) {
    bool told = false;
    for (const v1::DurabilityWitness& witness : proof.witnesses()) {
      told = told || (witness.server() == server && witness.may_acknowledge() && !witness.counts());
    }
    if (!told) absl::StrAppend(&text, "missing: ", Printable(NameOf(proof, server)), "\n");
  }
  return text;
}

}  // namespace

std::string DurabilityProofText(const v1::ExplainDurabilityResponse& proof, const View& view) {
  const std::string group = Printable(ShortName(proof.group()));
  std::string text =
      proof.proven()
          ? absl::StrCat(Paint("proven: ", Tone::kGood, view.style), "a failover of group ", group,
                         " now would lose no acknowledged commit\n")
          : absl::StrCat(Paint("not proven: ", Tone::kBad, view.style), Printable(proof.message()),
                         " (", Printable(proof.reason()), ")\n");
  Fields fields;
  fields.Add("durability", proof.effective_durability());
  fields.Add("policy",
             proof.policy() == v1::LOSSLESS
                 ? absl::StrCat("lossless, ", Count(proof.acknowledgements(), "acknowledgement"))
                 : absl::AsciiStrToLower(v1::Durability_Name(proof.policy())));
  fields.Add("primary", Cell(proof.primary_address(), Tone::kStrong));
  fields.Add("epoch", absl::StrCat(proof.epoch()));
  fields.Add("watermark", proof.watermark());
  fields.Add(proof.primary_reached() ? "primary has" : "to be held", proof.goal_gtids());
  absl::StrAppend(&text, fields.Render(view.style));
  if (proof.witnesses_size() > 0) absl::StrAppend(&text, "\n", WitnessesTable(proof, view));
  absl::StrAppend(&text, MissingText(proof));
  if (!proof.next_step().empty()) {
    absl::StrAppend(&text, "to do: ", Printable(proof.next_step()), "\n");
  }
  return text;
}

}  // namespace weft::cli
