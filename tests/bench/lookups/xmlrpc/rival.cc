// The rival of the gateway's XML-RPC: libmicrohttpd with nothing around it. Reads a request's body,
// drops it, and answers the bytes of a file.
//   rival FILE    prints its port; ends with stdin
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

MHD_Result Answer(void* response, MHD_Connection* connection, const char*, const char*, const char*,
                  const char*, size_t* size, void** context) {
  if (*context == nullptr) {
    *context = response;
    return MHD_YES;
  }
  if (*size > 0) {
    *size = 0;
    return MHD_YES;
  }
  return MHD_queue_response(connection, MHD_HTTP_OK, static_cast<MHD_Response*>(response));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: rival FILE\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string body(std::istreambuf_iterator<char>(file), {});
  MHD_Response* const response =
      MHD_create_response_from_buffer(body.size(), body.data(), MHD_RESPMEM_PERSISTENT);
  MHD_add_response_header(response, "Content-Type", "text/xml");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MHD_Daemon* const daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &Answer, response,
      MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&address),
      MHD_OPTION_CONNECTION_LIMIT, 8192u, MHD_OPTION_END);
  if (daemon == nullptr) {
    std::cerr << "rival: cannot listen\n";
    return 1;
  }
  std::cout << MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  MHD_stop_daemon(daemon);
  MHD_destroy_response(response);
  return EXIT_SUCCESS;
}
