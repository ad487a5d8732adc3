#pragma once
// Counters, gauges and histograms of a process, served as /metrics. Names get the prefix "weft_",
// base units (seconds, bytes), labels of few values (a group or a server is fine, a transaction is
// not).
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace weft::rpc {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  void Increment(double by = 1.0) const;
  double Value() const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter* counter) : counter_(counter) {}
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  void Set(double value) const;
  void Increment(double by = 1.0) const;
  double Value() const;

 private:
  friend class Metrics;
  explicit Gauge(prometheus::Gauge* gauge) : gauge_(gauge) {}
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  void Observe(double value) const;
  void Observe(absl::Duration value) const { Observe(absl::ToDoubleSeconds(value)); }

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram* histogram) : histogram_(histogram) {}
  prometheus::Histogram* histogram_;
};

// Bounds in seconds for promises from 0.1 ms to two minutes.
std::vector<double> LatencyBuckets();

// Thread safe. What it hands out is a small value that stays good as long as this object lives;
// asking twice for the same name and labels gives the same series. Keep hot ones in a member: a
// lookup takes a lock.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `name` without the prefix: "promotions_total" becomes weft_promotions_total. `help` is a
  // sentence; the first one given for a name stays.
  Counter GetCounter(absl::string_view name, absl::string_view help, const Labels& labels = {});
  Gauge GetGauge(absl::string_view name, absl::string_view help, const Labels& labels = {});
  Histogram GetHistogram(absl::string_view name, absl::string_view help, const Labels& labels = {},
                         const std::vector<double>& buckets = LatencyBuckets());

  // Drops the gauge series with these labels: a server or group that is gone must not stay on a
  // graph. Copies of the Gauge must not be used afterwards.
  void RemoveGauge(absl::string_view name, const Labels& labels);

  // The text that /metrics would show now.
  std::string Expose() const;

  std::shared_ptr<prometheus::Registry> registry() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::rpc
