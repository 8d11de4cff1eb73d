# Needs git, make and Python 3.11 or newer, and no root. Everything is installed into .venv, with pinned hashes.
#
#   make demo PYTHON=python3.13     another interpreter
#   make test ARGS="-k quality"     further words for pytest, for the demo or for uv
#   make quick FILE=sems_exporter/store.py

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
ARGS ?=
FILE ?=
VALUES ?=
BEFORE ?=
# Only as a word of make: GNU gettext reads an environment variable of this name.
language := $(if $(filter command,$(firstword $(origin LANGUAGE))),--language $(LANGUAGE))
python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check -qq
lock := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links $(ARGS)

# Where it is set, each of the hundreds of programs that the tests start would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE

# A worker more than there are processors, as many tests wait for a program; ARGS=-n0 does without, for a debugger.
workers := $(shell processors=$$(getconf _NPROCESSORS_ONLN); echo $$((processors < 4 ? processors + 1 : 4)))
pytest := $(python) -m pytest -n $(workers) --dist=worksteal

draw := $(python) -m grafana.pictures --keep build/sheet/scenes
schema := .venv/bin/check-jsonschema --builtin-schema

# $(call check,words,command) prints the words and, only if the command fails, what it printed.
define check
printf '%s\n' '- $(1)'; log=$$($(2) 2>&1) || { code=$$?; printf '%s\n' "$$log"; exit $$code; }
endef

# An environment that was moved, or whose interpreter went away, is made anew.
$(shell test ! -e .venv/.base || { test "$$(cat .venv/.base)" = "$$(pwd -P)" && $(python) -c '' 2>/dev/null; } || rm -f .venv/.base)

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

# --- to use -----------------------------------------------------------------------------------------------------------

.PHONY: install
install: .venv/.runtime ## install the exporter: .venv/bin/sems-exporter
	@echo '- .venv/bin/sems-exporter is ready'

.PHONY: demo
demo: .venv/.runtime ## serve a simulated plant on this machine; no account needed; Ctrl-C ends it
	@exec .venv/bin/sems-exporter demo $(ARGS)

# --- to change --------------------------------------------------------------------------------------------------------

.PHONY: test
test: lint types ## everything that has to pass: lint, types, tests
	@echo '- tests'
	@$(pytest) $(ARGS)

.PHONY: quick
quick: .venv/.dev ## in seconds: style, form, types and tests of FILE, or of what changed since the last commit
	@$(python) -m tools.quick $(FILE)

.PHONY: lint
lint: .venv/.dev ## style, form, layers, declared dependencies
	@$(call check,style (ruff check),.venv/bin/ruff check --quiet .)
	@$(call check,form (ruff format),.venv/bin/ruff format --check .)
	@$(call check,layers (import-linter),.venv/bin/lint-imports)
	@$(call check,dependencies (deptry),$(python) -m deptry .)

.PHONY: types
types: .venv/.dev ## types (mypy, strict)
	@$(call check,types (mypy),$(python) -m mypy)

