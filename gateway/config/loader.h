// The TOML text of a configuration to a validated Configuration, or everything that is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/config/configuration.h"
#include "gateway/config/problem.h"

namespace tidemark {

/// What the configuration's defaults take from the machine.
struct Surroundings {
  std::string host_name;              // the default of gateway.id
  std::string credentials_directory;  // what "%d" at the beginning of a file's path stands for; empty: unknown
};

using LoadResult = tl::expected<Configuration, std::vector<Problem>>;

/// `file` stands in the problems. All problems are found, in the order of the file; but of a text that is not TOML only
/// the first. Reads nothing but its arguments: files named in the configuration are not opened.
LoadResult load_configuration(std::string_view text, const std::string& file, const Surroundings& surroundings);

/// Reads the file and asks the system for the host's name and for systemd's $CREDENTIALS_DIRECTORY. A file that cannot
/// be read is a problem at 1:1.
LoadResult load_configuration_file(const std::string& path);

}  // namespace tidemark
