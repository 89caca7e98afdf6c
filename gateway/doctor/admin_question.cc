#include "gateway/doctor/admin_question.h"

#include "gateway/log/http_log.h"

namespace tidemark::doctor {
namespace {

/// Thousands of streams make megabytes of metrics.
constexpr std::uint64_t kMostBytes = 64ull << 20;

AdminSilence silence_of(HttpError error) {
  switch (error) {
    case HttpError::nobody:
      return AdminSilence::nobody;
    case HttpError::silent:
      return AdminSilence::hung;
    case HttpError::broken:
      break;
  }
  return AdminSilence::broken;
}

}  // namespace

Result<HttpAnswer, AdminSilence> ask_admin(const LogPlace& place, const std::string& path, Duration limit) {
  auto answer = ask_http(http_place(place), {HttpRequest::Verb::get, path, place.token}, {limit, limit, kMostBytes});
  if (!answer) return fail(silence_of(answer.error().code), answer.error().context);
  return *std::move(answer);
}

}  // namespace tidemark::doctor
