#include "services/provisioner/providers/transport.h"

#include "common/base/error_details.h"
#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

ProviderRecord At(const std::string& url, const Properties& extra = {}) {
  return {.id = "p", .type = "docker", .url = url, .extra = extra};
}

TEST(TransportTest, ReadsUrls) {
  EXPECT_EQ(TransportOf(At("http://host:2375/"), {})->base, "http://host:2375");
  EXPECT_EQ(TransportOf(At("https://[::1]:6443/prefix//"), {})->base, "https://[::1]:6443/prefix");
  EXPECT_EQ(TransportOf(At("tcp://host:2375"), {})->base, "http://host:2375");
  EXPECT_EQ(TransportOf(At("tcp://host:2376", {{"ca_file", "/ca.pem"}}), {})->base,
            "https://host:2376");
  const auto socket = TransportOf(At("unix:///run/docker.sock"), {});
  EXPECT_EQ(socket->options.unix_socket, "/run/docker.sock");
  EXPECT_EQ(socket->base, "http://localhost");
}

TEST(TransportTest, RefusesWhatIsNoUrlAndWhatWouldShowALogin) {
  for (const char* const url : {"", "host:2375", "ftp://host", "unix://run/docker.sock", "http://",
                                "http://a b", "http://host?x=1", "http://user:secret@host"}) {
    const absl::Status status = TransportOf(At(url), {}).status();
    EXPECT_EQ(ErrorReason(status), "BAD_PROVIDER") << url;
    EXPECT_EQ(DescribeError(status).find("secret"), std::string::npos);
  }
}

TEST(TransportTest, KnowsTheKeysOfTlsAndThoseOfTheType) {
  const Properties all = {{"ca_file", "a"}, {"certificate_file", "b"}, {"key_file", "c"}};
  const auto transport = TransportOf(At("https://host", all), {});
  EXPECT_EQ(transport->options.key_file, "c");
  EXPECT_TRUE(TransportOf(At("https://host", {{"namespace", "a"}}), {"namespace"}).ok());
  EXPECT_FALSE(TransportOf(At("https://host", {{"namespace", "a"}}), {}).ok());
  EXPECT_FALSE(TransportOf(At("https://host", {{"key_file", "c"}}), {}).ok());
}

}  // namespace
}  // namespace weft::provisioner
