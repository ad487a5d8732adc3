#include "common/rpc/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"

namespace weft::rpc {
namespace {

// A family per name, made when first asked for: the registry itself would refuse a second one whose
// help differs.
template <typename Metric, auto Build>
class Families {
 public:
  prometheus::Family<Metric>& Get(prometheus::Registry& registry, absl::string_view name,
                                  absl::string_view help) {
    MutexLock lock(&mutex_);
    auto& family = families_[std::string(name)];
    if (family == nullptr) {
      family =
          &Build().Name(absl::StrCat("weft_", name)).Help(std::string(help)).Register(registry);
    }
    return *family;
  }

 private:
  Mutex mutex_;
  std::map<std::string, prometheus::Family<Metric>*> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

struct Metrics::State {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  Families<prometheus::Counter, prometheus::BuildCounter> counters;
  Families<prometheus::Gauge, prometheus::BuildGauge> gauges;
  Families<prometheus::Histogram, prometheus::BuildHistogram> histograms;
};

void Counter::Increment(double by) const { counter_->Increment(by); }
double Counter::Value() const { return counter_->Value(); }
void Gauge::Set(double value) const { gauge_->Set(value); }
void Gauge::Increment(double by) const { gauge_->Increment(by); }
double Gauge::Value() const { return gauge_->Value(); }
void Histogram::Observe(double value) const { histogram_->Observe(value); }

std::vector<double> LatencyBuckets() {
  return {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
          0.3,    0.5,    0.8,    1,     2,     3,     5,    10,   30,   120};
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter Metrics::GetCounter(absl::string_view name, absl::string_view help, const Labels& labels) {
  return Counter(&state_->counters.Get(*state_->registry, name, help).Add(labels));
}

Gauge Metrics::GetGauge(absl::string_view name, absl::string_view help, const Labels& labels) {
  return Gauge(&state_->gauges.Get(*state_->registry, name, help).Add(labels));
}

Histogram Metrics::GetHistogram(absl::string_view name, absl::string_view help,
                                const Labels& labels, const std::vector<double>& buckets) {
  return Histogram(&state_->histograms.Get(*state_->registry, name, help).Add(labels, buckets));
}

void Metrics::RemoveGauge(absl::string_view name, const Labels& labels) {
  prometheus::Family<prometheus::Gauge>& family = state_->gauges.Get(*state_->registry, name, "");
  // Adding what is there gives it back; what is not there is made, and removed again.
  family.Remove(&family.Add(labels));
}

std::string Metrics::Expose() const {
  return prometheus::TextSerializer().Serialize(state_->registry->Collect());
}

std::shared_ptr<prometheus::Registry> Metrics::registry() const { return state_->registry; }

}  // namespace weft::rpc
