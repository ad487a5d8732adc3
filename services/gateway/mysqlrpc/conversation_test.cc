#include "services/gateway/mysqlrpc/conversation.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/fabric/command_table.h"
#include "services/gateway/mysqlrpc/replies.h"
#include "services/gateway/mysqlrpc/testing/client.h"

namespace weft::gateway::mysqlrpc {
namespace {

using testing::Command;
using testing::ErrorText;
using testing::Packet;
using testing::Payloads;
using testing::Query;

class ConversationTest : public ::testing::Test {
 protected:
  explicit ConversationTest(bool asks_for_login = true)
      : conversation_({.connection_id = 5,
                       .scramble = "abcdefghijklmnopqrst",
                       .asks_for_login = asks_for_login}) {
    EXPECT_TRUE(std::holds_alternative<Send>(conversation_.Next()));
    conversation_.TakeOutput();
  }

  // Gives `bytes`; true when the next step is T.
  template <typename T>
  bool Leads(const std::string& bytes) {
    conversation_.Receive(bytes);
    step_ = conversation_.Next();
    return std::holds_alternative<T>(step_);
  }
  void LogIn() {
    ASSERT_TRUE(
        Leads<Login>(Packet(1, testing::LoginPayload("jon", "", testing::kUsualCapabilities))));
    conversation_.Admit();
    conversation_.TakeOutput();
  }
  std::vector<std::string> Sent() {
    sequences_.clear();
    return Payloads(conversation_.TakeOutput(), &sequences_);
  }
  // The error that `bytes` is answered with, "" for another answer.
  std::string ErrorOf(const std::string& bytes) {
    if (!Leads<Send>(bytes)) return "no answer";
    const std::vector<std::string> sent = Sent();
    return sent.size() == 1 ? ErrorText(sent[0]) : "";
  }

  Conversation conversation_;
  Step step_;
  std::vector<int> sequences_;
};

class OpenConversationTest : public ConversationTest {
 protected:
  OpenConversationTest() : ConversationTest(false) {}
};

TEST_F(ConversationTest, AsksWhetherTheUserMayComeIn) {
  ASSERT_TRUE(Leads<Login>(Packet(
      1, testing::LoginPayload("jon", "12345678901234567890", testing::kUsualCapabilities))));
  EXPECT_EQ(std::get<Login>(step_).user, "jon");
  EXPECT_EQ(std::get<Login>(step_).proof, "12345678901234567890");
  conversation_.Admit();
  EXPECT_TRUE(conversation_.is_ready());
  EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload()});
  EXPECT_EQ(sequences_, std::vector<int>{2});
}

TEST_F(ConversationTest, EndsAfterARefusal) {
  ASSERT_TRUE(
      Leads<Login>(Packet(1, testing::LoginPayload("jon", "", testing::kUsualCapabilities))));
  conversation_.Deny();
  EXPECT_TRUE(std::holds_alternative<End>(conversation_.Next()));
  EXPECT_EQ(ErrorText(Sent()[0]), "1044 42000 [Fabric] Access denied for user 'jon'");
  EXPECT_TRUE(Leads<End>(Query("CALL dump.servers()")));
}

TEST_F(ConversationTest, EndsAfterABadHandshake) {
  EXPECT_TRUE(Leads<End>(Packet(1, "nonsense")));
  EXPECT_EQ(ErrorText(Sent()[0]), "1043 42000 [Fabric] Bad handshake");
}

TEST_F(ConversationTest, ALoginOfMegabytesIsABadHandshake) {
  EXPECT_TRUE(Leads<End>(std::string("\xff\xff\xff\x01", 4)));
  EXPECT_EQ(ErrorText(Sent()[0]), "1043 42000 [Fabric] Bad handshake");
}

TEST_F(ConversationTest, NamesWhatAClientLacks) {
  EXPECT_TRUE(Leads<End>(Packet(1, testing::LoginPayload("jon", "", 0x200))));
  EXPECT_EQ(ErrorText(Sent()[0]), "1002 42000 [Fabric] Client needs CLIENT_MULTI_RESULTS set");
}

TEST_F(ConversationTest, ACommandBeforeTheLoginIsNotExecuted) {
  EXPECT_TRUE(Leads<End>(Query("CALL dump.servers()")));
}

TEST_F(OpenConversationTest, LetsEverybodyInWithoutAsking) {
  EXPECT_TRUE(Leads<Send>(Packet(1, testing::LoginPayload("", "", testing::kUsualCapabilities))));
  EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload()});
}

TEST_F(ConversationTest, AnswersAPing) {
  LogIn();
  EXPECT_TRUE(Leads<Send>(Command(0x0e)));
  EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload("MySQL Fabric")});
}

