.DEFAULT_GOAL := help
.PHONY: help setup build demo test quick lint fmt fuzz bench clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what building and testing needs
	scripts/setup

build: ## build bin/contado with the web page inside
	scripts/build

demo: ## make the demonstration territory and serve it
	scripts/demo

test: ## all checks and tests, as CI runs them
	scripts/test

quick: ## tests without race detector, linters and browser
	scripts/test --short

lint: ## formatting, linters, licences, vulnerabilities
	scripts/lint

fmt: ## format the Go code
	.cache/tools/gofumpt -w cmd geo tiles ingest api scripts

fuzz: ## run every fuzz target for a while (FUZZTIME=30s)
	scripts/fuzz

bench: ## measure, side by side with peers where they are installed
	scripts/bench/run

clean: ## remove what was built (not your data)
	rm -rf bin .cache api/web/dist/assets api/web/dist/index.html
