#!/usr/bin/env bash
# Build the container, start it with a read-only root as Kubernetes does, run the smoke test of a deployed service, and stop it.
set -euo pipefail
cd "$(dirname "$0")/../.."

docker build --tag egl-ml --build-arg "BUILD_ID=${GITHUB_SHA:-local}" .
python3 -m tools settings
(umask 077; python3 -c 'import json; [print(f"{k}={v}") for k, v in json.load(open("local.settings.json"))["Values"].items()]' > .env)
docker run --detach --name egl-ml --publish 127.0.0.1:8080:8080 --env-file .env --read-only --cap-drop ALL \
    --tmpfs /tmp --tmpfs /home/LogFiles --tmpfs /home/data --tmpfs /azure-functions-host/Secrets egl-ml
trap 'docker logs egl-ml; docker rm --force egl-ml' EXIT
SMOKE_USER=abi SMOKE_PASSWORD=password python3 -m tools smoke http://localhost:8080 --wait 120
docker stop --time 30 egl-ml
code=$(docker inspect --format '{{.State.ExitCode}}' egl-ml)
if [[ $code == 137 ]]; then
    echo "::error::The container did not end by SIGTERM and was killed." >&2
    exit 1
fi
