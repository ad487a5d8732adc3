#include "services/controller/event_journal.h"

#include <atomic>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/controller/ports/memory_store.h"

namespace weft::controller {
namespace {

Event Saying(const std::string& text) {
  Event event;
  event.group = "g";
  event.kind = "decision";
  event.text = text;
  return event;
}

class EventJournalTest : public ::testing::Test {
 protected:
  EventJournalTest() {
    options_.retry = absl::Milliseconds(1);
    options_.dropped = [this](int count) { dropped_ += count; };
  }
  std::vector<std::string> Written() {
    std::vector<std::string> texts;
    const std::vector<Event> events = store_.ListEvents("g", 100, 0).value();
    for (const Event& event : events) {
      texts.insert(texts.begin(), event.text);
    }
    return texts;
  }

  std::atomic<int> dropped_ = 0;
  MemoryStore store_;
  EventJournal::Options options_;
};

using Texts = std::vector<std::string>;

TEST_F(EventJournalTest, WritesInOrder) {
  EventJournal journal(options_, &store_, RealClock::Get());
  journal.Append(Saying("one"));
  journal.Append(Saying("two"));
  ASSERT_TRUE(journal.Flush(absl::Seconds(5)));
  EXPECT_EQ(Written(), (Texts{"one", "two"}));
}

TEST_F(EventJournalTest, WhatStaysIsRecordedOnce) {
  EventJournal journal(options_, &store_, RealClock::Get());
  EXPECT_TRUE(journal.AppendChange("verdict", "uncertain", Saying("silent for 1 s")));
  EXPECT_FALSE(journal.AppendChange("verdict", "uncertain", Saying("silent for 2 s")));
  EXPECT_TRUE(journal.AppendChange("verdict", "dead", Saying("dead")));
  EXPECT_TRUE(journal.AppendChange("verdict", "uncertain", Saying("silent for 1 s again")));
  ASSERT_TRUE(journal.Flush(absl::Seconds(5)));
  EXPECT_EQ(Written(), (Texts{"silent for 1 s", "dead", "silent for 1 s again"}));
}

TEST_F(EventJournalTest, EventsWaitForAStoreThatIsDown) {
  EventJournal journal(options_, &store_, RealClock::Get());
  store_.SetUnavailable(true);
  journal.Append(Saying("one"));
  EXPECT_FALSE(journal.Flush(absl::Milliseconds(20)));
  store_.SetUnavailable(false);
  ASSERT_TRUE(journal.Flush(absl::Seconds(5)));
  EXPECT_EQ(Written(), Texts{"one"});
}

TEST_F(EventJournalTest, TheOldestAreDroppedAndCountedWhenTooManyWait) {
  options_.max_waiting = 2;
  EventJournal journal(options_, &store_, RealClock::Get());
  store_.SetUnavailable(true);
  for (const char* text : {"one", "two", "three", "four", "five"}) journal.Append(Saying(text));
  store_.SetUnavailable(false);
  ASSERT_TRUE(journal.Flush(absl::Seconds(5)));
  EXPECT_GE(dropped_, 2);
  const Texts written = Written();
  ASSERT_FALSE(written.empty());
  EXPECT_EQ(written.back().substr(0, 4), "five");
  EXPECT_NE(written.front().find("events before it were lost"), std::string::npos);
}

}  // namespace
}  // namespace weft::controller
