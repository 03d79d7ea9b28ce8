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
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cd dist/egl-ml

fail() {
    echo "::error::$1" >&2
    exit 1
}

# The app's role on its storage account works about a minute after it was assigned. Until then the upload is forbidden.
for wait in 15 30 60 120 0; do
    if "$func" azure functionapp publish "$AZURE_FUNCTION_APP_NAME" --python --no-build 2>&1 | tee "$log"; then
        break
    fi
    if [[ $wait == 0 ]] || ! grep --quiet --extended-regexp 'responded with Forbidden|403 \((Forbidden|This request)' "$log"; then
        fail "func tools could not publish the package."
    fi
    echo "The app may not write into its storage account yet. Next attempt in $wait s."
    sleep "$wait"
done
# func tools print both as a warning, and exit with 0.
if grep --quiet --ignore-case 'partially successful' "$log"; then
    fail "The deployment is only partially successful: some instances may serve the earlier package. See the log above."
fi
if grep --quiet --ignore-case 'failed to retrieve deployment status' "$log"; then
    fail "Nobody knows how the deployment ended. Look at the app's deployments in the portal, and publish again."
fi
