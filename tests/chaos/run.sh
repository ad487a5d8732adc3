#!/bin/bash
# Runs a Python test of this folder within Bazel: run.sh FILE
set -euo pipefail
export WEFT_BINARIES=$PWD
exec /usr/bin/python3 -B "tests/chaos/$1"
