// Every method of the API has a right, and nothing else has.
#include "common/access/rpc_rights.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/access/testing/api_methods.h"

namespace weft::access {
namespace {

TEST(RpcRightsTest, EveryMethodHasOneAndNothingElseHas) {
  std::set<std::string> methods;
  for (const google::protobuf::MethodDescriptor* method : ApiMethods()) {
    methods.insert(FullMethod(*method));
    EXPECT_TRUE(RightOf(FullMethod(*method)).has_value())
        << FullMethod(*method) << " needs a row in rpc_rights.cc";
  }
  std::set<std::string> rows;
  for (const MethodRight& row : AllMethodRights()) {
    EXPECT_TRUE(rows.emplace(row.method).second) << row.method << " twice";
    EXPECT_FALSE(row.right.component.empty() || row.right.command.empty()) << row.method;
  }
  EXPECT_EQ(rows, methods);
}

TEST(RpcRightsTest, WhatIsNoMethodMayBeCalledByNobody) {
  EXPECT_FALSE(RightOf("/weft.v1.Groups/Nonesuch").has_value());
  EXPECT_FALSE(RightOf("").has_value());
}

}  // namespace
}  // namespace weft::access
