#include "services/provisioner/dataset/late_keys.h"

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
