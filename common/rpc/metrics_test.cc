#include "common/rpc/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace weft::rpc {
namespace {

bool Exposes(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.Expose()).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsTest, PrefixesNamesAndKeepsLabels) {
  Metrics metrics;
  metrics.GetCounter("promotions_total", "Promotions.", {{"group", "g1"}}).Increment();
  metrics.GetGauge("group_epoch", "Epoch.").Set(7);
  EXPECT_TRUE(Exposes(metrics, "weft_promotions_total{group=\"g1\"} 1")) << metrics.Expose();
  EXPECT_TRUE(Exposes(metrics, "# HELP weft_promotions_total Promotions."));
  EXPECT_TRUE(Exposes(metrics, "weft_group_epoch 7"));
}

TEST(MetricsTest, TheSameNameAndLabelsGiveTheSameSeries) {
  Metrics metrics;
  metrics.GetCounter("lookups_total", "Lookups.", {{"kind", "a"}}).Increment();
  metrics.GetCounter("lookups_total", "Another help.", {{"kind", "a"}}).Increment(2);
  EXPECT_EQ(metrics.GetCounter("lookups_total", "", {{"kind", "a"}}).Value(), 3);
  EXPECT_EQ(metrics.GetCounter("lookups_total", "", {{"kind", "b"}}).Value(), 0);
}

TEST(MetricsTest, HistogramsCountSecondsInBuckets) {
  Metrics metrics;
  const Histogram histogram = metrics.GetHistogram("probe_seconds", "Probes.", {}, {0.1, 1});
  histogram.Observe(absl::Milliseconds(50));
  histogram.Observe(0.5);
  EXPECT_TRUE(Exposes(metrics, "weft_probe_seconds_bucket{le=\"0.1\"} 1")) << metrics.Expose();
  EXPECT_TRUE(Exposes(metrics, "weft_probe_seconds_count 2"));
}

TEST(MetricsTest, ARemovedGaugeIsNoLongerShown) {
  Metrics metrics;
  metrics.GetGauge("server_up", "Up.", {{"server", "a"}}).Set(1);
  metrics.GetGauge("server_up", "Up.", {{"server", "b"}}).Set(1);
  metrics.RemoveGauge("server_up", {{"server", "a"}});
  metrics.RemoveGauge("server_up", {{"server", "never seen"}});
  EXPECT_FALSE(Exposes(metrics, "weft_server_up{server=\"a\"} 1"));
  EXPECT_TRUE(Exposes(metrics, "weft_server_up{server=\"b\"} 1"));
}

TEST(MetricsTest, LatencyBucketsAscend) {
  const std::vector<double> buckets = LatencyBuckets();
  for (size_t i = 1; i < buckets.size(); ++i) EXPECT_LT(buckets[i - 1], buckets[i]);
}

TEST(MetricsTest, ThreadsShareASeries) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      for (int k = 0; k < 100; ++k) metrics.GetCounter("shared_total", "Shared.").Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.GetCounter("shared_total", "").Value(), 400);
}

}  // namespace
}  // namespace weft::rpc
