#include "gateway/admin/client.h"

namespace tidemark {
namespace {

constexpr Duration kSilence = seconds(10);
constexpr std::uint64_t kMostBytes = 8ull << 20;

HttpPlace place_of(const AdminSettings& appliance) {
  // What listens on every address is asked on its own machine.
  const std::string& host = appliance.address;
  return {appliance.unix_path, host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host, appliance.port};
}

}  // namespace

Result<HttpAnswer, AdminError> post_to_appliance(const AdminSettings& appliance, const std::string& path) {
  auto answer = ask_http(place_of(appliance), {HttpRequest::Verb::post, path, appliance.token},
                         {kSilence, std::nullopt, kMostBytes});
  if (!answer) {
    const std::string where = appliance.unix_path.empty() ? appliance.address + ":" + std::to_string(appliance.port)
                                                          : "unix:" + appliance.unix_path;
    return fail(AdminError::listen, "admin.listen = \"" + where + "\": " + answer.error().context);
  }
  return *std::move(answer);
}

}  // namespace tidemark
