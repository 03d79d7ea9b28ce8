# The commands of a developer; `make` alone lists them. Needs Python; downloads go to .venv and .tools.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CHECKS := "ruff format --check ." "ruff check ." mypy lint-imports "deptry ." "python -m tools generate --check" \
	"python -m tools scan secrets" "python -m tools scan licences"
# Delivery: workflows, scripts, Dockerfile. None of them needs a network.
CHECKS += "actionlint -shellcheck=$(BIN)/shellcheck" "zizmor --offline --quiet .github/workflows" \
	"check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml" \
	"shellcheck egl .ci/run .github/scripts/*.sh infra/hooks/*.sh" "hadolint Dockerfile"

# Half the time on two cores. Files stay together, because their tests share a running service.
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile
UNIT := tests/api tests/auth tests/features tests/model tests/pages tests/telemetry $(wildcard tests/test_*.py)

.DEFAULT_GOAL := help
.PHONY: help run test quick test-more fuzz check hooks format model promote train generate screenshots package traffic bench clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) local.settings.json ## serve on http://localhost:7071; PORT=8000, RELOAD=1 follows edits, STORAGE=azurite: users in a table
	@exec $(BIN)/python -m tools run $(if $(RELOAD),--reload)

test: $(INSTALLED) ## run the tests, some minutes, and measure their coverage of shared/
	@$(BIN)/python -m tools azurite --install
	@$(BIN)/python -m tools browser --install || true
	@$(PYTEST) -m "not more" --cov

quick: $(INSTALLED) ## run the unit tests, under a minute, while you work
	@$(BIN)/python -m tools azurite --install
	@$(PYTEST) --quiet $(UNIT)

test-more: $(INSTALLED) ## run the heavy tests, which need minutes each
	@$(PYTEST) -m more

fuzz: $(INSTALLED) ## send a service random valid and invalid requests; SECONDS=600
	@FUZZ_SECONDS=$(or $(SECONDS),600) $(BIN)/python -m pytest tests/e2e/test_fuzz.py

check: $(INSTALLED) ## check format, lint, types, import rules, dependencies and generated files
	@failed=; for check in $(CHECKS); do \
		if output=$$($(BIN)/$$check 2>&1); then echo "ok      $$check"; echo "$$output" | sed -n '/^note:/p'; \
		else echo "FAILED  $$check"; printf '%s\n' "$$output"; failed="$$failed, $$check"; fi; \
	done; \
	[ -z "$$failed" ] || { echo "make check failed:$${failed#,}"; exit 1; }

hooks: $(INSTALLED) ## once: make check, and a search for keys and large files, before each commit
	@PATH="$(CURDIR)/.tools/bin:$$PATH" uvx --quiet pre-commit install

format: $(INSTALLED) ## format the code and fix what ruff can fix
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

# Make has a variable AS of its own, so it counts only on the command line.
model: $(INSTALLED) ## serve your own estimator: FILE=mine.joblib DATA=train.csv TARGET=column [TEST=test.csv] [CLASSES=25,105] [OPTIONS="--closed"] [AS=challenger]
	@$(foreach name,FILE DATA TARGET,$(if $($(name)),,$(error $(name)= is missing: make model FILE=mine.joblib DATA=train.csv TARGET=column)))
	@$(BIN)/python -m tools model "$(FILE)" --data="$(DATA)" --target="$(TARGET)" \
		$(if $(TEST),--test="$(TEST)") $(if $(CLASSES),--classes="$(CLASSES)") $(if $(ANYWAY),--anyway) $(if $(findstring command,$(origin AS)),--as="$(AS)") $(OPTIONS)
	@$(BIN)/python -m tools generate openapi

promote: $(INSTALLED) ## make the challenger the champion; YES=1 although requests could fail, FROM=model/previous to go back
	@$(BIN)/python -m tools promote $(if $(FROM),--from="$(FROM)") $(if $(YES),--yes)

train: $(INSTALLED) ## train the demo model and write its manifest
	@$(BIN)/python -m model.train
	@$(BIN)/python -m tools generate openapi

generate: $(INSTALLED) ## write the derived files: locks, settings table, OpenAPI snapshot, SBOM
	@$(BIN)/python -m tools generate

screenshots: $(INSTALLED) ## take the pictures in docs/ of the running pages
	@$(BIN)/python -m tools screenshots

package: $(INSTALLED) ## build dist/egl-ml.zip, the deployed package, and check that it starts and predicts
	@$(BIN)/python -m tools package --check

traffic: $(INSTALLED) ## send the running service some minutes of mixed traffic, for its dashboards; MINUTES=3
	@$(BIN)/python -m tools traffic $(if $(PORT),--url http://localhost:$(PORT)) $(if $(MINUTES),--minutes $(MINUTES))

bench: $(INSTALLED) ## measure this service beside FastAPI, MLServer and others: a quarter of an hour, 3 GB
	@$(BIN)/python -m bench.compare

clean: ## remove everything that make created here, except local.settings.json
	@rm -rf .venv .tools tools/node/node_modules .azurite .cache .coverage dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# The environment is created again when the lock or the Python version changes; any Python 3.8 or later can start that.
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
