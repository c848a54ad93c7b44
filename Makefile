PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
JOBS ?= 2
PYTEST := $(BIN)/pytest -n $(JOBS) --dist worksteal --durations 25 --durations-min 2
QUARTER ?= $(shell git rev-list --count HEAD)

.PHONY: demo test test-full test-quarter verified fuzz check generate zoo survey mirror playground vscode docs clean

demo: $(VENV)/core                      ## MobileNetV2 in PyTorch and Keras, and what it costs
	$(BIN)/archspec generate mobilenetv2 --target torch --target keras -o build/demo
	$(BIN)/archspec flops mobilenetv2

test: $(VENV)/all $(VENV)/browser       ## what shows a fault
	$(PYTEST)

test-full: $(VENV)/all $(VENV)/docs $(VENV)/browser     ## everything
	$(PYTEST) --full

test-quarter: $(VENV)/all $(VENV)/docs $(VENV)/browser  ## a quarter of what `make test` leaves out: QUARTER=1
	@echo "quarter $$(($(QUARTER) % 4)) of 4, by the number of commits or QUARTER=N"
	$(PYTEST) --quarter $(QUARTER)

verified: $(VENV)/all                   ## verify what changed, and write tests/reference/verified.json
	$(PYTEST) --record tests/verification/test_specs.py tests/frameworks/test_equal.py

fuzz: $(VENV)/all                       ## odd documents, texts, files and networks: CASES=500 NETWORKS=500 SEED=1
	FUZZ_CASES=$(CASES) FUZZ_NETWORKS=$(NETWORKS) FUZZ_SEED=$(SEED) $(BIN)/pytest -n $(JOBS) tests/fuzz

check: $(VENV)/all                      ## style, types, import contracts, generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/archspec generate --bundled --check

generate: $(VENV)/core                  ## rewrite generated/
	$(BIN)/archspec generate --bundled
	$(BIN)/archspec generate mobilenetv2 --keep width
	$(BIN)/archspec generate efficientnet --keep width,depth,pixels

zoo: $(VENV)/all                        ## rewrite docs/zoo.md and its picture
	$(BIN)/python docs/zoo.py

survey: $(VENV)/all                     ## import models that exist, and write docs/survey.csv
	$(BIN)/python docs/survey.py

mirror: $(VENV)/all                     ## import the bundled specs back, and write docs/importing.md
	$(BIN)/python docs/mirror.py
	$(BIN)/python docs/mirror.py --originals

playground: $(VENV)/core                ## build/playground: edit specs in the browser (needs npm)
	$(BIN)/python playground/build.py

vscode: $(VENV)/all                     ## build the extension for VS Code: build/archspec.vsix
	$(BIN)/python editors/vscode/build.py

docs: $(VENV)/docs playground           ## build/site: the pages, pictures and reports of the zoo, the playground
	$(BIN)/python docs/website/gather.py build/pages
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -j $(JOBS) -c docs/website build/pages build/site

clean:
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find archspec tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/core: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit('Python 3.11 or newer is needed: make PYTHON=python3.11 ...')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	$(BIN)/python -m compileall -q archspec
	touch $@

# torchvision and timm are what the tests compare with. Their dependencies would replace torch.
$(VENV)/all: $(VENV)/core
	$(PIP) -e '.[all,dev]'
	$(PIP) --no-deps torchvision timm
	touch $@

$(VENV)/docs: $(VENV)/core
	$(PIP) -e '.[docs]'
	touch $@

# Pages are tested in Debian's Chromium, completion in shells, and the playground is bundled
# by npm. On other systems, put these commands on the path.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
INSTALL := $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends
$(VENV)/browser:
	command -v chromium || { $(INSTALL) chromium; }
	command -v npm || { $(INSTALL) npm; }
	command -v zsh && command -v fish || { $(INSTALL) zsh fish; }
	touch $@
