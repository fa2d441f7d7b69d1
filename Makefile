# Two commands set everything up: make run, make test. make help lists the rest.
PYTHON ?= python3
CORES ?= 2
VENV := .venv
BIN := $(VENV)/bin
# Threads of the numerical libraries: the scheduler gives cores to jobs, not each job to itself.
export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY = PASSIVE
export PYTHONUNBUFFERED = 1

.PHONY: help install run test check lint study world bench dag docs clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/installed ## make the environment in .venv

$(VENV)/installed: requirements.lock pyproject.toml tools/install.sh
	PYTHON=$(PYTHON) bash tools/install.sh $(VENV)
	@touch $@

run: install ## the main job on the embedded default: a simulated world, scored and learnt
	$(BIN)/snakemake --cores $(CORES) --quiet rules
	@$(BIN)/python tools/draw_dag.py --svg results/dag.svg

test: install ## all tests
	$(BIN)/pytest

check: lint ## lint and unit tests
	$(BIN)/pytest tests/unit

lint: install ## ruff, snakefmt, mypy, import order, the rule graph of the README
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/draw_dag.py --check README.md

study: install ## the larger simulated world in runs/study; its tables and figures go to docs/study
	$(BIN)/snakemake --cores $(CORES) --configfile configs/study.yaml
	$(BIN)/python -m tools.publish_study runs/study docs/study

world: install ## a simulated year with all three runs, measured; its table and figure go to docs/study
	$(BIN)/snakemake describe_runs --cores $(CORES) --configfile configs/world.yaml
	cp runs/world/results/runs/world.csv runs/world/results/runs/world_year.svg docs/study

bench: install ## every script of benchmarks/; writes benchmarks/results.json
	$(BIN)/python benchmarks/run.py

dag: install ## draw the rule graph: docs/dag.svg, and the one in the README
	$(BIN)/python tools/draw_dag.py --svg docs/dag.svg --readme README.md

docs: install ## what is made from other files: docs/config.md
	$(BIN)/python tools/write_config_reference.py

clean: ## remove the default run's results and logs; the environment stays
	rm -rf results/* logs .snakemake
	git checkout -- results/README.md
