#!/usr/bin/env bash
# Installs the peers of `npm run test:interop`: real servers and clients of the field, each in a folder of the cache
# ($WIREBENCH_CACHE, else ~/.cache/wirebench-interop), in the versions named here. Safe to run again: what is there is kept.
#
#   install.sh [PEER …]     clients, triton, ghz, mlserver, kserve, mosquitto; all of them when none is named
#
# Needs Python 3.11 and Go; on Debian it installs missing system packages when it runs as root. A peer that cannot be had is
# an error.
set -euo pipefail
cache="${WIREBENCH_CACHE:-$HOME/.cache/wirebench-interop}"
mkdir -p "$cache"
cache="$(cd "$cache" && pwd)"
here="$(cd "$(dirname "$0")" && pwd)"
[ $# -gt 0 ] || set -- clients triton ghz mlserver kserve mosquitto

fail() { echo "test:interop: $1" >&2; exit 1; }

# system_package PACKAGE: a Debian package, unless it is there.
system_package() {
  command -v dpkg >/dev/null && dpkg -s "$1" >/dev/null 2>&1 && return
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || fail "the system package $1 is missing"
  if [ -z "${lists:-}" ]; then apt-get update -qq; lists=read; fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null || fail "$1 could not be installed"
}

# installed PEER VERSION: whether the cache has this peer in this version; else it begins an empty folder for it.
installed() {
  [ "$(cat "$cache/$1/.version" 2>/dev/null)" = "$2" ] && return
  echo "installing $1 ($2)" >&2
  rm -rf "${cache:?}/$1"
  mkdir -p "$cache/$1"
  return 1
}
finished() { echo "$2" > "$cache/$1/.version"; }

# python_environment PEER: the packages of peers/PEER.txt in a virtual environment.
python_environment() {
  command -v python3.11 >/dev/null || fail "python3.11 is missing"
  local version
  version="$(sha256sum < "$here/peers/$1.txt" | cut -c1-12)"
  installed "$1" "$version" && return
  python3.11 -m venv "$cache/$1" || fail "no virtual environment for $1 (python3-venv?)"
  "$cache/$1/bin/python" -m pip install -q --no-compile --no-deps -r "$here/peers/$1.txt" || fail "$1 could not be installed"
  finished "$1" "$version"
}

for peer in "$@"; do
  case $peer in
  # tritonclient, whose wheel carries perf_analyzer (2.49 is the newest that runs on glibc 2.36), the CUDA runtime that
  # perf_analyzer links, and a TensorFlow Serving client with the real messages and without TensorFlow.
  clients)
    system_package libb64-0d
    python_environment clients
    ;;
  # NVIDIA Triton out of PyTriton's wheel: its Python backend, on the CPU.
  triton)
    system_package libpython3.11
    python_environment triton
    packages="$(echo "$cache"/triton/lib/python3.11/site-packages)"
    server="$packages/pytriton/tritonserver"
    if [ ! -x "$cache/triton/tritonserver" ]; then
      mkdir -p "$cache/triton/backends/python"
      cp -r "$server"/backends/python/. "$server/python_backend_stubs/3.11/triton_python_backend_stub" "$cache/triton/backends/python/"
      # The embedded interpreter reads no PYTHONPATH; every model imports this module first.
      sed -i "1i import sys; sys.path.insert(0, '$packages')" "$cache/triton/backends/python/triton_python_backend_utils.py"
      printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s --backend-directory=%s "$@"\n' \
        "$packages/nvidia_pytriton.libs" "$server/bin/tritonserver" "$cache/triton/backends" > "$cache/triton/tritonserver"
      chmod +x "$cache/triton/tritonserver"
    fi
    ;;
  ghz)
    command -v go >/dev/null || fail "go is missing"
    if ! installed ghz 0.93.0; then
      GOBIN="$cache/ghz" go install github.com/bojand/ghz/cmd/ghz@v0.93.0 || fail "ghz could not be installed"
      finished ghz 0.93.0
    fi
    ;;
  mlserver | kserve) python_environment "$peer" ;;
  mosquitto)
    system_package mosquitto
    system_package mosquitto-clients
    system_package curl
    ;;
  *) fail "unknown peer: $peer (clients, triton, ghz, mlserver, kserve, mosquitto)" ;;
  esac
done
