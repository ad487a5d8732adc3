#include "services/provisioner/providers/registry.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "services/provisioner/providers/docker/provider.h"
#include "services/provisioner/providers/kubernetes/provider.h"
#include "services/provisioner/providers/local/provider.h"
#include "services/provisioner/providers/null.h"
#include "services/provisioner/providers/openstack/provider.h"

namespace weft::provisioner {
namespace {

using Made = absl::StatusOr<std::unique_ptr<Provider>>;

Made MakeDocker(const ProviderRecord& record, const ProviderSurroundings& surroundings) {
  return NewDockerProvider(record, surroundings.clock);
}

Made MakeKubernetes(const ProviderRecord& record, const ProviderSurroundings& surroundings) {
  return NewKubernetesProvider(record, surroundings.clock);
}

Made MakeLocal(const ProviderRecord& record, const ProviderSurroundings& surroundings) {
  return NewLocalProvider(record, surroundings.content, surroundings.clock);
}

Made MakeNull(const ProviderRecord& record, const ProviderSurroundings& surroundings) {
  return NewNullProvider(record, surroundings.clock);
}

Made MakeOpenStack(const ProviderRecord& record, const ProviderSurroundings& surroundings) {
  return NewOpenStackProvider(record, surroundings.clock);
}

// What Fabric called the one that has another name here.
constexpr char kFabricNull[] = "NULLPROVIDER";

}  // namespace

const std::vector<ProviderType>& ProviderTypes() {
  static const auto& types = *new std::vector<ProviderType>{
      {"docker", &MakeDocker}, {"kubernetes", &MakeKubernetes}, {"local", &MakeLocal},
      {"null", &MakeNull},     {"openstack", &MakeOpenStack},
  };
  return types;
}

absl::StatusOr<const ProviderType*> FindProviderType(absl::string_view name,
                                                     const std::vector<ProviderType>& types) {
  const absl::string_view wanted = absl::EqualsIgnoreCase(name, kFabricNull) ? "null" : name;
  for (const ProviderType& type : types) {
    if (absl::EqualsIgnoreCase(type.name, wanted)) return &type;
  }
  const std::string known = absl::StrJoin(
      types, ", ",
      [](std::string* text, const ProviderType& type) { absl::StrAppend(text, type.name); });
  return Refusal(absl::StatusCode::kInvalidArgument, "UNKNOWN_PROVIDER_TYPE",
                 absl::StrCat("there is no type of provider ", name), known, name,
                 "name one of them");
}

}  // namespace weft::provisioner
