#include "services/provisioner/dataset/late_keys.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

TEST(LateKeysTest, PlainKeysComeLaterInTheirOrder) {
  const KeysApart apart = TakeKeysApart(
      "CREATE TABLE `t` (\n"
      "  `id` int NOT NULL,\n"
      "  `a` int DEFAULT NULL COMMENT 'KEY `x`, a) FOREIGN',\n"
      "  PRIMARY KEY (`id`),\n"
      "  UNIQUE KEY `u` (`a`),\n"
      "  KEY `one` (`a`),\n"
      "  KEY `two` (`id`,`a` DESC) /*!80000 INVISIBLE */\n"
      ") ENGINE=InnoDB DEFAULT CHARSET=latin1\n"
      "/*!50100 PARTITION BY HASH (`id`)\n"
      "PARTITIONS 3 */");
  EXPECT_EQ(apart.create,
            "CREATE TABLE `t` (\n"
            "`id` int NOT NULL,\n"
            "`a` int DEFAULT NULL COMMENT 'KEY `x`, a) FOREIGN',\n"
            "PRIMARY KEY (`id`),\n"
            "UNIQUE KEY `u` (`a`)\n"
            ") ENGINE=InnoDB DEFAULT CHARSET=latin1\n"
            "/*!50100 PARTITION BY HASH (`id`)\n"
            "PARTITIONS 3 */");
  EXPECT_EQ(apart.add_keys,
            "ADD KEY `one` (`a`), ADD KEY `two` (`id`,`a` DESC) /*!80000 INVISIBLE */");
}

void ExpectWhole(const std::string& create) {
  const KeysApart apart = TakeKeysApart(create);
  EXPECT_EQ(apart.create, create);
  EXPECT_EQ(apart.add_keys, "");
}

TEST(LateKeysTest, TheCounterKeepsTheKeyItNeeds) {
  ExpectWhole(
      "CREATE TABLE `t` (\n  `a` int,\n  `n` int NOT NULL AUTO_INCREMENT,\n  KEY `k` (`n`)\n)");
}

TEST(LateKeysTest, ACounterWithAnotherKeyNeedsNoMore) {
  const KeysApart apart = TakeKeysApart(
      "CREATE TABLE `t` (\n  `n` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`n`),\n"
      "  KEY `k` (`n`)\n)");
  EXPECT_EQ(apart.add_keys, "ADD KEY `k` (`n`)");
}

// What only names the counter is none of its keys.
TEST(LateKeysTest, TheCounterKeepsItsOwnKeyBehindOnesThatMentionIt) {
  const KeysApart apart = TakeKeysApart(
      "CREATE TABLE `t` (\n"
      "  `i``d` int NOT NULL AUTO_INCREMENT,\n"
      "  `i` int DEFAULT NULL COMMENT 'once AUTO_INCREMENT',\n"
      "  PRIMARY KEY (`i`),\n"
      "  KEY `(``i``d`` ` (`i`),\n"
      "  KEY `next` ((`i``d` + 1)),\n"
      "  KEY `noted` (`i`) COMMENT '(`i``d`)',\n"
      "  KEY `own` (`i``d`,`i`)\n"
      ")");
  EXPECT_TRUE(absl::StrContains(apart.create, "KEY `own` (`i``d`,`i`)")) << apart.create;
  EXPECT_EQ(apart.add_keys, "");
  const KeysApart after = TakeKeysApart(
      "CREATE TABLE `t` (\n"
      "  `id` int NOT NULL AUTO_INCREMENT,\n"
      "  KEY `own` (`id`),\n"
      "  KEY `next` ((`id` + 1)),\n"
      "  KEY `noted` (`a`) COMMENT '(`id`)'\n"
      ")");
  EXPECT_EQ(after.add_keys, "ADD KEY `next` ((`id` + 1)), ADD KEY `noted` (`a`) COMMENT '(`id`)'");
}

TEST(LateKeysTest, OrderIsKeptBeforeOneThatStays) {
  const KeysApart apart = TakeKeysApart(
      "CREATE TABLE `t` (\n  `g` geometry,\n  KEY `a` (`x`),\n  SPATIAL KEY `s` (`g`),\n"
      "  KEY `b` (`x`)\n)");
  EXPECT_EQ(apart.create,
            "CREATE TABLE `t` (\n`g` geometry,\nKEY `a` (`x`),\nSPATIAL KEY `s` (`g`)\n)");
  EXPECT_EQ(apart.add_keys, "ADD KEY `b` (`x`)");
}

TEST(LateKeysTest, ForeignKeysKeepAllKeys) {
  ExpectWhole(
      "CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`),\n"
      "  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`)\n)");
}

TEST(LateKeysTest, WhatIsNotUnderstoodIsLeftAlone) {
  ExpectWhole("CREATE TABLE `t` (\n  `a` int,\n  KEY `a` (`a`)");
  ExpectWhole("CREATE TABLE `t` (\n  `a\nb` int,\n  KEY `a` (`a\nb`)\n)");
  ExpectWhole("CREATE TABLE `t` (`a` int)");
}

}  // namespace
}  // namespace weft::provisioner
