# Needs make and Python 3.11 or newer; everything else is brought by these targets.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: run sign-in test check bench

run: .venv/ready
	@exec $(BIN)/python manage.py serve

sign-in: .venv/ready
	@$(BIN)/python manage.py sign_in

# Kept even where the shell says otherwise: eight processes would each compile all tests by themselves.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/ready-npm
	TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 4 --dist worksteal
	TEST_DATABASE=postgres $(BIN)/python -m pytest -n 4 --dist worksteal

# Speeds and scores of this machine, kept in bench/results.md; with PEERS=1 Wagtail's, too.
bench: .venv/ready-npm .venv/ready-peers $(if $(PEERS),.venv/ready-wagtail)
	@$(BIN)/python -m bench

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	SITE_URL=https://example.org ALLOWED_HOSTS=example.org \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

.venv/ready: requirements.txt
	@[ -w . ] || { echo "This folder cannot be written: copy the project to one that can."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: install it, or name it, as in PYTHON=python3.12 make run"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing: install it (on Debian: apt install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Beside the packages from PyPI, by the npm that one of them is. No package's own script is run.
.venv/ready-npm: .venv/ready-dev tests/package.json tests/package-lock.json
	@cp tests/package.json tests/package-lock.json .venv/
	@$(BIN)/npm ci --prefix .venv --ignore-scripts --loglevel error --no-audit --no-fund >/dev/null
	@touch $@

# What `make bench` compares with.
.venv/ready-peers: .venv/ready bench/peers.txt
	@$(PYTHON) -m venv .venv/peers
	@.venv/peers/bin/pip install --quiet --disable-pip-version-check -r bench/peers.txt
	@touch $@

# What `make bench PEERS=1` compares with, too.
.venv/ready-wagtail: .venv/ready bench/wagtail.txt
	@$(PYTHON) -m venv .venv/wagtail
	@.venv/wagtail/bin/pip install --quiet --disable-pip-version-check -r bench/wagtail.txt
	@touch $@
