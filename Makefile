# Each target works alone on a fresh Debian or Ubuntu with Python 3.11 or newer: it installs what it needs.
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

INSTALL := .ci/install-debian-packages
DEMO_PROGRAMS := prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager
TEST_PROGRAMS := $(DEMO_PROGRAMS) promtool=prometheus amtool=prometheus-alertmanager \
	/usr/lib/postgresql/*/bin/initdb=postgresql /usr/sbin/pgbouncer=pgbouncer /usr/sbin/iptables=iptables ip=iproute2 /usr/lib/dovecot/imap=dovecot-imapd chromium=chromium openssl=openssl vmalert=victoria-metrics systemd-analyze=systemd /sbin/mkfs.ext4=e2fsprogs

# The newest Prometheus, Alertmanager and VictoriaMetrics of Debian; `rm .tools/versions` lets the next run look for newer ones.
CURRENT := .tools

RULE_TESTS := $(wildcard rules/tests/*.test.yml)

IMAGE_PROGRAMS := buildah=buildah mmdebstrap=mmdebstrap ip=iproute2 \
	/usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring

# Grafana's own packages; npm is only used to check the dashboards with them.
GRAFANA := tests/dashboards/grafana
# Grafana's components, 600 MB of them, which only the previews are drawn with.
COMPONENTS := tests/dashboards/preview/components

# Part of a test is waiting for a program: a worker more than there are cores.
WORKERS := $(shell echo $$(($$(nproc) + 1)))
FAULT_WORKERS := 5

.DEFAULT_GOAL := help
# All that `make help` tells of, and what they have in common.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST))) check-rules programs-demo programs-test $(RULE_TESTS)

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/installed programs-demo ## play an incident from cause to cure; ARGS=--exit-when-done ends by itself
	@$(BIN)/hubspot-salesforce-exporter demo $(ARGS)

test: check ## linters, types, rules, unit and end-to-end tests; CI runs the other test-… too
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m 'not faults and not mutants'

test-mutants: $(VENV)/installed programs-test ## the rules, changed in thousands of ways: a test notices each
	$(BIN)/pytest -n auto --dist worksteal -m mutants tests/rules

# Most of it is waiting: more workers than cores.
test-faults: $(VENV)/installed programs-test ## stores that hang, full disks, replicas that are killed, stopped and cut off, Alertmanager pairs; needs root
	$(BIN)/pytest -n $(FAULT_WORKERS) --dist worksteal -m faults

test-current: $(VENV)/installed programs-demo $(GRAFANA)/node_modules/.package-lock.json $(CURRENT)/versions ## what starts Prometheus, Alertmanager or VictoriaMetrics, on the newest there are
	@cat $(CURRENT)/versions
	@PATH="$(CURDIR)/$(CURRENT)/bin:$$PATH" $(MAKE) --no-print-directory check-rules
	PATH="$(CURDIR)/$(CURRENT)/bin:$$PATH" $(BIN)/pytest -n auto --dist worksteal -m 'binaries and not mutants and not faults'
	PATH="$(CURDIR)/$(CURRENT)/bin:$$PATH" $(BIN)/pytest -n $(FAULT_WORKERS) --dist worksteal -m 'binaries and faults'

check: $(VENV)/installed programs-test dashboards-types ## linters, types, who may import whom, and the checks of the rules, without the tests
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory check-rules

check-rules:
	promtool check rules rules/*.rules.yml
	promtool check config rules/prometheus.yml
	@$(MAKE) --no-print-directory --jobs=$$(nproc) --output-sync --keep-going $(RULE_TESTS)
	vmalert -dryRun -loggerLevel=WARN -rule='rules/*.rules.yml'
	amtool check-config rules/alertmanager.yml

# The same bytes from the same sources: hatchling stamps no time of the build into them.
dist: $(VENV)/installed ## build the wheel and the sources' archive into dist/
	@rm -f dist/*.whl dist/*.tar.gz
	$(BIN)/python -m hatchling build

# Debian's newest Pythons, beside those of the machine; `rm .tools/pythons/versions` lets the next run look for newer ones.
$(CURRENT)/pythons/versions: .ci/unpack-pythons .ci/debian-suite
	@$(INSTALL) patchelf=patchelf
	@$< $(CURRENT)/pythons

test-pythons: dist programs-demo $(CURRENT)/pythons/versions ## install the wheel on every Python there is, from 3.11 on, and play the demo with it
	@cat $(CURRENT)/pythons/versions
	$(BIN)/pytest -v tests/stack/each_python.py

# Memory is cheap: with more of it promtool takes two thirds of the time.
$(RULE_TESTS):
	GOGC=400 promtool test rules $@

image-test: $(VENV)/installed programs-demo ## build the image with buildah, run it without root, look at it; needs root, but no Docker
	@$(INSTALL) $(IMAGE_PROGRAMS)
	.ci/with-image .tools/image $(CURDIR)/$(BIN)/pytest tests/stack/built_image.py

scenarios: $(VENV)/installed programs-demo ## play every scenario of the demo, one after the other
	@set -e; for name in $$($(BIN)/python -c 'from exporter.demo.scenarios import SCENARIOS; print(*SCENARIOS)'); do \
		$(BIN)/hubspot-salesforce-exporter demo --scenario=$$name --exit-when-done | tail -1 | sed "s/^/$$name: /"; \
	done

compose-config: $(VENV)/installed ## make rules/compose/ from rules/prometheus.yml and rules/alertmanager.yml
	$(BIN)/python .ci/compose-config

dashboards: $(VENV)/installed ## write dashboards/*.json anew
	$(BIN)/python -m dashboards.builder

reference: $(VENV)/installed ## write exporter/CONFIGURATION.md anew
	$(BIN)/python -m tests.config.reference

previews: $(VENV)/installed programs-test $(GRAFANA)/node_modules/.package-lock.json $(COMPONENTS)/node_modules/.package-lock.json ## draw dashboards/previews anew
	$(BIN)/python -m tests.dashboards.preview

dashboards-types: $(VENV)/installed $(GRAFANA)/node_modules/.package-lock.json ## check the dashboards against Grafana's types
	$(BIN)/python -m tests.dashboards.grafana_types

bench: $(VENV)/installed programs-test ## what everything costs, each figure beside its reference; ARGS='--rows=a,c --integrations=100 --json=FILE'
	$(BIN)/python -m tests.bench $(ARGS)

bench-memory: $(VENV)/installed programs-test ## what a running exporter weighs, and whether that stays; ARGS='--integrations=1000 --rounds=50 --interval=10'
	$(BIN)/python -m tests.bench.memory $(ARGS)

large-log: $(VENV)/installed ## read an event log of 600 MB over loopback: calls, memory, other polls; ARGS=--megabytes=20
	$(BIN)/python -m tests.large_log $(ARGS)

large-export: $(VENV)/installed ## read an export of a million rows: memory, scrapes and stored reports meanwhile; ARGS='--upload --rows=50000'
	$(BIN)/python -m tests.large_export $(ARGS)

bench-rules: $(VENV)/installed programs-demo ## what the rules cost a real Prometheus with 1,000 integrations; takes seven minutes
	$(BIN)/python -m tests.rules.bench $(ARGS)

replicas: $(VENV)/installed programs-test ## two replicas, 200 integrations, 20,000 errors, 20 faults: kill -9, SIGSTOP, cut lines; ARGS='--pooled --seed=2'
	$(BIN)/python -m tests.e2e.test_struck_replicas $(ARGS)

touch-load: $(VENV)/installed ## touch 10,000 records on simulated time: the share of HubSpot's rate that is used; ARGS='2000 10'
	$(BIN)/python -m tests.remediation.touch_load $(ARGS)

pair: $(VENV)/installed programs-demo ## a pair of Alertmanagers while the exporter is away for a minute; ARGS=--down=120
	$(BIN)/python -m tests.e2e.test_alertmanager_pair $(ARGS)

soak: $(VENV)/installed ## two hours of everything at once, and its memory curve; ARGS='--minutes=5 --csv=FILE'
	$(BIN)/python -m tests.e2e.soak $(ARGS)

load: $(VENV)/installed ## 500 integrations against the simulator; ARGS='--compression=10 --seconds=60'
	$(BIN)/python -m tests.e2e.test_load $(ARGS)

fuzz: $(VENV)/installed ## the properties that `make test` tries with an eighth of their examples, with all of them
	EXAMPLES=all $(BIN)/pytest -n auto --dist worksteal $$(grep -rl 'tests.examples import' tests)

full-size: $(VENV)/installed ## ten minutes of 500 integrations on simulated time, on any machine; ARGS=--integrations=500
	$(BIN)/python -m tests.e2e.test_full_size $(ARGS)

week: $(VENV)/installed programs-demo ## a simulated week of a healthy org at the default intervals: fails if anything fires
	$(BIN)/python -m tests.polling.play_week

audit: $(VENV)/installed ## look the locked packages up among known vulnerabilities (pip-audit); needs the network
	@$(BIN)/pip-audit --strict --requirement .ci/constraints.txt --no-deps --disable-pip --progress-spinner=off $(ARGS) || \
		{ echo 'make audit: vulnerabilities are listed above, or the service could not be asked: then nothing is known' >&2; exit 1; }

sbom: $(VENV)/installed ## write the SBOM (CycloneDX 1.6) of what a user installs to dist/sbom.json
	@mkdir -p dist
	$(BIN)/python .ci/sbom > dist/sbom.json

clean: ## remove the virtual environment, the newest set and what the tools left
	rm -rf $(VENV) $(CURRENT) dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis {$(GRAFANA),$(COMPONENTS)}/node_modules $(GRAFANA)/generated
	find exporter tests -name __pycache__ -type d -prune -exec rm -rf {} +

%/node_modules/.package-lock.json: %/package.json %/package-lock.json %/.npmrc
	@$(INSTALL) node=nodejs npm=npm
	cd $* && npm ci --silent
	@touch $@

programs-demo:
	@$(INSTALL) $(DEMO_PROGRAMS)

programs-test:
	@$(INSTALL) $(TEST_PROGRAMS)

# Written last: what was cut off is done again, what is there needs no network.
$(CURRENT)/versions: .ci/unpack-current-programs .ci/debian-suite
	@$< $(CURRENT)

$(VENV)/bin/python:
	@$(INSTALL) module:ensurepip=python3-venv
	$(PYTHON) -m venv $(VENV)

# The stamp is newer than what it was made from, so the second run needs no network.
$(VENV)/installed: pyproject.toml .ci/constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable '.[dev]'
	@touch $@
