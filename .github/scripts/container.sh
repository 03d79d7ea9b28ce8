#!/usr/bin/env bash
# Build the container, start it as in docs/container.md, and run the smoke test of a deployed service.
set -euo pipefail
cd "$(dirname "$0")/../.."

docker build --tag egl-ml --build-arg "BUILD_ID=${GITHUB_SHA:-local}" .
python3 -m tools settings
(umask 077; python3 -c 'import json; [print(f"{k}={v}") for k, v in json.load(open("local.settings.json"))["Values"].items()]' > .env)
docker run --detach --name egl-ml --publish 127.0.0.1:8080:8080 --env-file .env egl-ml
trap 'docker logs egl-ml; docker rm --force egl-ml' EXIT
SMOKE_USER=abi SMOKE_PASSWORD=password python3 -m tools smoke http://localhost:8080 --wait 120
