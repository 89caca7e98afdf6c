#include "gateway/log/http_log.h"

#include <span>
#include <utility>

#include "edge/bytes/byte_reader.h"
#include "edge/event/event.h"

namespace tidemark {
namespace {

constexpr std::size_t kRowHeader = 12;

}  // namespace

HttpPlace http_place(const LogPlace& place) {
  if (place.kind == LogPlace::Kind::unix_socket) return {place.path, {}, 0};
  return {{}, place.host, place.port};
}

class HttpLog::Answer {
 public:
  explicit Answer(const LogPlace& place) : place_(place), exchange_(http_place(place), {}) {}

  Result<void, LogError> ask(std::uint64_t from) {
    if (const auto connected = exchange_.connect(); !connected) {
      return fail(LogError::no_answer, to_string(place_) + ": " + connected.error().context +
                                           "; is the appliance running, and is this its admin.listen?");
    }
    const auto answer =
        exchange_.ask({HttpRequest::Verb::get, (place_.parked ? "/parked?from=" : "/log?from=") + std::to_string(from),
                       place_.token});
    if (!answer) return fail(LogError::no_answer, to_string(place_) + ": " + answer.error().context);
    const unsigned status = *answer;
    if (status == 401) {
      return fail(LogError::refused, to_string(place_) +
                                         (place_.token.empty() ? " asks for a token" : " does not take this token") +
                                         "; name a file of the token that its admin.token_file holds: --token-file "
                                         "with --log, or admin.token_file in the file of --config");
    }
    if (status != 200) {
      return fail(LogError::refused, to_string(place_) + " answers with status " + std::to_string(status) +
                                         " and no log; is it Tidemark's admin.listen?");
    }
    return {};
  }

  /// Rows that have come whole, at most about `max_bytes`; reads on while there are none. Empty: the end of the answer.
  Result<std::vector<LogRow>, LogError> rows(std::uint64_t from, std::uint64_t max_bytes) {
    std::vector<LogRow> rows;
    std::uint64_t bytes = 0;
    while (bytes < max_bytes) {
      if (const auto taken = take_row(from, rows); !taken)
        return tl::unexpected(taken.error());
      else if (*taken) {
        from = rows.back().position + 1;
        bytes += rows.back().event.bytes.size();
      } else if (ended_) {
        if (used_ != body_.size()) return cut_off("it ends within a row");
        break;
      } else if (const auto more = read_more(); !more) {
        return cut_off(more.error().context);
      }
    }
    return rows;
  }

 private:
  Result<void, HttpError> read_more() {
    body_.erase(0, used_);
    used_ = 0;
    const std::size_t had = body_.size();
    body_.resize(had + kPiece);
    const auto size = exchange_.read(std::span(body_).subspan(had));
    if (!size) return tl::unexpected(size.error());
    body_.resize(had + *size);
    ended_ = *size < kPiece;
    return {};
  }

  /// False: it has not come whole yet.
  Result<bool, LogError> take_row(std::uint64_t from, std::vector<LogRow>& rows) {
    const std::string_view rest = std::string_view(body_).substr(used_);
    if (rest.size() < kRowHeader) return false;
    ByteReader in(rest);
    LogRow row;
    row.position = in.u64();
    const std::uint32_t size = in.u32();
    if (row.position < from || size > kMaxEventBytes) {
      return fail(LogError::damaged, to_string(place_) + " sends what is not a log");
    }
    if (rest.size() - kRowHeader < size) return false;
    row.event.bytes = in.raw(size);
    if (const auto header = decode_header(row.event.bytes)) {
      row.event.epoch = header->epoch;
      row.event.sequence = header->sequence;
    }
    used_ += kRowHeader + size;
    rows.push_back(std::move(row));
    return true;
  }

  [[nodiscard]] tl::unexpected<Failure<LogError>> cut_off(const std::string& why) const {
    return fail(LogError::no_answer,
                to_string(place_) + ": the log broke off (" + why + "); what was read of it is kept");
  }

  static constexpr std::size_t kPiece = 256 * 1024;

  const LogPlace& place_;
  HttpExchange exchange_;
  std::string body_;
  std::size_t used_ = 0;  // of body_
  bool ended_ = false;    // nothing comes behind body_
};

HttpLog::HttpLog(LogPlace place) : place_(std::move(place)) {}

HttpLog::~HttpLog() = default;

Result<std::vector<LogRow>, LogError> HttpLog::read(std::uint64_t from, std::uint64_t max_bytes) {
  if (!answer_ || next_ != from) {
    answer_ = std::make_unique<Answer>(place_);
    if (auto asked = answer_->ask(from); !asked) {
      answer_.reset();
      return tl::unexpected(asked.error());
    }
  }
  auto rows = answer_->rows(from, max_bytes);
  if (!rows || rows->empty()) {
    // At the end of an answer the next read asks anew: more may have come since.
    answer_.reset();
  } else {
    next_ = rows->back().position + 1;
  }
  return rows;
}

}  // namespace tidemark