TEST_F(ConversationTest, AsksForTheExecutionOfACall) {
  LogIn();
  ASSERT_TRUE(Leads<Execute>(Query("CALL group.lookup_servers('g')")));
  EXPECT_EQ(std::get<Execute>(step_).statement.call,
            (fabric::Call{"group.lookup_servers", {{std::string("g")}}, {}}));
  EXPECT_TRUE(conversation_.may_send_rows());
  EXPECT_EQ(conversation_.table(), "group_lookup_servers");
  conversation_.Answer({"no such group", {}}, 3);
  EXPECT_TRUE(std::holds_alternative<Send>(conversation_.Next()));
  const std::string bytes = conversation_.TakeOutput();
  EXPECT_EQ(bytes, Conversation::Rows({"no such group", {}}, 3, "group_lookup_servers"));
  EXPECT_EQ(testing::RowFields(Payloads(bytes)[5])[2], "no such group");
  EXPECT_TRUE(std::holds_alternative<Read>(conversation_.Next()));
}

TEST_F(ConversationTest, ExecutesACallUnderAnyCommandButPrepare) {
  LogIn();
  ASSERT_TRUE(Leads<Execute>(Command(0x02, "CALL dump.servers()")));
  conversation_.RefuseUnknown();
  EXPECT_EQ(ErrorText(Sent()[0]), "1106 HY000 [Fabric] Unknown Fabric command");
  EXPECT_EQ(ErrorOf(Command(0x16, "CALL dump.servers()")),
            "1295 HY000 [Fabric] This command is not supported in the prepared statement protocol "
            "yet");
}

TEST_F(ConversationTest, SaysWhomACommandIsDeniedTo) {
  LogIn();
  ASSERT_TRUE(Leads<Execute>(Query("CALL group.create('g')")));
  conversation_.RefuseDenied("jon");
  EXPECT_EQ(ErrorText(Sent()[0]),
            "1370 42000 [Fabric] Execute command denied to user 'jon' for command 'group.create'");
}

TEST_F(ConversationTest, AnswersInTheSequenceOfTheClient) {
  LogIn();
  ASSERT_TRUE(Leads<Execute>(Packet(9,
                                    "\x03"
                                    "CALL dump.servers()")));
  EXPECT_FALSE(conversation_.may_send_rows());
  conversation_.Answer({}, 1);
  Sent();
  EXPECT_EQ(sequences_.front(), 10);
}

TEST_F(ConversationTest, SpeaksJsonOnceTold) {
  LogIn();
  EXPECT_TRUE(Leads<Send>(Query("SET format='json'")));
  EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload()});
  ASSERT_TRUE(Leads<Execute>(Query("CALL dump.servers()")));
  EXPECT_FALSE(conversation_.may_send_rows());
  conversation_.Answer({}, 1);
  EXPECT_TRUE(absl::StartsWith(testing::RowFields(Sent()[3])[0], "[["));
  // A pool that gives the connection to somebody else.
  EXPECT_TRUE(Leads<Send>(Command(0x1f)));
  Sent();
  ASSERT_TRUE(Leads<Execute>(Query("CALL dump.servers()")));
  EXPECT_TRUE(conversation_.may_send_rows());
}

TEST_F(ConversationTest, RefusesAnotherFormatWithOnePacket) {
  LogIn();
  EXPECT_EQ(ErrorOf(Query("SET format='xml'")),
            "1228 42000 [Fabric] Format 'xml' is not supported");
  EXPECT_TRUE(std::holds_alternative<Read>(conversation_.Next()));
}

TEST_F(ConversationTest, ShowsTheHelpOfACommand) {
  LogIn();
  EXPECT_TRUE(Leads<Send>(Query("SHOW CREATE PROCEDURE group.create")));
  const std::vector<std::string> sent = Sent();
  ASSERT_EQ(sent.size(), 5u);
  const std::string help = testing::RowFields(sent[3])[0];
  EXPECT_TRUE(absl::StartsWith(help, "group create group_id ")) << help;
  EXPECT_NE(help.find("\n\n"), std::string::npos);
  EXPECT_EQ(ErrorOf(Query("SHOW CREATE PROCEDURE no.such")),
            "1106 22000 [Fabric] Fabric command no.such does not exists");
  EXPECT_EQ(ErrorOf(Query("SHOW CREATE PROCEDURE x")),
            "1149 42000 [Fabric] You have an error in your SQL syntax");
}

