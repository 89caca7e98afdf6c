// The [kafka] table.
#pragma once

#include <toml++/toml.h>

#include "gateway/config/configuration.h"
#include "gateway/config/problem.h"

namespace tidemark {

/// What is wrong is put on `problems`.
KafkaConfiguration load_kafka(const toml::table& table, ProblemList& problems);

}  // namespace tidemark
