# Every command of the repository. `make demo` and `make test` set up what they need by themselves; neither needs the other.
# Set-up speaks on stderr, so that `make demo ARGS="--once --json"` leaves the program alone on stdout.

SET_UP = python=$$(tools/find-python) && $$python tools/setup
COMPILE = .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11
ARGS ?=
N ?= 200
MINUTES ?= 30
DIALECT ?= sqlite
PEOPLE ?= 2000

# Machines that build things often forbid Python to keep what it compiled; a hundred processes of the suite would each compile anew.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check format bench chaos soak shots lock clean agent-wheel

help: ## Show these lines
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' $(MAKEFILE_LIST)

demo: ## Run the whole product on this machine; ARGS="--once --json" for one unattended incident
	@$(SET_UP) demo && exec .venv/bin/opulse demo $(ARGS)

test: ## Run the suite on SQLite and PostgreSQL, with real servers and a real browser; ARGS go to pytest
	@$(SET_UP) test && tools/run-tests $(ARGS)

test-long: ## Run what CI has no time for
	@$(SET_UP) long && .venv/bin/pytest -m long $(ARGS)

check: ## Format, lint, types, import contracts, the rules of the house, the documentation
	@$(SET_UP) check && tools/run-checks

format: ## Bring the code into the form that `make check` wants
	@$(SET_UP) check && .venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: ## Measure every number that the README gives; ARGS="--quick --json" for the short form
	@$(SET_UP) bench && .venv/bin/python -m bench.run $(ARGS)

chaos: ## Kill, stop and refuse during N incidents, then check the books; SEED=, DIALECT=sqlite|postgresql, PEOPLE=
	@$(SET_UP) test && exec .venv/bin/python -m bench.chaos.run --runs $(N) --dialect $(DIALECT) --people $(PEOPLE) $(if $(SEED),--seed $(SEED))

soak: ## Incident after incident for so many MINUTES, and the memory over time; DIALECT=, PEOPLE=
	@$(SET_UP) test && exec .venv/bin/python -m bench.chaos.soak --minutes $(MINUTES) --dialect $(DIALECT) --people $(PEOPLE)

shots: ## Take pictures of the main pages into build/shots, to look at; ARGS="--only sensor --widths 390 --looks dark"
	@$(SET_UP) test && exec .venv/bin/python -m tests.shots.take $(ARGS)

lock: ## Compile requirements/*.txt anew from pyproject.toml and requirements/*.in
	@$(SET_UP) check
	$(COMPILE) --upgrade pyproject.toml -o requirements/base.txt
	$(COMPILE) --upgrade --extra dev -c requirements/base.txt pyproject.toml -o requirements/dev.txt
	$(COMPILE) --upgrade --extra scale -c requirements/dev.txt pyproject.toml -o requirements/scale.txt
	$(COMPILE) --upgrade -c requirements/base.txt deploy/agent-wheel/pyproject.toml -o requirements/agent.txt
	$(COMPILE) --upgrade -c requirements/dev.txt requirements/build.in -o requirements/build.txt
	$(COMPILE) --upgrade requirements/bootstrap.in -o requirements/bootstrap.txt
	$(COMPILE) --upgrade requirements/node.in -o requirements/node.txt
	for one in requirements/clients/*.in; do $(COMPILE) --upgrade $$one -o $${one%.in}.txt || exit 1; done

agent-wheel: ## Build the wheel of the agent alone into dist/
	@$(SET_UP) check && .venv/bin/python -m tools.build_agent_wheel dist

clean: ## Remove what was built here; .opulse, the demo's data, stays
	rm -rf .venv node_modules build dist src/opulse/web/static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
