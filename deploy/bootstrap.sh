#!/usr/bin/env bash
# Sets GLI up in this checkout: system packages, a virtual environment, a release build, the gli package in it. Asks nothing; does only what
# is not yet done, so a second run is quick.
#
#   deploy/bootstrap.sh          what `gli` needs
#   deploy/bootstrap.sh wheel    a wheel of it in build/wheel, instead of an installation
#   deploy/bootstrap.sh tests    and what the tests need
#   deploy/bootstrap.sh ci       and what the fuzzers need, and the tests of launchers, metrics and the page: a real Slurm, promtool, Chromium
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-}
tests=; case $what in tests | ci) tests=yes ;; esac
packages=(g++ cmake ninja-build ccache pkg-config python3 python3-dev python3-venv capnproto libcapnp-dev libcaf-dev libtbb-dev libxxhash-dev
          liblmdb-dev libboost-dev libspdlog-dev libcli11-dev nlohmann-json3-dev prometheus-cpp-dev libssl-dev zlib1g-dev libzstd-dev libre2-dev)
[ -z "$tests" ] || packages+=(libgtest-dev librapidcheck-dev)
[ "$what" != ci ] || packages+=(clang libclang-rt-dev slurm-wlm munge iproute2 prometheus chromium systemd)
[ "$what" != ci ] || command -v kubectl >/dev/null || packages+=(kubernetes-client) # which conflicts with others' kubectl

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

missing_packages() {
  if command -v dpkg-query >/dev/null; then
    for p in "${packages[@]}"; do
      dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
    done
  else
    printf '%s\n' "${packages[@]}"
  fi
}

install_packages() {
  local missing=("$@") root=()
  if ! command -v apt-get >/dev/null; then
    # Elsewhere the names differ: what cannot be found by the compiler's own means is for the user to install.
    command -v cmake >/dev/null && command -v capnp >/dev/null && command -v g++ >/dev/null && return
    printf 'bootstrap: this system has no apt. Install what these Debian packages hold, then run this again:\n' >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "bootstrap: not root and no sudo. As root: apt-get install ${missing[*]}" >&2; exit 1; }
    root=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >build/apt.log 2>&1 ||
    { tail -n 5 build/apt.log >&2; exit 1; }
}

# True when $1 is missing or older than any of the files that it is made from.
outdated() {
  local stamp=$1; shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -type f -not -path '*/__pycache__/*' -print -quit)" ]
}

mkdir -p build
mapfile -t missing < <(missing_packages)
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

# Debian's own interpreter: the one that python3-dev belongs to.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
[ -x .venv/bin/python ] || { say "Making a virtual environment in .venv"; "$python" -m venv .venv; }
pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)

if outdated build/requirements.stamp pyproject.toml; then
  say "Installing Python packages from PyPI"
  "${pip[@]}" 'scikit-build-core>=0.10' 'pybind11>=2.12'
  touch build/requirements.stamp
fi

if [ "$what" = wheel ]; then
  say "Building a wheel (a few minutes; log in build/build.log)"
  .venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings=build-dir=build/release \
    --wheel-dir build/wheel . >build/build.log 2>&1 || { tail -n 30 build/build.log >&2; exit 1; }
  exit
fi

sources=(CMakeLists.txt cmake runtime storage partitions coordinator deploy/*.cpp deploy/*.h deploy/CMakeLists.txt python pyproject.toml)
if outdated build/install.stamp "${sources[@]}"; then
  say "Building GLI (a few minutes the first time; log in build/build.log)"
  "${pip[@]}" --no-build-isolation --config-settings=build-dir=build/release . >build/build.log 2>&1 || { tail -n 30 build/build.log >&2; exit 1; }
  touch build/install.stamp
fi

if [ -n "$tests" ]; then
  if outdated build/test-requirements.stamp pyproject.toml; then
    say "Installing the tests' Python packages"
    .venv/bin/python - >build/test-requirements.txt <<'PY'
import tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["test"]))
PY
    "${pip[@]}" -r build/test-requirements.txt
    touch build/test-requirements.stamp
  fi
  if [ "$what" = ci ] && outdated build/fuzz-requirements.stamp pyproject.toml; then
    say "Installing the fuzzers' Python packages"
    .venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["fuzz"], sep="\n")' \
      >build/fuzz-requirements.txt
    "${pip[@]}" -r build/fuzz-requirements.txt
    touch build/fuzz-requirements.stamp
  fi
  say "Building the C++ tests"
  { cmake -DGLI_TESTS=ON build/release && cmake --build build/release; } >build/tests.log 2>&1 || { grep -E 'error|FAILED' build/tests.log | head -n 30 >&2; exit 1; }
fi
