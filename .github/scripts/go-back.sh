#!/usr/bin/env bash
# After a failed deployment: print how to go back to the last good one.
set -euo pipefail
: "${GITHUB_REPOSITORY:?}" "${GITHUB_STEP_SUMMARY:?}"

last() { # the id of the last good run on branch $1
    gh api "repos/$GITHUB_REPOSITORY/actions/workflows/deploy.yml/runs?event=push&status=success&per_page=1&branch=$1" \
        --jq '.workflow_runs[0].id // empty'
}
run=$(last main)
run=${run:-$(last master)}
cat >>"$GITHUB_STEP_SUMMARY" <<EOF
## The deployed service does not work

To deploy the last good package again:

    gh workflow run deploy.yml --repo $GITHUB_REPOSITORY -f run=${run:-THE_ID_OF_A_GOOD_RUN}
EOF
echo "::error::The deployed service does not work. To go back: gh workflow run deploy.yml -f run=${run:-THE_ID_OF_A_GOOD_RUN}"
