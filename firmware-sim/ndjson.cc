#include "firmware-sim/ndjson.h"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace firmware_sim {
namespace {

constexpr std::size_t kChunk = 65'536;

std::string reason_of(gzFile file) {
  int code = Z_OK;
  const char* text = gzerror(file, &code);
  return code == Z_ERRNO ? std::strerror(errno) : text;
}

GzipFile open_gzip(const std::string& path, const char* mode, int standard) {
  // zlib closes what it is given, so a standard stream is lent as a copy.
  return GzipFile(path == "-" ? gzdopen(::dup(standard), mode) : gzopen(path.c_str(), mode));
}

}  // namespace

void CloseGzip::operator()(gzFile_s* file) const {
  gzclose(file);
}

Result<LineReader> LineReader::open(const std::string& path) {
  LineReader reader;
  reader.path_ = path;
  reader.file_ = open_gzip(path, "rb", STDIN_FILENO);
  if (!reader.file_) {
    return fail(SimError::file, fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
  }
  gzbuffer(reader.file_.get(), kChunk);
  return reader;
}

Result<std::optional<std::string_view>> LineReader::next() {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string_view line(buffer_.data() + begin_, end - begin_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      begin_ = end + 1;
      ++line_number_;
      return line;
    }
    if (at_end_) {
      if (begin_ == buffer_.size()) return std::nullopt;
      const std::string_view line(buffer_.data() + begin_, buffer_.size() - begin_);
      begin_ = buffer_.size();
      ++line_number_;
      return line;
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    buffer_.resize(searched + kChunk);
    const int read = gzread(file_.get(), buffer_.data() + searched, kChunk);
    if (read < 0) {
      return fail(SimError::file,
                  fmt::format("{}: cannot be read after line {}: {}", path_, line_number_, reason_of(file_.get())));
    }
    buffer_.resize(searched + static_cast<std::size_t>(read));
    if (read == 0) {
      at_end_ = true;
      // A packed file that was cut off ends like a whole one, but zlib remembers.
      int code = Z_OK;
      gzerror(file_.get(), &code);
      if (code != Z_OK) {
        return fail(SimError::file, fmt::format("{}: the packed file is cut off after line {}", path_, line_number_));
      }
    }
  }
}

Result<Recorder> Recorder::create(const std::string& path) {
  Recorder recorder;
  recorder.path_ = path;
  // "T": not packed.
  recorder.file_ = open_gzip(path, path.ends_with(".gz") ? "wb6" : "wbT", STDOUT_FILENO);
  if (!recorder.file_) {
    return fail(SimError::file, fmt::format("{}: cannot be created: {}", path, std::strerror(errno)));
  }
  gzbuffer(recorder.file_.get(), kChunk);
  return recorder;
}

Result<void> Recorder::put(const Message& message, std::int64_t at_ms) {
  line_.assign("{\"topic\":");
  append_json_string(line_, message.identity->topic);
  line_.append(",\"payload\":");
  // Damaged payloads are no JSON, and very deep ones are more than many a reader of such a file bears.
  const bool object =
      message.model->layout != Layout::scalar && message.fault != "malformed" && message.fault != "deep";
  if (object) {
    line_.append(message.payload);
  } else {
    append_json_string(line_, message.payload);
  }
  line_.append(",\"at\":");
  append_integer(line_, at_ms);
  if (message.retained) line_.append(",\"retain\":true");
  line_.append("}\n");
  const auto written = gzwrite(file_.get(), line_.data(), static_cast<unsigned>(line_.size()));
  if (written != static_cast<int>(line_.size())) {
    return fail(SimError::file, fmt::format("{}: cannot be written: {}", path_, reason_of(file_.get())));
  }
  return {};
}

Result<void> Recorder::finish() {
  if (gzclose(file_.release()) != Z_OK) {
    return fail(SimError::file, fmt::format("{}: cannot be written to its end: {}", path_, std::strerror(errno)));
  }
  return {};
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace firmware_sim
