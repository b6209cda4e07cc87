# Each target is one line of work; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

env: .venv/ready-run  ## the virtual environment from the lock file
dev: .venv/ready-dev  ## the same with the test tools

.venv/ready-run: lock/run.txt pyproject.toml
	@sh tools/make-env run
.venv/ready-dev: lock/dev.txt pyproject.toml
	@sh tools/make-env dev

demo: env  ## a made-up provider, billed, authorised, sent and served
	@$(BIN)/abona demo run

run: env  ## serve the installation of instance/
	@$(BIN)/abona serve

test: dev  ## the whole suite (PostgreSQL and Redis too where ABONA_TEST_DATABASE_URL and ABONA_TEST_REDIS_URL are set)
	@sh tools/run-tests

lint: dev  ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/mypy

fix: dev  ## mend what ruff can mend
	@$(BIN)/ruff check --fix .

bench: dev  ## measure against the limits of this machine (N=, DATABASE=, ONLY=)
	@$(BIN)/python -m tests.bench

translations: dev  ## collect texts, rebuild and compile the catalogs
	@$(BIN)/python tools/translations.py

pictures: dev  ## pictures of every screen: full, empty, phone, dark, long names, errors (FOLDER=, ONLY="home customer")
	@$(BIN)/python tools/screenshots.py $(or $(FOLDER),pictures) $(ONLY)

docs: dev  ## write the lists of ports, events and permissions out of the code
	@$(BIN)/python tools/docs.py

ci:  ## what the continuous integration runs: servers of its own, everything on both databases
	@.ci/run

.PHONY: help env dev demo run test lint fix bench translations pictures docs ci