.PHONY: manifests
manifests: .venv/.checks ## check the files for containers, clusters and workflows against their schemas
	@$(call check,Dockerfile (hadolint),.venv/bin/hadolint Dockerfile)
	@$(call check,Compose (schema),$(schema) vendor.compose-spec docker-compose.yml $(wildcard deploy/compose/*.yml) deploy/compose/monitoring.yml)
	@$(call check,Kubernetes (schemas),.venv/bin/kubernetes-validate --strict deploy/kubernetes/secret.yml.example)
	@$(call check,Kubernetes (kustomize and schemas),$(python) -m tools.kustomized)
	@$(call check,mixin (jsonnet),$(python) -m tools.mixin)
	@$(call check,workflows (schema),$(schema) vendor.github-workflows .github/workflows/*.yml)
	@$(call check,dependency updates (schema),$(schema) vendor.dependabot .github/dependabot.yml)
	@$(call check,workflows (zizmor),.venv/bin/zizmor --offline --quiet .github)

.PHONY: coverage
coverage: .venv/.dev ## the tests, with the lines and branches they miss
	@$(pytest) --cov --cov-report=term $(ARGS)

.PHONY: format
format: .venv/.dev ## bring the code into form
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format .

.PHONY: references
references: .venv/.dev ## write the reference pages anew from the code
	@$(python) -m tools.references
	@$(python) deploy/kubernetes/prometheusrule.py

.PHONY: faults
faults: .venv/.dev ## write docs/faults.md anew, the table of the faults that the tests play
	@$(python) -m tests.e2e.faults.page

.PHONY: soak
soak: .venv/.dev ## play a month of trouble; writes build/soak.csv and .svg; ARGS="--days 2" is shorter
	@$(python) -m bench.soak $(ARGS)

.PHONY: breaks
breaks: .venv/.dev ## change the simulated portal's protocol under the program, and mend it by a file; takes five minutes
	@$(python) -m bench.protocol_breaks $(ARGS)

.PHONY: hostile
hostile: .venv/.dev ## let a hostile portal answer the program for an hour, in every way; ARGS="--minutes 5" is shorter
	@$(python) -m bench.hostile_portal $(ARGS)

.PHONY: long-run
long-run: .venv/.dev ## run the program for a month in a quarter of an hour; writes build/long-run.csv and .svg
	@$(python) -m bench.long_run $(ARGS)

.PHONY: bench
bench: .venv/.runtime ## measure decoding, rendering and scrapes, beside other servers where they are installed
	@$(python) -m bench.decoding
	@$(python) -m bench.publishing
	@$(python) -m bench.scraping

.PHONY: growth
growth: .venv/.runtime ## measure how the exporter grows from 1 station to 10,000, and draw it
	@$(python) -m bench.growth

.PHONY: bench-clients
bench-clients: .venv/.runtime ## measure what slow clients do to the server, beside prometheus_client's
	@$(python) bench/slow_clients.py

.PHONY: rules
rules: .venv/.dev ## write the rules of Prometheus anew, and the examples for Alertmanager
	@$(python) -m prometheus.build
	@$(python) deploy/kubernetes/prometheusrule.py

.PHONY: monitoring
monitoring: .venv/.dev ## write rules and dashboards with thresholds of your own, into build/monitoring: VALUES=my-values.toml
	@test -n "$(VALUES)" || { echo 'Name your file: make monitoring VALUES=my-values.toml' >&2; exit 2; }
	@$(python) -m prometheus.build --values "$(VALUES)" --into build/monitoring/rules
	@MONITORING_VALUES="$(VALUES)" $(python) -m grafana.build --into build/monitoring/dashboards $(language)
	@echo '- build/monitoring/rules and build/monitoring/dashboards are ready'

.PHONY: dashboards
dashboards: .venv/.dev ## write the Grafana dashboards anew; LANGUAGE=de, or all, writes others into build/dashboards
	@$(python) -m grafana.build $(language)

.PHONY: languages
languages: .venv/.dev ## bring the catalogues of all languages in line with the English texts, and say what they lack
	@$(python) -m languages

.PHONY: icons
icons: ## draw the icons of the status page anew; needs Chromium
	@cd sems_exporter/web/status && for size in 192 512; do chromium --headless --no-sandbox --disable-gpu \
	  --hide-scrollbars --window-size=$$size,$$size --screenshot=icon-$$size.png "file://$$PWD/icon.svg"; done

.PHONY: grafana-com
grafana-com: .venv/.dev ## write the dashboards as grafana.com takes them, into build/grafana.com
	@$(python) -m tools.grafana_com

.PHONY: pictures
pictures: .venv/.dev ## draw the dashboards in the README anew; takes minutes, and needs npm, Chromium and Prometheus
	@cd grafana/pictures && npm ci --silent --ignore-scripts --no-audit --no-fund
	@$(python) -m grafana.pictures --into docs/pictures home-dark money-dark battery-dark phone-narrow-dark fleet-dark $(ARGS)

.PHONY: contact-sheet
contact-sheet: .venv/.dev ## draw dashboards beside those of another commit, into build/contact-sheet.png: BEFORE=v1.0.0
	@test -n "$(BEFORE)" || { echo 'Name the other commit: make contact-sheet BEFORE=v1.0.0' >&2; exit 2; }
	@cd grafana/pictures && npm ci --silent --ignore-scripts --no-audit --no-fund
	@rm -rf build/sheet && mkdir -p build/sheet/then
	@git archive "$(BEFORE)" grafana/dashboards | tar -x -C build/sheet/then
	@$(draw) --dashboards build/sheet/then/grafana/dashboards --into build/sheet/before $(ARGS)
	@$(draw) --into build/sheet/after $(ARGS)
	@$(python) -m grafana.pictures.sheet build/contact-sheet.png build/sheet/before build/sheet/after
	@echo '- build/contact-sheet.png is ready'

.PHONY: packages
packages: .venv/.packages ## build all that a release has into dist, twice, and try it; as root also in a chroot
	@.ci/packages $(ARGS)

.PHONY: audit
audit: .venv/.packages ## ask whether anything is known against the pinned dependencies; this asks the registry
	@.venv/bin/pip-audit --require-hashes --disable-pip --requirement requirements/runtime.txt

.PHONY: lock
lock: .venv/.dev ## bring requirements/ in line with pyproject.toml; ARGS=--upgrade for newer versions
	@$(lock) --group build -o requirements/build.txt
	@$(lock) -c requirements/build.txt pyproject.toml -o requirements/runtime.txt
	@$(lock) -c requirements/build.txt -c requirements/runtime.txt --extra replicas pyproject.toml -o requirements/replicas.txt
	@$(lock) -c requirements/build.txt -c requirements/runtime.txt --group dev pyproject.toml -o requirements/dev.txt
	@$(lock) -c requirements/build.txt -c requirements/dev.txt --group checks -o requirements/checks.txt
	@$(lock) -c requirements/build.txt -c requirements/dev.txt --group packages -o requirements/packages.txt
	@if grep -n '://' requirements/*.txt; then echo 'requirements/ must name no address' >&2; exit 1; fi

.PHONY: clean
clean: ## remove .venv and whatever else can be made again
	@rm -rf grafana/pictures/build grafana/pictures/node_modules
	@rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -type d -name __pycache__ -prune -exec rm -rf {} +

# --- .venv: base (pip and the build backend), then runtime (the exporter), then dev (the tools) -----------------------

# Sets $python, or says what is wanted.
define find_python
python=; found=; \
for candidate in $(if $(PYTHON),'$(PYTHON)',python3 python3.14 python3.13 python3.12 python3.11); do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { python=$$candidate; break; }; \
	version=$$("$$candidate" -V 2>/dev/null) && found="$$found $$version"; \
done; \
test -n "$$python" || { \
	echo "Python 3.11 or newer is needed; found:$${found:- none}. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1; \
}
endef

# Debian and Ubuntu ship Python without ensurepip, so that `python -m venv` fails there; three ways around it.
.venv/.base: requirements/build.txt
	@$(find_python); \
	echo "- .venv with $$("$$python" -V)"; \
	anew() { rm -rf .venv; "$$@" >/dev/null 2>&1; }; \
	anew "$$python" -m venv .venv || \
	anew "$$python" -m virtualenv .venv || \
	anew uv venv --seed --python "$$python" .venv || \
	{ anew "$$python" -m venv --without-pip .venv && \
		"$$python" -m pip --python $(python) install --quiet --require-hashes -r requirements/build.txt >/dev/null 2>&1; } || \
	{ rm -rf .venv; \
		echo "No virtual environment can be made: install the Debian package python3-venv, then run make again." >&2; \
		exit 1; }
	@$(pip) install --require-hashes -r requirements/build.txt
	@pwd -P > $@

.venv/.runtime: .venv/.base requirements/runtime.txt pyproject.toml
	@echo '- the exporter and what it runs with'
	@$(pip) install --require-hashes -r requirements/runtime.txt
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	@echo '- the tools'
	@$(pip) install --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.packages: .venv/.dev requirements/packages.txt
	@echo '- the tools for packages'
	@$(pip) install --require-hashes -r requirements/packages.txt
	@touch $@

.venv/.checks: .venv/.dev requirements/checks.txt
	@echo '- the tools for files that are not Python'
	@$(pip) install --require-hashes -r requirements/checks.txt
	@touch $@
