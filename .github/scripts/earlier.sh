#!/usr/bin/env bash
# Check that the package of the run with the id in RUN may be deployed again: only a successful deployment of the main
# branch. A pull request's package has no approval.
set -euo pipefail
: "${RUN:?}" "${GITHUB_REPOSITORY:?}"

if [[ ! $RUN =~ ^[0-9]+$ ]]; then
    echo "::error::The id of a run is a number, the last part of the run's address." >&2
    exit 1
fi
run=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$RUN" --jq '[.path, .event, .head_branch, .conclusion] | join(" ")')
if [[ ! $run =~ ^\.github/workflows/deploy\.yml(@[^ ]*)?\ push\ (main|master)\ success$ ]]; then
    echo "::error::Run $RUN is no successful deployment of the main branch: $run" >&2
    exit 1
fi
