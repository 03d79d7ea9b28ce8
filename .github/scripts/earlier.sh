#!/usr/bin/env bash
# Whether the package of the run with the id in RUN may be deployed again: only one that was pushed to the main branch and
# deployed well. A pull request's package has been reviewed by nobody.
set -euo pipefail
: "${RUN:?}" "${GITHUB_REPOSITORY:?}"

if [[ ! $RUN =~ ^[0-9]+$ ]]; then
    echo "::error::The id of a run is a number; it stands at the end of the run's address." >&2
    exit 1
fi
run=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$RUN" --jq '[.path, .event, .head_branch, .conclusion] | join(" ")')
if [[ ! $run =~ ^\.github/workflows/deploy\.yml(@[^ ]*)?\ push\ (main|master)\ success$ ]]; then
    echo "::error::Run $RUN did not deploy the main branch well: $run" >&2
    exit 1
fi
