# make run and make test install everything they need. make help lists all targets.
PYTHON ?= python3
CORES ?= 2
VENV := .venv
BIN := $(VENV)/bin
# One thread per process in numerical libraries: Snakemake distributes the cores over the jobs.
export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY = PASSIVE
export PYTHONUNBUFFERED = 1

.PHONY: help install run test test-cluster check faults kills lint study world bench dag docs site clean

help: ## list all targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

install: $(VENV)/installed ## create the environment in .venv

$(VENV)/installed: requirements.lock pyproject.toml tools/install.sh
	PYTHON=$(PYTHON) bash tools/install.sh $(VENV)
	@touch $@

run: install ## run the embedded default: a simulated world, from granules to the report
	@$(BIN)/python -m tools.run --cores $(CORES)
	@$(BIN)/python -m tools.draw_dag --svg results/dag.svg

test: install programs ## all tests except those on Slurm
	$(BIN)/pytest

.PHONY: programs
programs: # some tests use Chromium or gdalinfo; they are skipped without them
	@command -v chromium >/dev/null || bash tools/debian.sh "to test the report" chromium chromium-driver
	@command -v gdalinfo >/dev/null || bash tools/debian.sh "to test the maps for a GIS" gdal-bin

test-cluster: install ## tests on a real Slurm, which starts on this machine (root on Debian)
	@bash tools/debian.sh "to test on Slurm" slurm-wlm munge
	$(BIN)/pytest tests/cluster -rs

check: lint ## lint and unit tests
	$(BIN)/pytest tests/unit

faults: install ## change files of every format by field, and print what the readers make of them
	@$(BIN)/python -m tests.faults.report --count 100

kills: install ## kill the tiny workflow 50 times at random moments; compare its files with an undisturbed run
	@$(BIN)/python -m tests.faults.kills --count 50

lint: install ## ruff, snakefmt, mypy, import contract, and whether the graph of stages is current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.draw_dag --check README.md

study: install ## run the larger simulated study; copy its tables and figures to docs/study/run
	@$(BIN)/python -m tools.run --cores $(CORES) --configfile configs/study.yaml
	$(BIN)/python -m tools.publish_study runs/study docs/study/run

world: install ## measure a simulated year with all three IMERG runs; copy the result to docs/study
	$(BIN)/snakemake draw_year --cores $(CORES) --configfile configs/world.yaml
	cp runs/world/results/runs/world.csv runs/world/results/runs/world_year.svg docs/study

bench: install ## run all benchmarks; writes benchmarks/results.json
	$(BIN)/python benchmarks/run.py

dag: install ## draw the rule graph (docs/dag.svg) and the graph of stages in the README
	$(BIN)/python -m tools.draw_dag --svg docs/dag.svg --readme README.md

site: install ## build the documentation site in site/
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs site
	@echo "Documentation: site/index.html"

docs: install ## write docs/config.md from config.schema.yaml and config.yaml
	$(BIN)/python tools/write_config_reference.py

clean: ## remove results and logs of the default run; keep the environment
	rm -rf results/* logs .snakemake
	git checkout -- results/README.md