TEST_F(ConversationTest, ListsAllCommandsAsRoutines) {
  LogIn();
  EXPECT_TRUE(Leads<Send>(Query("SELECT * FROM INFORMATION_SCHEMA.ROUTINES WHERE 1 = 0")));
  const std::vector<std::string> sent = Sent();
  ASSERT_EQ(sent.size(), 1 + 5 + 1 + fabric::Commands().size() + 1);
  EXPECT_TRUE(absl::StartsWith(sent[1],
                               "\x12"
                               "information_schema"
                               "\x12"
                               "information_schema"
                               "\x08"
                               "routines"));
  const fabric::Command& first = fabric::Commands().front();
  EXPECT_EQ(testing::RowFields(sent[7]),
            (std::vector<std::string>{first.method(), "fabric", first.group, first.name,
                                      "FABRIC_COMMAND"}));
}

TEST_F(ConversationTest, SaysOkToWhatItDoesNotKnow) {
  LogIn();
  for (const char* text : {"SET NAMES utf8", "SELECT 1", "USE x", "\xff", ""}) {
    EXPECT_TRUE(Leads<Send>(Query(text)));
    EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload()});
  }
}

TEST_F(ConversationTest, RefusesBytesThatAreNoText) {
  LogIn();
  EXPECT_EQ(ErrorOf(Query("CALL g.c('\xff')")),
            "1300 HY000 [Fabric] Invalid utf8 character string");
}

TEST_F(ConversationTest, APoolMayLogInAnewOnTheSameConnection) {
  LogIn();
  EXPECT_TRUE(Leads<Send>(Query("SET format='json'")));
  Sent();
  const std::string again(
      "ann\0\x03xyz"
      "fabric\0\x21\0",
      17);
  ASSERT_TRUE(Leads<Login>(Command(0x11, again)));
  EXPECT_EQ(std::get<Login>(step_).user, "ann");
  EXPECT_EQ(std::get<Login>(step_).proof, "xyz");
  conversation_.Admit();
  EXPECT_EQ(Sent(), std::vector<std::string>{OkPayload()});
  EXPECT_EQ(sequences_, std::vector<int>{1});
  ASSERT_TRUE(Leads<Execute>(Query("CALL dump.servers()")));
  EXPECT_TRUE(conversation_.may_send_rows());
}

TEST_F(ConversationTest, WhoFailsToLogInAnewIsOut) {
  LogIn();
  ASSERT_TRUE(Leads<Login>(Command(0x11, std::string("ann\0\0", 5))));
  conversation_.Deny();
  EXPECT_TRUE(std::holds_alternative<End>(conversation_.Next()));
  EXPECT_EQ(ErrorText(Sent()[0]), "1044 42000 [Fabric] Access denied for user 'ann'");
}

TEST_F(ConversationTest, ALoginAnewThatCannotBeReadEndsTheConnection) {
  LogIn();
  EXPECT_TRUE(Leads<End>(Command(0x11, "ann")));
  EXPECT_EQ(ErrorText(Sent()[0]), "1043 42000 [Fabric] Bad handshake");
}

TEST_F(ConversationTest, EndsWhenTheClientQuits) {
  LogIn();
  EXPECT_TRUE(Leads<End>(Command(0x01)));
  EXPECT_EQ(conversation_.TakeOutput(), "");
}

TEST_F(ConversationTest, EndsOnAPacketThatIsEmptyOrTooLong) {
  LogIn();
  Conversation other = conversation_;
  EXPECT_TRUE(Leads<End>(Packet(0, "")));
  EXPECT_EQ(ErrorText(Sent()[0]), "1047 08S01 [Fabric] Unknown command");
  other.Receive(Packet(0, std::string(kMaxCommandBytes + 1, 'x')).substr(0, 4));
  EXPECT_TRUE(std::holds_alternative<End>(other.Next()));
  EXPECT_EQ(ErrorText(Payloads(other.TakeOutput())[0]),
            "1153 08S01 [Fabric] Got a packet bigger than 'max_allowed_packet' bytes");
}

TEST_F(ConversationTest, AnswersWhatCameTogetherOneByOne) {
  LogIn();
  ASSERT_TRUE(Leads<Send>(Command(0x0e) + Command(0x19, "abcd") + Query("CALL dump.servers()")));
  EXPECT_EQ(Sent().size(), 1u);
  EXPECT_TRUE(std::holds_alternative<Execute>(conversation_.Next()));
}

TEST_F(ConversationTest, ThousandsOfPacketsThatWantNoAnswerAreReadInARow) {
  LogIn();
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += Command(0x19);
  EXPECT_TRUE(Leads<Read>(bytes));
  EXPECT_EQ(conversation_.pending(), 0u);
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
