// The suite of all providers against a real cluster or cloud, which a file describes:
//
//   bazel test //tests/contract:provider_real_test --test_env=WEFT_PROVIDER=/path/provider.json
//
//   {"type": "kubernetes", "url": "https://10.0.0.1:6443", "password_file": "/path/token",
//    "extra": {"ca_file": "/path/ca.pem", "namespace": "weft-test"},
//    "image": {"name": "mysql:9.7"}, "flavor": {"memory": "1g"}, "patience_seconds": 300,
//    "snapshots": true}
//
// Fields are those of ProviderRecord; image and flavor are of each order. Machines are really made,
// and destroyed at the end of each case; what Weft has of this provider's id ("contract-test")
// there is destroyed, too.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "absl/strings/ascii.h"
#include "common/base/random.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/providers/docker/provider.h"
#include "services/provisioner/providers/kubernetes/provider.h"
#include "services/provisioner/providers/openstack/provider.h"
#include "tests/contract/provider_contract.h"

namespace weft::provisioner {
namespace {

constexpr int kDefaultPatienceSeconds = 300;

Properties PropertiesAt(const Json& json, absl::string_view key) {
  Properties properties;
  const Json& object = At(json, {key});
  for (const auto& member : object.items()) {
    properties[member.key()] = TextAt(object, {member.key()});
  }
  return properties;
}

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return std::string(absl::StripAsciiWhitespace(line));
}

absl::StatusOr<std::unique_ptr<Provider>> MakeProvider(const ProviderRecord& record) {
  if (record.type == "docker") return NewDockerProvider(record, RealClock::Get());
  if (record.type == "kubernetes") return NewKubernetesProvider(record, RealClock::Get());
  return NewOpenStackProvider(record, RealClock::Get());
}

class RealProvider : public ProviderUnderTest {
 public:
  explicit RealProvider(const Json& description)
      : description_(description),
        record_({.id = "contract-test",
                 .type = TextAt(description, {"type"}),
                 .url = TextAt(description, {"url"}),
                 .user = TextAt(description, {"user"}),
                 .password = FirstLine(TextAt(description, {"password_file"})),
                 .tenant = TextAt(description, {"tenant"}),
                 .extra = PropertiesAt(description, "extra")}) {
    auto provider = MakeProvider(record_);
    EXPECT_TRUE(provider.ok()) << provider.status();
    healthy_ = *std::move(provider);
    current_ = healthy_.get();
    Clear();
  }
  ~RealProvider() override { Clear(); }

  Provider& provider() override { return *current_; }
  std::string provider_id() override { return record_.id; }
  MachineOrder Order() override {
    return {.uuid = RandomUuid(),
            .image = PropertiesAt(description_, "image"),
            .flavor = PropertiesAt(description_, "flavor")};
  }
  MachineOrder OrderOfUnknownImage() override {
    MachineOrder order = Order();
    order.image = {{"name", "nobody.invalid/has-that"}};
    return order;
  }
  bool learns_of_images_late() override { return record_.type == "kubernetes"; }
  bool offers_snapshots() override { return TrueAt(description_, {"snapshots"}); }
  std::vector<std::string> Secrets() override {
    return record_.password.empty() ? std::vector<std::string>() : std::vector{record_.password};
  }
  absl::Duration patience() override {
    const int64_t seconds = NumberAt(description_, {"patience_seconds"});
    return absl::Seconds(seconds > 0 ? seconds : kDefaultPatienceSeconds);
  }
  bool Stage(Trouble trouble) override {
    current_ = healthy_.get();
    ProviderRecord other = record_;
    if (trouble == Trouble::kUnreachable) {
      other.url = "http://127.0.0.1:1";
    } else if (trouble == Trouble::kWrongCredentials && !record_.password.empty()) {
      other.password = "wrong";
    } else {
      return trouble == Trouble::kNone;
    }
    wrong_ = *MakeProvider(other);
    current_ = wrong_.get();
    return true;
  }

 private:
  void Clear() {
    const auto machines = healthy_->Search({}, {}, Soon());
    EXPECT_TRUE(machines.ok()) << machines.status();
    for (const Machine& machine : machines.value_or(std::vector<Machine>())) {
      EXPECT_TRUE(healthy_->Destroy(machine.uuid, Soon()).ok());
    }
    if (!offers_snapshots()) return;
    const auto snapshots = healthy_->ListSnapshots("", Soon());
    EXPECT_TRUE(snapshots.ok()) << snapshots.status();
    for (const auto& snapshot : snapshots.value_or(std::vector<MachineSnapshot>())) {
      EXPECT_TRUE(healthy_->DestroySnapshot(snapshot.name, Soon()).ok());
    }
  }

  const Json description_;
  const ProviderRecord record_;
  std::unique_ptr<Provider> healthy_, wrong_;
  Provider* current_ = nullptr;
};

std::unique_ptr<ProviderUnderTest> MakeReal() {
  const char* const path = std::getenv("WEFT_PROVIDER");
  std::ifstream file(path == nullptr ? "" : path);
  const Json description = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object()) {
    std::fprintf(stderr, "*** NOT RUN: WEFT_PROVIDER names no file that describes a provider.\n");
    return nullptr;
  }
  return std::make_unique<RealProvider>(description);
}

INSTANTIATE_TEST_SUITE_P(Real, ProviderContract,
                         ::testing::Values(ProviderMaker{"Described", &MakeReal}), ProviderName);

}  // namespace
}  // namespace weft::provisioner
