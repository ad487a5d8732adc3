#!/bin/bash
# Runs a Python test within Bazel: python_test.sh FILE [NAME=VALUE...]
set -euo pipefail
test=$1
shift
exec env "WEFT_BINARIES=$PWD" "$@" /usr/bin/python3 -B "$test"
