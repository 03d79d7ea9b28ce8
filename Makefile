# Everything a developer does here; `make` alone lists it. Needs a Python; .venv and .tools hold what it fetches.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CHECKS := "ruff format --check ." "ruff check ." mypy lint-imports "deptry ." "python -m tools generate --check" \
	"python -m tools scan secrets" "python -m tools scan licences"
# Delivery's own: workflows, scripts, Dockerfile. None of them needs a network.
CHECKS += "actionlint -shellcheck=$(BIN)/shellcheck" "zizmor --offline --quiet .github/workflows" \
	"check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml" \
	"shellcheck .ci/run .github/scripts/*.sh infra/hooks/*.sh" "hadolint Dockerfile"

.DEFAULT_GOAL := help
.PHONY: help run test fuzz check format model train generate screenshots package traffic bench clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) local.settings.json ## serve on http://localhost:7071; PORT=8000, RELOAD=1 follows edits, STORAGE=azurite: users in a table
	@exec $(BIN)/python -m tools run $(if $(RELOAD),--reload)

test: $(INSTALLED) ## run all tests and measure how much of shared/ they cover
	@$(BIN)/python -m tools azurite --install
	@$(BIN)/python -m tools browser --install || true
	@$(BIN)/python -m pytest --cov

fuzz: $(INSTALLED) ## send the running service what its OpenAPI document allows and what not; SECONDS=600
	@FUZZ_SECONDS=$(or $(SECONDS),600) $(BIN)/python -m pytest tests/e2e/test_fuzz.py

check: $(INSTALLED) ## hold format, lint, types, import rules, dependencies and generated files
	@failed=; for check in $(CHECKS); do \
		if said=$$($(BIN)/$$check 2>&1); then echo "ok      $$check"; echo "$$said" | sed -n '/^note:/p'; \
		else echo "FAILED  $$check"; printf '%s\n' "$$said"; failed="$$failed, $$check"; fi; \
	done; \
	[ -z "$$failed" ] || { echo "make check failed:$${failed#,}"; exit 1; }

format: $(INSTALLED) ## format the code and mend what ruff can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

model: $(INSTALLED) ## serve your own estimator: FILE=mine.joblib DATA=train.csv TARGET=column [CLASSES=25,105]
	@$(foreach name,FILE DATA TARGET,$(if $($(name)),,$(error $(name)= is missing: make model FILE=mine.joblib DATA=train.csv TARGET=column)))
	@$(BIN)/python -m tools model "$(FILE)" --data="$(DATA)" --target="$(TARGET)" $(if $(CLASSES),--classes="$(CLASSES)")
	@$(BIN)/python -m tools generate openapi

train: $(INSTALLED) ## train the demo model and write its manifest
	@$(BIN)/python -m model.train
	@$(BIN)/python -m tools generate openapi

generate: $(INSTALLED) ## write what is derived: locks, settings table, OpenAPI snapshot, SBOM
	@$(BIN)/python -m tools generate

screenshots: $(INSTALLED) ## take the pictures of docs/ from the running pages
	@$(BIN)/python -m tools screenshots

package: $(INSTALLED) ## make dist/egl-ml.zip, all that is deployed, and prove that it starts and answers
	@$(BIN)/python -m tools package --check

traffic: $(INSTALLED) ## send the running service minutes of mixed traffic, for its dashboards; MINUTES=3
	@$(BIN)/python -m tools traffic $(if $(PORT),--url http://localhost:$(PORT)) $(if $(MINUTES),--minutes $(MINUTES))

bench: $(INSTALLED) ## measure this service beside FastAPI, MLServer and others: a quarter of an hour, 3 GB; SAVE=1 renews docs/performance.*
	@$(BIN)/python -m bench.compare $(if $(SAVE),--save)

clean: ## remove what was made here, all but local.settings.json
	@rm -rf .venv .tools tools/node/node_modules .azurite .cache .coverage dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# The environment is made anew when the lock or the Python changes; any Python that works will do to start it.
$(INSTALLED): requirements-dev.txt .python-version
	@for python in python3.13 python3 /usr/bin/python3 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then \
			exec $$python tools/bootstrap.py $(VENV); \
		fi; \
	done; \
	echo "Python is missing: install Python 3.13 and run this again." >&2; exit 1
	@touch $@

local.settings.json: | $(INSTALLED)
	@$(BIN)/python -m tools settings
