#!/bin/sh
echo "bazel coverage is not available offline: no coverage tools are installed" >&2
exit 1
