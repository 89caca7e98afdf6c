// A configuration read for a command, or its problems said.
#pragma once

#include <optional>
#include <string>

#include "gateway/admin/server.h"
#include "gateway/config/configuration.h"
#include "gateway/mqtt/settings.h"
#include "gateway/pipeline/pipeline.h"
#include "gateway/uplink/uplink.h"

namespace tidemark {

inline constexpr int kExitBadConfiguration = 2;

/// `status`, or 1 when what was printed has not gone out: then a success would be believed that nobody has seen.
int after_output(int status);

/// Nullopt: every problem has been written to standard error.
std::optional<Configuration> read_configuration(const std::string& path);

AdminSettings admin_settings(const Configuration& configuration, const std::string& token);
MqttSettings mqtt_settings(const Configuration& configuration);
/// Secrets are read from their files now.
Result<ProducerSettings, KafkaError> producer_settings(const Configuration& configuration);
/// Refers to the configuration. Requires [kafka].
UplinkSettings uplink_settings(const Configuration& configuration);
PipelineSettings pipeline_settings(const Configuration& configuration);

}  // namespace tidemark
