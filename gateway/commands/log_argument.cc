#include "gateway/commands/log_argument.h"

#include <cstdio>

#include "gateway/commands/configured.h"

namespace tidemark {
namespace {

LogPlace admin_place(const AdminConfiguration& admin) {
  LogPlace place;
  if (!admin.unix_path.empty()) {
    place.kind = LogPlace::Kind::unix_socket;
    place.path = admin.unix_path;
  } else {
    place.kind = LogPlace::Kind::tcp;
    // Who listens on every address is reached on the machine's own.
    place.host = admin.address == "0.0.0.0" ? "127.0.0.1" : admin.address == "::" ? "::1" : admin.address;
    place.port = admin.port;
  }
  // Without it the appliance says that it wants one.
  place.token = read_token(admin.token_file).value_or("");
  return place;
}

}  // namespace

std::optional<OpenedLog> open_log_argument(const LogCommand& command, bool only_running, int& exit) {
  OpenedLog opened;
  std::string nobody;  // where an appliance was looked for in vain
  exit = 1;
  const auto refuse = [](const Failure<LogError>& failure) {
    std::fprintf(stderr, "%s\n", failure.context.c_str());
    return std::nullopt;
  };
  if (command.configuration.empty()) {
    const auto place = parse_log_place(command.log);
    if (!place) return refuse(place.error());
    opened.place = *place;
    const auto token = read_token(command.token_file);
    if (!token) {
      std::fprintf(stderr, "--token-file %s: no token can be read from it; put one into its first line\n",
                   command.token_file.c_str());
      return std::nullopt;
    }
    opened.place.token = *token;
    if (only_running && place->kind == LogPlace::Kind::file) {
      std::fprintf(stderr,
                   "--follow needs a running appliance: a file that nobody writes does not go on; use --config or "
                   "--log http://HOST:PORT or unix:PATH\n");
      return std::nullopt;
    }
  } else {
    opened.configuration = read_configuration(command.configuration);
    if (!opened.configuration) {
      exit = kExitBadConfiguration;
      return std::nullopt;
    }
    opened.place = admin_place(opened.configuration->admin);
    if (!only_running) {
      // Whether somebody listens shows by asking.
      auto running = open_log(opened.place);
      if (running) {
        const auto asked = (*running)->read(1, 1);
        if (!asked && asked.error().code == LogError::no_answer) {
          nobody = "nobody answers at " + to_string(opened.place) + ", so its state file was looked at: ";
          opened.place = {LogPlace::Kind::file, opened.configuration->gateway.state, {}, 0, {}};
        } else if (!asked) {
          return refuse(asked.error());
        }
      }
    }
  }
  auto source = open_log(opened.place);
  if (!source) {
    std::fputs(nobody.c_str(), stderr);
    return refuse(source.error());
  }
  opened.source = std::move(*source);
  return opened;
}

}  // namespace tidemark
