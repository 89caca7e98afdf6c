# Sourced by ./demo and ./check: Debian packages and the build. Says what it does before it does it.
# shellcheck shell=bash

readonly tidemark_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# What a build needs; ./check adds its own tools.
build_packages=(
  g++ cmake ninja-build ccache pkg-config git python3 mosquitto
  libboost1.81-dev libpaho-mqttpp-dev libpaho-mqtt-dev libsqlite3-dev libflatbuffers-dev flatbuffers-compiler
  libsimdjson-dev libexpected-dev libtomlplusplus-dev libcli11-dev libfmt-dev libspdlog-dev libssl-dev libzstd-dev
  librdkafka-dev libxxhash-dev libcbor-dev zlib1g-dev prometheus-cpp-dev doctest-dev libbenchmark-dev
)

# What the tests with a real Kafka need. Kafka itself is no Debian package: tests/system/kafka/fetch.py gets it.
kafka_packages=(openjdk-17-jre-headless maven kcat openssl)

# fetch_kafka: gets Kafka if it is not there. Without it the tests that need it are skipped, so that failing is no error.
fetch_kafka() {
  python3 "$tidemark_root/tests/system/kafka/fetch.py" >/dev/null || echo "The tests with Kafka will be skipped." >&2
}

say() { printf '\n== %s\n' "$*"; }

# install_packages NAME...: those that are missing, by apt. Needs root or sudo only if something is missing.
install_packages() {
  local name missing=()
  for name in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" == installed ]] || missing+=("$name")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local become=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || {
      echo "Not root, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
      return 1
    }
    become=(sudo)
  fi
  "${become[@]}" apt-get update -qq &&
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# build_preset PRESET [TARGET...]: configures when needed and builds. The output goes to build/PRESET.log and is shown
# only when something fails.
build_preset() {
  local preset=$1 log="$tidemark_root/build/$1.log" jobs
  shift
  jobs=${TIDEMARK_JOBS:-$(nproc)}
  mkdir -p "$tidemark_root/build"
  say "Building ${preset}${*:+: $*} (${jobs} jobs; build/${preset}.log)"
  (
    cd "$tidemark_root" &&
      cmake --preset "$preset" &&
      cmake --build --preset "$preset" --parallel "$jobs" ${*:+--target "$@"}
  ) >"$log" 2>&1 || {
    grep -E -A5 'error|FAILED|CMake Error' "$log" | tail -60 >&2 || tail -60 "$log" >&2
    echo "The build of ${preset} failed: ${log}" >&2
    return 1
  }
}
