#!/usr/bin/env bash
# Publish dist/egl-ml.zip unchanged: func tools, pinned in tools/node, upload the folder and build nothing. `az` is logged in.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${AZURE_FUNCTION_APP_NAME:?is not set: docs/deploy.md}"

export PATH="$PWD/.venv/bin:$PATH" # the environment's Node and Python: func tools need Node 22 or later, and the app's Python
export FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT=1
(cd tools/node && npm ci --no-progress)
rm -rf dist/egl-ml
python -m zipfile -e dist/egl-ml.zip dist/egl-ml
func=$PWD/tools/node/node_modules/.bin/func
cd dist/egl-ml
"$func" azure functionapp publish "$AZURE_FUNCTION_APP_NAME" --python --no-build
